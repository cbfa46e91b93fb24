"""What is law on a day: every instrument with its standing, how that is known, and the rules that hang on it."""

from dataclasses import dataclass
from datetime import date, datetime

from soc.clocks.models import Instrument, InstrumentState, Rule
from soc.clocks.states import InstrumentKind, InstrumentStanding, Knowledge
from tenants.errors import Unknown

NOT_YET = "not_yet"
LABELS = {**dict(InstrumentStanding.choices), NOT_YET: "Not yet"}
ORDER = (*(one.value for one in InstrumentStanding), NOT_YET)


@dataclass(frozen=True)
class RuleView:
    """A clock that an instrument asks for, and whether it is wired to the work."""

    code: str
    label: str
    trigger: str
    severity: str
    term: str
    seconds: float | None
    recipient: str
    wired: bool
    verified: bool
    knowledge: str
    source: str
    note: str


@dataclass(frozen=True)
class InstrumentView:
    """An instrument as it stands on the day."""

    code: str
    name: str
    kind: str
    policy: bool  # this program's own, not law
    standing: str
    standing_label: str
    since: date | None
    until: date | None
    superseded_by: str
    source: str
    verified: bool
    knowledge: str
    note: str
    rules: tuple[RuleView, ...]


@dataclass(frozen=True)
class LawPage:
    """Instruments by standing, in force first, as they are recorded for one day."""

    day: date
    groups: tuple[tuple[str, tuple[InstrumentView, ...]], ...]
    rules: int
    wired: int
    unverified: int


def law_on(day: date) -> LawPage:
    """The instruments and rules as they stand on `day`; 3 queries, whatever their number."""
    states: dict[int, InstrumentState] = {}
    for state in InstrumentState.objects.filter(effective_from__lte=day).order_by("effective_from", "id"):
        states[state.instrument_id] = state
    newest: dict[str, Rule] = {rule.code: rule for rule in Rule.objects.order_by("id")}
    hanging: dict[int, list[RuleView]] = {}
    for rule in sorted(newest.values(), key=lambda one: (one.kind, -(one.duration.total_seconds() if one.duration else 0), one.code)):
        hanging.setdefault(rule.instrument_id, []).append(_rule(rule))
    views = [_instrument(one, states.get(one.pk), tuple(hanging.get(one.pk, ())), day) for one in Instrument.objects.order_by("name")]
    groups = tuple((LABELS[standing], tuple(v for v in views if v.standing == standing)) for standing in ORDER)
    rules = [rule for view in views for rule in view.rules]
    return LawPage(
        day=day,
        groups=tuple((label, found) for label, found in groups if found),
        rules=len(rules),
        wired=sum(rule.wired for rule in rules),
        unverified=sum(not view.verified for view in views),
    )


def _instrument(one: Instrument, state: InstrumentState | None, rules: tuple[RuleView, ...], day: date) -> InstrumentView:
    standing = state.standing if state else NOT_YET
    if state and standing == InstrumentStanding.IN_FORCE and state.in_force_until and day > state.in_force_until:
        standing = InstrumentStanding.LAPSED.value
    return InstrumentView(
        code=one.code,
        name=one.name,
        kind=one.get_kind_display(),
        policy=one.kind == InstrumentKind.PROGRAM_POLICY,
        standing=standing,
        standing_label=LABELS[standing],
        since=state.in_force_from or state.effective_from if state else None,
        until=state.in_force_until if state else None,
        superseded_by=state.superseded_by if state else "",
        source=state.source if state else "",
        verified=bool(state and state.verified),
        knowledge=Knowledge(state.tag).label if state else "",
        note=state.note if state else "",
        rules=rules,
    )


def _rule(rule: Rule) -> RuleView:
    seconds = rule.duration.total_seconds() if rule.duration else None
    days = rule.business_days
    if days:
        term = f"{days} business {'day' if days == 1 else 'days'}"
    elif rule.deadline:
        term = f"by {rule.deadline:%d %b %Y}"
    else:
        term = ""
    return RuleView(
        code=rule.code,
        label=rule.label,
        trigger=rule.trigger,
        severity=rule.severity,
        term=term,
        seconds=seconds,
        recipient=rule.recipient,
        wired=rule.wired,
        verified=rule.verified,
        knowledge=Knowledge(rule.tag).label,
        source=rule.source,
        note=rule.note,
    )


@dataclass(frozen=True)
class StateView:
    """One recorded row of an instrument: where it stands from a day on, and who wrote that down when."""

    label: str
    effective_from: date
    in_force_from: date | None
    in_force_until: date | None
    superseded_by: str
    source: str
    verified: bool
    knowledge: str
    note: str
    recorded_at: datetime
    recorded_by: str


@dataclass(frozen=True)
class InstrumentPageView:
    """One instrument as it stands on a day, with every row ever recorded, and the others that may supersede it."""

    instrument: InstrumentView
    history: tuple[StateView, ...]
    others: tuple[tuple[str, str], ...]


def instrument_on(code: str, day: date) -> InstrumentPageView:
    """One instrument by its code; 4 queries. Raises Unknown."""
    views = [view for _, found in law_on(day).groups for view in found]
    one = next((view for view in views if view.code == code), None)
    if one is None:
        raise Unknown()
    rows = InstrumentState.objects.filter(instrument__code=code).order_by("-effective_from", "-id")
    history = tuple(
        StateView(
            label=row.get_standing_display(),
            effective_from=row.effective_from,
            in_force_from=row.in_force_from,
            in_force_until=row.in_force_until,
            superseded_by=row.superseded_by,
            source=row.source,
            verified=row.verified,
            knowledge=Knowledge(row.tag).label,
            note=row.note,
            recorded_at=row.recorded_at,
            recorded_by="as loaded with the product" if row.recorded_by == "facts" else row.recorded_by,
        )
        for row in rows
    )
    return InstrumentPageView(one, history, tuple(sorted((v.code, v.name) for v in views if v.code != code)))
