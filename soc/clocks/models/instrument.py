"""Instruments and the rules that hang on them, as effective-dated rows that are added and never edited."""

from django.db import models

from soc.clocks.models.term import Termed
from soc.clocks.states import InstrumentKind, InstrumentStanding, Knowledge
from tenants.isolation.constraints import Granted

READABLE = {"soc_tenant": "SELECT", "soc_central": "SELECT, INSERT"}


class Instrument(models.Model):
    """A text that orders or proposes something; its standing is told by its states."""

    code = models.SlugField(max_length=60, unique=True)
    name = models.TextField()
    kind = models.CharField(max_length=20, choices=InstrumentKind)

    class Meta:
        constraints = [Granted(name="instrument_granted", rights=READABLE, audited=True)]

    def __str__(self) -> str:
        return self.code


class InstrumentState(models.Model):
    """Where an instrument stands from a date on, and how we know. Of two rows with one date the later recorded holds."""

    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="states")
    standing = models.CharField(max_length=12, choices=InstrumentStanding)
    effective_from = models.DateField()
    in_force_from = models.DateField(null=True)
    in_force_until = models.DateField(null=True)
    superseded_by = models.CharField(max_length=60, default="")  # an instrument's code
    source = models.TextField()
    tag = models.CharField(max_length=1, choices=Knowledge, default=Knowledge.SECONDARY)
    verified = models.BooleanField(default=False)
    note = models.TextField(default="")
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=120)  # "facts" or the admin who changed it

    class Meta:
        indexes = [models.Index(fields=["instrument", "effective_from", "id"], name="instrument_state_date")]
        constraints = [Granted(name="instrument_state_granted", rights=READABLE, audited=True)]


class Rule(Termed):
    """A clock that an instrument asks for: trigger, term, recipient, and whether it is wired to the work yet.

    Of several rows with one code the later recorded holds; a clock keeps the row that it began with.
    """

    code = models.SlugField(max_length=60)
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="rules")
    kind = models.CharField(max_length=40)  # the clock's kind: acknowledge, contain, report_to_cisa
    label = models.TextField()
    trigger = models.TextField()
    severity = models.CharField(max_length=15, default="")  # empty: whatever the severity
    calendar = models.CharField(max_length=20, default="calendar_time")
    recipient = models.TextField(default="")
    wired = models.BooleanField(default=False)
    source = models.TextField(default="")
    tag = models.CharField(max_length=1, choices=Knowledge, default=Knowledge.SECONDARY)
    verified = models.BooleanField(default=False)
    note = models.TextField(default="")
    recorded_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["code", "id"], name="rule_code"),
            models.Index(fields=["kind", "severity", "id"], name="rule_kind"),
        ]
        constraints = [Granted(name="rule_granted", rights=READABLE, audited=True)]

    def __str__(self) -> str:
        return self.code
