"""The clocks of a subject as people read them, and what a ledger adds up to."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Q

from soc.clocks.models import Clock, ClockEvent
from soc.clocks.reckoning import Reckoning, reckon
from soc.clocks.states import InstrumentKind

LABELS = {"acknowledge": "Acknowledge", "contain": "Contain", "report_to_cisa": "Report to CISA"}


@dataclass(frozen=True)
class ClockView:
    """One clock of a subject. `policy` marks a limit that is this program's own and not law; times are aware."""

    kind: str
    label: str
    state: str = "not_started"  # not_started | running | paused | met | late; late without stopped_at still runs
    started_at: datetime | None = None
    due_at: datetime | None = None
    stopped_at: datetime | None = None
    limit_seconds: int | None = None
    instrument: str = ""
    verified: bool = False
    policy: bool = False

    @property
    def ticks(self) -> bool:
        """Whether time counts against it now."""
        return self.state in ("running", "late") and self.stopped_at is None


def clocks_of(subjects: Iterable[str], at: datetime | None = None) -> dict[str, tuple[ClockView, ...]]:
    """The clocks of each subject, those not started included, in a fixed order. One query.

    With `at`, a running clock whose due time has passed reads late also before the sweep has written it down.
    """
    wanted = list(subjects)
    found: dict[str, dict[str, ClockView]] = {subject: {} for subject in wanted}
    if wanted:
        for clock in Clock.objects.filter(subject__in=wanted).select_related("rule__instrument"):
            found[clock.subject][clock.kind] = _view(clock, at)
    return {subject: _in_order(views) for subject, views in found.items()}


def next_due(subject: str) -> tuple[str, datetime] | None:
    """Kind and due time of the clock of a subject that is due first and still runs, late or not. One query."""
    ticking = Clock.objects.filter(subject=subject, state__in=["running", "late"], stopped_at=None, due_at__isnull=False)
    found: tuple[str, datetime] | None = ticking.order_by("due_at").values_list("kind", "due_at").first()
    return found


def promises_kept(*, start: datetime, end: datetime, at: datetime, but: Iterable[str] = ()) -> dict[str, tuple[int, int]]:
    """By kind, of the clocks in scope that started in [start, end): how many had to be kept by `at` or ended, and how many were in time.

    `but` names subjects to leave out. One query.
    """
    over = Q(stopped_at__isnull=False) | Q(due_at__lt=at)
    in_time = Q(stopped_at__isnull=False) & (Q(due_at=None) | Q(stopped_at__lte=F("due_at")))
    held = Clock.objects.filter(started_at__gte=start, started_at__lt=end).exclude(subject__in=list(but))
    rows = held.values("kind").annotate(due=Count("pk", filter=over), kept=Count("pk", filter=in_time))
    return {row["kind"]: (row["due"], row["kept"]) for row in rows}


def recomputed(clock: Clock) -> Reckoning:
    """What the ledger of a clock adds up to, from its events alone. One query. Raises LedgerBroken."""
    events = ClockEvent.objects.filter(clock=clock).order_by("id")
    return reckon(event.entry for event in events)


def clocks_out_of_step() -> list[Clock]:
    """Clocks in scope whose stored fold is not what their ledger adds up to: an empty list, or a fault. One query a clock."""
    return [clock for clock in Clock.objects.order_by("id").iterator() if recomputed(clock) != clock.reckoning]


def _view(clock: Clock, at: datetime | None) -> ClockView:
    stands = clock.reckoning
    limit = clock.due_at - clock.started_at if clock.due_at and clock.started_at else None
    return ClockView(
        kind=clock.kind,
        label=LABELS.get(clock.kind, clock.rule.label),
        state=clock.state if at is None or clock.started_at is None or not stands.runs else str(stands.state(at)),
        started_at=clock.started_at,
        due_at=clock.due_at,
        stopped_at=clock.stopped_at,
        limit_seconds=int((clock.duration or limit).total_seconds()) if limit is not None else None,
        instrument=clock.rule.instrument.name,
        verified=clock.rule.verified,
        policy=clock.rule.instrument.kind == InstrumentKind.PROGRAM_POLICY,
    )


def _in_order(views: dict[str, ClockView]) -> tuple[ClockView, ...]:
    always = [views.get(kind) or ClockView(kind=kind, label=label) for kind, label in LABELS.items()]
    others = [view for kind, view in sorted(views.items()) if kind not in LABELS]
    return (*always, *others)
