"""Case: the unit of work, numbered per agency and year."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Right

from soc.cases.states import CaseState, Disposition, IncidentKind, Severity, Tlp
from tenants.isolation.constraints import Wall
from tenants.isolation.owned import Owned


class TitleWords(models.Func):
    """The words of a title, punctuation apart: `BRT-WS-2291` is three of them, so that each can be searched."""

    template = "to_tsvector('simple'::regconfig, regexp_replace(%(expressions)s, '[[:punct:]]+', ' ', 'g'))"
    output_field = SearchVectorField()


class CaseNumberSeries(Owned):
    """The counter of one agency and year; a restricted case takes its number from another series, so that no gap tells of it."""

    year = models.PositiveSmallIntegerField()
    restricted = models.BooleanField(default=False)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agency", "year", "restricted"], name="series_once"),
            Wall(name="series_wall", rights="SELECT, INSERT, UPDATE", audited=False),
        ]


class Case(Owned):
    """One case. Every edit names the version that was seen."""

    number = models.CharField(max_length=60)  # DOI-2026-000123; restricted: DOI-2026-R00004
    title = models.TextField()
    summary = models.TextField(default="")
    state = models.CharField(max_length=15, choices=CaseState, default=CaseState.NEW)
    state_before_closing = models.CharField(max_length=15, default="")
    severity = models.CharField(max_length=15, choices=Severity)
    severity_rank = models.PositiveSmallIntegerField()
    tlp = models.CharField(max_length=20, choices=Tlp, default=Tlp.AMBER)
    owner = models.ForeignKey("tenants.Person", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    restricted = models.BooleanField(default=False)  # need to know: 404 for liaisons
    by_hand = models.BooleanField(default=False)
    rule = models.CharField(max_length=512, default="")
    rule_name = models.TextField(default="")
    entity_kind = models.CharField(max_length=12, default="")
    entity = models.TextField(default="")
    fingerprint = models.CharField(max_length=64, default="")
    gathering = models.BooleanField(default=False)  # takes further alerts of its fingerprint
    alert_count = models.PositiveIntegerField(default=0)
    last_alert_at = models.DateTimeField(null=True)
    happened_at = models.DateTimeField(null=True)
    dwell_unknown = models.BooleanField(default=True)
    opened_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    contained_at = models.DateTimeField(null=True)
    recovered_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    disposition = models.CharField(max_length=25, choices=Disposition, default="")
    closing_reason = models.TextField(default="")
    incident = models.CharField(max_length=15, choices=IncidentKind, default="", blank=True)
    declared_at = models.DateTimeField(null=True)
    next_due_at = models.DateTimeField(null=True)  # of the running clock that ends first: the queue's order
    next_due_kind = models.CharField(max_length=30, default="")
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["agency", "-opened_at", "-id"], name="case_agency_opened"),
            models.Index(fields=["-opened_at", "-id"], name="case_opened"),
            models.Index(fields=["next_due_at", "id"], condition=~models.Q(state="closed"), name="case_queue"),
            models.Index(fields=["owner", "-opened_at"], condition=~models.Q(state="closed"), name="case_owner_open"),
            models.Index(fields=["-closed_at", "-id"], condition=models.Q(state="closed"), name="case_closed"),
            models.Index(fields=["agency", "id"], condition=models.Q(restricted=True), name="case_restricted"),
            models.Index(fields=["number"], name="case_number"),
            models.Index(Right("number", 6), name="case_number_tail"),
            GinIndex(TitleWords("title"), name="case_title_words"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["agency", "number"], name="case_number_once"),
            models.UniqueConstraint(fields=["agency", "fingerprint"], condition=models.Q(gathering=True), name="case_gathers_once"),
            # The last one, so that checks of foreign keys take it (see Receipt).
            models.UniqueConstraint(fields=["agency", "id"], name="case_agency_id"),
            Wall(name="case_wall"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def subject(self) -> str:
        """How the journal, clocks and playbooks name this case."""
        return f"case:{self.pk}"
