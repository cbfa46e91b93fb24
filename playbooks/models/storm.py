"""Storm: the run that stands for the same trigger on the same entity for a while; Covered: a subject that it stands for beside its own."""

from django.db import models

from playbooks.models.book import TriggerRule, Version
from playbooks.models.run import Run
from tenants.isolation.constraints import CompositeForeignKey, Wall
from tenants.isolation.owned import Owned


class Storm(Owned):
    """One row for each key, and whoever starts a run for it holds the row: two workers cannot start two."""

    key = models.CharField(max_length=64)  # SHA-256 of trigger, version and entity
    run = models.ForeignKey(Run, null=True, on_delete=models.PROTECT, db_constraint=False, related_name="+")
    until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agency", "key"], name="storm_once"),
            CompositeForeignKey(field="run", to="playbooks.Run", name="storm_run_fk"),
            Wall(name="storm_wall"),
        ]


class Covered(Owned):
    """A subject whose trigger fitted, and for which the run of another subject stands."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, db_constraint=False, related_name="covered")
    trigger = models.ForeignKey(TriggerRule, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+")
    subject = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["agency", "run"], name="covered_run")]
        constraints = [
            models.UniqueConstraint(fields=["agency", "subject", "trigger", "version"], name="covered_once"),
            CompositeForeignKey(field="run", to="playbooks.Run", name="covered_run_fk"),
            Wall(name="covered_wall", rights="SELECT, INSERT"),
        ]
