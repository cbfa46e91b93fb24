"""What hangs on a case: notes, observables, techniques, tasks and the timeline, each internal until released."""

import uuid

from django.contrib.postgres.indexes import HashIndex
from django.db import models
from django.db.models.functions import Lower

from soc.cases.states import ObservableKind, Origin
from tenants.isolation.constraints import CompositeForeignKey, Wall
from tenants.isolation.owned import Owned
from tenants.states import Visibility


class CaseRow(Owned):
    """A row of a case; `ref` (`note:<public_id>`) names it outside."""

    public_id = models.UUIDField(default=uuid.uuid4)
    visibility = models.CharField(max_length=10, choices=Visibility, default=Visibility.INTERNAL)
    released_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        abstract = True

    @property
    def ref(self) -> str:
        return f"{self._meta.model_name}:{self.public_id}"


class Note(CaseRow):
    """A note on a case. Never edited: a correction is another note."""

    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT, db_constraint=False, related_name="notes")
    text = models.TextField()
    author = models.ForeignKey("tenants.Person", null=True, on_delete=models.PROTECT, related_name="+")
    author_label = models.CharField(max_length=120)
    from_agency = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["agency", "case", "created_at"], name="note_case")]
        constraints = [
            models.UniqueConstraint(fields=["agency", "public_id"], name="note_public"),
            CompositeForeignKey(field="case", to="cases.Case", name="note_case_fk"),
            Wall(name="note_wall"),
        ]


class Observable(CaseRow):
    """A normalised value seen in a case."""

    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT, db_constraint=False, related_name="observables")
    kind = models.CharField(max_length=12, choices=ObservableKind)
    value = models.TextField()
    algorithm = models.CharField(max_length=20, default="")  # of a hash
    seen = models.PositiveIntegerField(default=1)

    class Meta:
        indexes = [
            models.Index(fields=["agency", "kind", "value"], name="observable_value"),
            HashIndex(Lower("value"), name="observable_value_lower"),  # search, over all agencies too; accounts in any case
        ]
        constraints = [
            models.UniqueConstraint(fields=["agency", "case", "kind", "value"], name="observable_once"),
            models.UniqueConstraint(fields=["agency", "public_id"], name="observable_public"),
            CompositeForeignKey(field="case", to="cases.Case", name="observable_case_fk"),
            Wall(name="observable_wall"),
        ]


class Technique(CaseRow):
    """An ATT&CK technique seen in a case."""

    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT, db_constraint=False, related_name="techniques")
    technique = models.CharField(max_length=12)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agency", "case", "technique"], name="technique_once"),
            models.UniqueConstraint(fields=["agency", "public_id"], name="technique_public"),
            CompositeForeignKey(field="case", to="cases.Case", name="technique_case_fk"),
            Wall(name="technique_wall"),
        ]


class Task(CaseRow):
    """Something to be done about a case."""

    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT, db_constraint=False, related_name="tasks")
    title = models.TextField()
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.CharField(max_length=120, default="")
    added_by = models.CharField(max_length=120)

    class Meta:
        indexes = [models.Index(fields=["agency", "case", "created_at"], name="task_case")]
        constraints = [
            models.UniqueConstraint(fields=["agency", "public_id"], name="task_public"),
            CompositeForeignKey(field="case", to="cases.Case", name="task_case_fk"),
            Wall(name="task_wall"),
        ]


class TimelineEntry(CaseRow):
    """One line of the two-clock timeline: when it happened, and (`created_at`) when we learned of it."""

    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT, db_constraint=False, related_name="timeline")
    happened_at = models.DateTimeField(null=True)
    origin = models.CharField(max_length=12, choices=Origin)
    actor_label = models.CharField(max_length=120, default="")
    text = models.TextField()
    technique = models.CharField(max_length=12, default="")
    entry_id = models.BigIntegerField(null=True)  # position in the journal, where it has one

    class Meta:
        indexes = [models.Index(fields=["agency", "case", "created_at", "id"], name="timeline_case")]
        constraints = [
            models.UniqueConstraint(fields=["agency", "public_id"], name="timeline_public"),
            CompositeForeignKey(field="case", to="cases.Case", name="timeline_case_fk"),
            Wall(name="timeline_wall"),
        ]
