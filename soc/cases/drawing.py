"""The slope picture of a timeline: a line from when each thing happened to when we learned of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

LEFT, RIGHT = 77.0, 814.0  # of the two rails, in the drawing's own units
HAPPENED, LEARNED = 28, 68  # their heights
UNSEEN = timedelta(minutes=30)  # from here on a gap is drawn as time unseen
SHORTEST = timedelta(minutes=10)  # of the span that is drawn
MOST_TICKS = 6
STEPS = [timedelta(minutes=m) for m in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080, 43200, 129600, 525600)]


@dataclass(frozen=True)
class Moment:
    """One line of the timeline: when it happened (None: not known), when we learned of it, and who saw it."""

    happened_at: datetime | None
    learned_at: datetime
    origin: str


@dataclass(frozen=True)
class Tick:
    """One mark of the time's axis; `day` says that only its day is worth writing."""

    x: float
    at: datetime
    day: bool


@dataclass(frozen=True)
class Slope:
    """Paths of the drawing. `unseen_seconds` is the time from the first thing seen by sensors to our learning of it."""

    ticks: tuple[Tick, ...]
    grid: str
    unseen: str
    seen: str
    before: str
    before_at: datetime | None
    before_x: float
    brace: str
    brace_x: float
    unseen_seconds: float | None
    marks: tuple[tuple[str, str], ...]  # origin, path


def slope(moments: Iterable[Moment]) -> Slope | None:
    """The picture of these moments, or None when there is nothing to compare: fewer than two, or no time known."""
    all_of_them = sorted(moments, key=lambda m: m.learned_at)
    if len(all_of_them) < 2:
        return None
    first, last = all_of_them[0].learned_at, all_of_them[-1].learned_at
    # What happened long before would press everything else together: it is drawn as coming from before.
    reach = max(3 * (last - first), timedelta(hours=2))
    within = [m.happened_at for m in all_of_them if m.happened_at is not None and m.happened_at >= first - reach]
    start = min([first, *within])
    end = max([last, *within, start + SHORTEST])
    if not any(m.happened_at for m in all_of_them):
        return None
    far = any(m.happened_at is not None and m.happened_at < first - reach for m in all_of_them)
    span = end - start
    start, end = start - span * (0.22 if far else 0.06), end + span * 0.06

    def x(at: datetime) -> float:
        return round(LEFT + (RIGHT - LEFT) * ((at - start) / (end - start)), 1)

    unseen: list[str] = []
    seen: list[str] = []
    before: list[str] = []
    shapes: dict[str, dict[str, None]] = {}
    long_ago: list[datetime] = []
    for moment in all_of_them:
        to = x(moment.learned_at)
        shapes.setdefault(moment.origin, {})[_shape(moment.origin, to, LEARNED)] = None
        if moment.happened_at is None:
            continue
        if moment.happened_at < start:
            before.append(f"M{max(LEFT, to - 46):g} {LEARNED - 18}L{to:g} {LEARNED}")
            long_ago.append(moment.happened_at)
            continue
        since = x(moment.happened_at)
        shapes[moment.origin][_shape(moment.origin, since, HAPPENED)] = None
        line = f"M{since:g} {HAPPENED}L{to:g} {LEARNED}"
        (unseen if moment.learned_at - moment.happened_at >= UNSEEN else seen).append(line)
    gap = _gap(all_of_them, start)
    ticks = _ticks(start, end, x)
    return Slope(
        ticks=ticks,
        grid="".join(f"M{tick.x:g} {HAPPENED}v{LEARNED - HAPPENED + 4}" for tick in ticks),
        unseen="".join(dict.fromkeys(unseen)),
        seen="".join(dict.fromkeys(seen)),
        before="".join(dict.fromkeys(before)),
        before_at=min(long_ago) if long_ago else None,
        before_x=LEFT + 4,
        brace=f"M{x(gap[0]):g} 17v-6H{x(gap[1]):g}v6" if gap else "",
        brace_x=round((x(gap[0]) + x(gap[1])) / 2, 1) if gap else 0,
        unseen_seconds=(gap[1] - gap[0]).total_seconds() if gap else None,
        marks=tuple((origin, "".join(found)) for origin, found in sorted(shapes.items())),
    )


def _gap(moments: list[Moment], start: datetime) -> tuple[datetime, datetime] | None:
    """From the first thing that sensors saw to when we first learned of one, where that is time unseen."""
    seen = [m for m in moments if m.origin == "sensor" and m.happened_at is not None and m.happened_at >= start]
    if not seen:
        return None
    began = min(m.happened_at for m in seen if m.happened_at is not None)
    learned = min(m.learned_at for m in seen)
    return (began, learned) if learned - began >= UNSEEN else None


def _shape(origin: str, x: float, y: int) -> str:
    """A circle for a sensor, a square for automation, a triangle for the agency, a diamond for a person."""
    if origin == "sensor":
        return f"M{x - 4:g} {y}a4 4 0 1 0 8 0a4 4 0 1 0-8 0"
    if origin == "automation":
        return f"M{x - 4:g} {y - 4}h8v8h-8z"
    if origin == "agency":
        return f"M{x:g} {y - 5}l5 9h-10z"
    return f"M{x:g} {y - 5}l5 5-5 5-5-5z"


def _ticks(start: datetime, end: datetime, x: Callable[[datetime], float]) -> tuple[Tick, ...]:
    span = end - start
    step = next((one for one in STEPS if span / one <= MOST_TICKS), STEPS[-1])
    day = step >= timedelta(days=1)
    base = datetime(2000, 1, 1, tzinfo=UTC)
    at = base + ((start - base) // step + 1) * step
    found = []
    while at < end:
        if LEFT + 16 <= x(at) <= RIGHT - 16:
            found.append(Tick(x(at), at, day))
        at += step
    return tuple(found)
