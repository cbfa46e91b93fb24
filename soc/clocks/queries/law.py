"""What is law on a day: each instrument with its standing then, its source, and the rules that hang on it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from soc.clocks.models import Instrument, InstrumentState, Rule
from soc.clocks.states import InstrumentKind, InstrumentStanding, Knowledge


@dataclass(frozen=True)
class RuleView:
    """One clock that an instrument asks for. Not wired: it starts nothing yet, and the page says so."""

    code: str
    label: str
    trigger: str
    severity: str
    calendar: str  # calendar_time | business_days | fixed | unstated
    duration: timedelta | None
    business_days: int | None
    deadline: datetime | None
    may_pause: bool
    recipient: str
    wired: bool
    source: str
    knowledge: str
    verified: bool
    note: str


@dataclass(frozen=True)
class InstrumentView:
    """One instrument as it stands on a day."""

    code: str
    name: str
    kind: str
    kind_label: str
    standing: str
    standing_label: str
    since: date  # from when it stands so
    in_force_from: date | None
    in_force_until: date | None
    superseded_by: str  # the code of another instrument
    superseded_by_name: str
    source: str
    knowledge: str  # how we know, in words
    verified: bool
    note: str
    recorded_at: datetime
    recorded_by: str
    rules: tuple[RuleView, ...]

    @property
    def policy(self) -> bool:
        """Whether it is this program's own policy and not law."""
        return self.kind == InstrumentKind.PROGRAM_POLICY


@dataclass(frozen=True)
class LawPage:
    """What is law on a day, by standing: in force first."""

    day: date
    groups: tuple[tuple[str, tuple[InstrumentView, ...]], ...]  # (label of the standing, instruments)
    wired: int
    rules: int
    verified: int
    instruments: int


@dataclass(frozen=True)
class InstrumentPage:
    """One instrument as it stands on a day, with every state that was ever recorded, newest first."""

    now: InstrumentView | None
    history: tuple[InstrumentView, ...]


def law_on(day: date) -> LawPage:
    """Every instrument known on a day, by standing and name. 2 queries."""
    states = InstrumentState.objects.filter(effective_from__lte=day).select_related("instrument").order_by("effective_from", "id")
    latest = {state.instrument_id: state for state in states}
    names = {state.instrument.code: state.instrument.name for state in latest.values()}
    rules = _rules()
    views = [_instrument(state, day, names, rules.get(pk, ())) for pk, state in latest.items()]
    views.sort(key=lambda view: (view.kind, view.name))
    groups = [(standing.label, tuple(v for v in views if v.standing == standing)) for standing in InstrumentStanding]
    told = [rule for view in views for rule in view.rules]
    return LawPage(
        day=day,
        groups=tuple((label, held) for label, held in groups if held),
        wired=sum(rule.wired for rule in told),
        rules=len(told),
        verified=sum(view.verified for view in views),
        instruments=len(views),
    )


def instrument_page(code: str, day: date) -> InstrumentPage | None:
    """One instrument and its history, or None when there is none of that code. 4 queries."""
    instrument = Instrument.objects.filter(code=code).first()
    if instrument is None:
        return None
    names = dict(Instrument.objects.values_list("code", "name"))
    rules = _rules(instrument).get(instrument.pk, ())
    states = list(InstrumentState.objects.filter(instrument=instrument).select_related("instrument").order_by("effective_from", "id"))
    holds = [state for state in states if state.effective_from <= day]
    now = _instrument(holds[-1], day, names, rules) if holds else None
    return InstrumentPage(now, tuple(_instrument(state, state.effective_from, names, ()) for state in reversed(states)))


def _rules(instrument: Instrument | None = None) -> dict[int, tuple[RuleView, ...]]:
    found = Rule.objects.order_by("id") if instrument is None else Rule.objects.filter(instrument=instrument).order_by("id")
    latest = {rule.code: rule for rule in found}
    held: dict[int, list[RuleView]] = {}
    for rule in latest.values():
        held.setdefault(rule.instrument_id, []).append(_rule(rule))
    return {pk: tuple(rules) for pk, rules in held.items()}


def _rule(rule: Rule) -> RuleView:
    return RuleView(
        code=rule.code,
        label=rule.label,
        trigger=rule.trigger,
        severity=rule.severity,
        calendar=rule.calendar,
        duration=rule.duration,
        business_days=rule.business_days,
        deadline=rule.deadline,
        may_pause=rule.may_pause,
        recipient=rule.recipient,
        wired=rule.wired,
        source=rule.source,
        knowledge=Knowledge(rule.tag).label,
        verified=rule.verified,
        note=rule.note,
    )


def _instrument(state: InstrumentState, day: date, names: dict[str, str], rules: Iterable[RuleView]) -> InstrumentView:
    standing = InstrumentStanding(state.standing)
    if standing is InstrumentStanding.IN_FORCE and state.in_force_until is not None and day > state.in_force_until:
        standing = InstrumentStanding.LAPSED
    return InstrumentView(
        code=state.instrument.code,
        name=state.instrument.name,
        kind=state.instrument.kind,
        kind_label=InstrumentKind(state.instrument.kind).label,
        standing=standing.value,
        standing_label=standing.label,
        since=state.effective_from,
        in_force_from=state.in_force_from,
        in_force_until=state.in_force_until,
        superseded_by=state.superseded_by,
        superseded_by_name=names.get(state.superseded_by, state.superseded_by),
        source=state.source,
        knowledge=Knowledge(state.tag).label,
        verified=state.verified,
        note=state.note,
        recorded_at=state.recorded_at,
        recorded_by="the facts that ship with Watchfloor" if state.recorded_by == "facts" else state.recorded_by,
        rules=tuple(rules),
    )
