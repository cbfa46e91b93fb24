"""The plan of the simulated floor: which cases there were in a week, who did what about them and when. The same for a seed."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from soc.demo.people import AGENCIES, WORKERS, DemoAgency, agency_named, liaison_of
from soc.demo.signals import RANSOM, Signal, alert_of, entity_of, some_signal
from soc.demo.stories import acts_of, words_for
from soc.demo.weather import arrivals

DAYS = 7
CLOSED = 110
# What programme policy gives from the opening of a case: acknowledge, contain.
LIMITS = {
    "critical": (timedelta(minutes=15), timedelta(hours=1)),
    "high": (timedelta(minutes=30), timedelta(hours=4)),
    "medium": (timedelta(hours=2), timedelta(hours=24)),
    "low": (timedelta(hours=8), timedelta(hours=72)),
    "informational": (timedelta(hours=24), timedelta(days=7)),
}
# Open now: severity, stage, minutes until the next clock is due (negative: late). The queue shows all its groups.
OPEN_NOW: tuple[tuple[str, str, float], ...] = (
    ("critical", "investigating", -6), ("high", "new", -3), ("high", "new", 4.5), ("high", "new", 7), ("high", "investigating", 9),
    ("critical", "investigating", 11), ("high", "investigating", 14), ("high", "triage", 13),
    ("medium", "triage", -72), ("medium", "triage", -41), ("low", "investigating", -38), ("medium", "new", -12),
    ("high", "investigating", 18), ("high", "triage", 22), ("medium", "new", 26), ("medium", "triage", 31), ("medium", "investigating", 44),
    ("high", "new", 26), ("high", "triage", 95), ("high", "investigating", 120), ("high", "contained", 0), ("high", "recovered", 0),
    ("critical", "contained", 0), ("medium", "new", 66), ("medium", "new", 84), ("medium", "new", 101), ("medium", "new", 112),
    ("medium", "triage", 240), ("medium", "triage", 410), ("medium", "triage", 600), ("medium", "investigating", 300),
    ("medium", "investigating", 720), ("medium", "investigating", 900), ("medium", "contained", 0), ("medium", "recovered", 0),
    ("medium", "investigating", 1100), ("low", "new", 200), ("low", "new", 330), ("low", "new", 440), ("low", "triage", 1500),
    ("low", "triage", 2400), ("low", "investigating", 3000), ("low", "investigating", 1900), ("low", "contained", 0),
    ("informational", "new", 1000), ("low", "recovered", 0),
)  # fmt: skip


@dataclass(frozen=True)
class Act:
    """One thing done about a case. `who` is a person's key, "watch" for whoever the owner is, or "agency" for its liaison."""

    at: datetime
    verb: str
    who: str = ""
    args: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PlannedCase:
    """One case: the alerts that make it (none: somebody called), and what is done about it, in order of time."""

    key: str
    agency: str
    severity: str
    signal: Signal
    entity: str
    alerts: tuple[tuple[datetime, dict[str, Any]], ...]
    acts: tuple[Act, ...]
    opened_at: datetime

    @property
    def by_hand(self) -> bool:
        return not self.alerts


@dataclass(frozen=True)
class Plan:
    """The week, and the moment at which it ends."""

    seed: int
    now: datetime
    cases: tuple[PlannedCase, ...]

    def of(self, slug: str) -> tuple[PlannedCase, ...]:
        """One agency's cases, in order of opening."""
        return tuple(sorted((c for c in self.cases if c.agency == slug), key=lambda c: c.opened_at))


class _Pen:
    """Draws from one generator and never lets two cases of an agency share rule and entity: they would be one."""

    def __init__(self, seed: int, now: datetime) -> None:
        self.rng = random.Random(seed)  # noqa: S311
        self.now, self.count = now, 0
        self.taken: set[tuple[str, str, str]] = set()

    def key(self) -> str:
        self.count += 1
        return f"case-{self.count:04d}"

    def agency(self, among: Sequence[DemoAgency] = AGENCIES) -> DemoAgency:
        return self.rng.choices(among, [a.weight for a in among])[0]

    def entity(self, signal: Signal, agency: DemoAgency) -> str:
        while True:
            found = entity_of(signal, agency, self.rng)
            if (agency.slug, signal.rule, found) not in self.taken:
                self.taken.add((agency.slug, signal.rule, found))
                return found
            if signal.about == "resource":
                found = f"{found}-{self.count}"
                self.taken.add((agency.slug, signal.rule, found))
                return found

    def minutes(self, mean: float, spread: float = 0.6) -> timedelta:
        return timedelta(minutes=mean * self.rng.lognormvariate(-spread * spread / 2, spread))

    def alerts(self, signal: Signal, agency: DemoAgency, entity: str, at: datetime, most: int, until: datetime) -> tuple[Any, ...]:
        """The first alert at `at`, and up to `most` more of the same that join, none after `until`."""
        unseen = self.minutes(28, 1.0)
        times = [at]
        for _ in range(self.rng.choice((0, 0, 0, 1, 1, most)) if most else 0):
            times.append(times[-1] + self.minutes(9))
        return tuple((t, alert_of(signal, agency, entity, t, unseen, self.rng)) for t in times if t < until)


def plan(seed: int, now: datetime, *, closed: int = CLOSED, open_now: Sequence[tuple[str, str, float]] = OPEN_NOW) -> Plan:
    """The week that ends at `now` (aware, UTC): closed cases of all phases, one ransomware day, and what is open now."""
    pen = _Pen(seed, now)
    cases = [*_closed(pen, closed), *_ransomware_day(pen), *_open_now(pen, open_now)]
    return Plan(seed, now, tuple(cases))


def _closed(pen: _Pen, count: int) -> Iterable[PlannedCase]:
    since, until = pen.now - timedelta(days=DAYS), pen.now - timedelta(hours=5)
    for at in arrivals(pen.rng, since=since, until=until, count=count):
        agency, signal = pen.agency(), some_signal(pen.rng)
        yield _case(pen, agency, signal, at, by_hand=pen.rng.random() < 0.04)


def _ransomware_day(pen: _Pen) -> Iterable[PlannedCase]:
    """Three days ago, one agency: a share is encrypted, host after host, within two hours."""
    agency = agency_named("dtw")
    begin = (pen.now - timedelta(days=3)).replace(hour=15, minute=12, second=0, microsecond=0)
    for n in range(8):
        at = begin + timedelta(minutes=11 * n + pen.rng.uniform(0, 5))
        case = _case(pen, agency, RANSOM, at, most=4)
        if n == 0:
            first = {"kind": "incident", "reason": "Files are being encrypted on a share."}
            second = {"kind": "major_incident", "reason": "Eight hosts in ninety minutes, two services are down."}
            heard = {"text": "The duty officer is on the line, the backup network is unplugged.", "visibility": "released"}
            declared = [
                Act(at + timedelta(minutes=9), "declare", "watch", first),
                Act(at + timedelta(minutes=52), "declare", "watch", second),
                Act(at + timedelta(minutes=58), "note", "agency", heard),
            ]
            case = replace(case, acts=tuple(sorted([*case.acts, *_before(declared, case.acts)], key=lambda a: a.at)))
        yield case


def _before(acts: list[Act], others: Sequence[Act]) -> list[Act]:
    """Acts that a closed case no longer takes are moved before its closing."""
    closing = next((a.at for a in others if a.verb == "close"), None)
    claimed = next((a.at for a in others if a.verb == "claim"), None)
    moved = []
    for n, act in enumerate(acts):
        at = act.at
        if claimed is not None and at <= claimed:
            at = claimed + timedelta(seconds=40 + n)
        if closing is not None and at >= closing:
            at = closing - timedelta(seconds=40 - n)
        moved.append(replace(act, at=at))
    return moved


def _open_now(pen: _Pen, wanted: Sequence[tuple[str, str, float]]) -> Iterable[PlannedCase]:
    for severity, stage, left in wanted:
        acknowledge, contain = LIMITS[severity]
        limit = acknowledge if stage == "new" else contain
        if stage in ("contained", "recovered"):
            at = pen.now - limit * pen.rng.uniform(0.3, 0.9)
        else:
            at = pen.now + timedelta(minutes=left) - limit
        signal = some_signal(pen.rng, "low" if severity == "informational" else severity)
        yield _case(pen, pen.agency(), replace(signal, severity=severity), at, stage=stage)


def _case(
    pen: _Pen, agency: DemoAgency, signal: Signal, at: datetime, *, stage: str = "closed", by_hand: bool = False, most: int = 3
) -> PlannedCase:
    entity = pen.entity(signal, agency)
    acknowledge, contain = LIMITS[signal.severity]
    acts = acts_of(
        pen.rng,
        agency=agency,
        signal=signal,
        entity=entity,
        at=at,
        now=pen.now,
        stage=stage,
        acknowledge=acknowledge,
        contain=contain,
        worker=pen.rng.choice(WORKERS),
        liaison=liaison_of(agency.slug).key,
    )
    planned = tuple(sorted((Act(a_at, verb, who, args) for a_at, verb, who, args in acts), key=lambda a: a.at))
    until = next((a.at for a in planned if a.verb in ("close", "suppress")), pen.now)
    alerts = () if by_hand else pen.alerts(signal, agency, entity, at, most, min(until, pen.now))
    if by_hand:
        planned = (
            Act(at, "open", "watch", {"title": signal.title, "severity": signal.severity, "reason": words_for(pen.rng, "call")}),
            *planned,
        )
    return PlannedCase(pen.key(), agency.slug, signal.severity, signal, entity, alerts, planned, at)
