"""Clock: the stored fold of a ledger of events about one subject and kind."""

from datetime import UTC, datetime, timedelta

from django.db import models

from soc.clocks.models.term import Termed
from soc.clocks.reckoning import ClockState, Entry, EntryKind, Reckoning
from tenants.isolation.constraints import CompositeForeignKey, Wall
from tenants.isolation.owned import Owned

FOLDED = ("started_at", "due_at", "paused_at", "stopped_at", "breached_at", "stopped_by_closing", "paused_for")
LONG_AFTER = datetime.max.replace(tzinfo=UTC)


class Clock(Owned, Termed):
    """One clock of a subject (`case:42`), of which it knows nothing more. Every field after `rule` is folded from its events."""

    subject = models.CharField(max_length=80)
    kind = models.CharField(max_length=40)
    rule = models.ForeignKey("clocks.Rule", on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=12, default="not_started")
    severity = models.CharField(max_length=15, default="")  # the highest that it counts at
    started_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    breached_at = models.DateTimeField(null=True)
    stopped_by_closing = models.BooleanField(default=False)
    paused_for = models.DurationField(default=timedelta)

    class Meta:
        indexes = [
            models.Index(fields=["agency", "due_at"], condition=models.Q(state="running"), name="clock_due"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["agency", "id"], name="clock_agency_id"),
            models.UniqueConstraint(fields=["agency", "subject", "kind"], name="clock_once"),
            Wall(name="clock_wall"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.subject}"

    @property
    def reckoning(self) -> Reckoning:
        """The fold as it is stored."""
        return Reckoning(term=self.term, **{name: getattr(self, name) for name in FOLDED})

    @reckoning.setter
    def reckoning(self, stands: Reckoning) -> None:
        self.term = stands.term
        for name in FOLDED:
            setattr(self, name, getattr(stands, name))
        # What is late is late once the breach is written, whatever the time of reading.
        if stands.runs:
            self.state = str(ClockState.RUNNING if stands.breached_at is None else ClockState.LATE)
        else:
            self.state = str(stands.state(LONG_AFTER))


class ClockEvent(Owned, Termed):
    """One line of a clock's ledger, append-only, in order of id. The term belongs to `started` and `tightened`."""

    clock = models.ForeignKey(Clock, on_delete=models.PROTECT, db_constraint=False, related_name="events")
    kind = models.CharField(max_length=12)  # an EntryKind
    at = models.DateTimeField()
    severity = models.CharField(max_length=15, default="")
    reason = models.TextField(default="")  # why it pauses; the evidence of a stop
    actor = models.CharField(max_length=120)
    actor_label = models.CharField(max_length=120, default="")

    class Meta:
        indexes = [models.Index(fields=["agency", "clock", "id"], name="clock_event_order")]
        constraints = [
            models.UniqueConstraint(fields=["agency", "clock"], condition=models.Q(kind="breached"), name="clock_breached_once"),
            CompositeForeignKey(field="clock", to="clocks.Clock", name="clock_event_clock_fk"),
            Wall(name="clock_event_wall", rights="SELECT, INSERT", audited=False),
        ]

    @property
    def entry(self) -> Entry:
        """This line as the reckoning reads it."""
        return Entry(EntryKind(self.kind), self.at, self.term, self.reason)
