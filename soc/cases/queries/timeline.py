"""The timeline of a case as a page shows it: narrowed, in one of two orders, folded in its middle, with its picture."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from soc.cases.drawing import UNSEEN, Moment, Slope, slope
from soc.cases.intake.dwell import dwell_is_unknown
from soc.cases.queries.case import CaseView, LineView
from soc.cases.states import Origin

ORDERS = {"happened": "As happened", "learned": "As learned"}
ORIGINS = {
    Origin.PERSON: "People",
    Origin.AUTOMATION: "Automation",
    Origin.SENSOR: "Sensors",
    Origin.AGENCY: "Agency",
}
FOLDED = 6  # lines that stay at each end
MOST = 500  # lines on one page when all are asked for
MOST_DRAWN = 400


@dataclass(frozen=True)
class Line:
    """One line with what is reckoned from it: how long it was unseen, and whether that was long."""

    line: LineView
    after_seconds: float | None
    long_unseen: bool


@dataclass(frozen=True)
class OriginCount:
    """How many lines one origin has."""

    value: str
    label: str
    count: int


@dataclass(frozen=True)
class Timeline:
    """What a page shows: `early`, then a fold of `hidden` lines, then `late`. `next` names the line after which it goes on."""

    order: str
    origin: str
    count: int
    found: int
    origins: tuple[OriginCount, ...]
    early: tuple[Line, ...]
    hidden: int
    late: tuple[Line, ...]
    next: str
    slope: Slope | None
    today: bool  # every time shown is of today, so that days need not be said


def timeline_of(case: CaseView, *, at: datetime, order: str = "", origin: str = "", everything: bool = False, after: str = "") -> Timeline:
    """The lines of a case that was read; no query. An unknown order or origin is none; `after` (a line's id) goes on from there."""
    order = order if order in ORDERS else "happened"
    origin = origin if origin in Origin.values else ""
    told = lines_of(case)
    lines = [line for line in told if not origin or line.origin == origin]
    if order == "happened":
        # The same moment keeps the order in which it was learned.
        lines.sort(key=lambda line: (line.happened_at or line.created_at, line.created_at))
    counts = [OriginCount(key.value, label, sum(line.origin == key for line in told)) for key, label in ORIGINS.items()]
    moments = [Moment(line.happened_at, line.created_at, line.origin) for line in lines[:MOST_DRAWN]]
    start = next((i + 1 for i, line in enumerate(lines) if line.id == after), 0)
    following = ""
    late: list[LineView]
    if everything or start:
        shown = lines[start : start + MOST]
        early, hidden, late = shown, 0, []
        following = shown[-1].id if len(lines) > start + MOST else ""
    elif len(lines) <= 2 * FOLDED + 1:
        early, hidden, late = lines, 0, []
    else:
        early, hidden, late = lines[:FOLDED], len(lines) - 2 * FOLDED, lines[-FOLDED:]
    days = {time.astimezone(UTC).date() for line in (*early, *late) for time in (line.happened_at, line.created_at) if time}
    return Timeline(
        order=order,
        origin=origin,
        count=len(told),
        found=len(lines),
        origins=tuple(one for one in counts if one.count),
        early=tuple(_line(line) for line in early),
        hidden=hidden,
        late=tuple(_line(line) for line in late),
        next=following,
        slope=slope(moments),
        today=days <= {at.astimezone(UTC).date()},
    )


def lines_of(case: CaseView) -> tuple[LineView, ...]:
    """The timeline with each note in its full length; a note whose own line the reader does not see stands in its place."""
    notes = {note.created_at: note for note in case.notes}
    lines = []
    for line in case.timeline:
        note = notes.get(line.created_at)
        if note is not None and note.text.startswith(line.text):
            del notes[line.created_at]
            line = replace(line, text=note.text, released=line.released or note.released)
        lines.append(line)
    for note in notes.values():
        origin = Origin.AGENCY if note.from_agency else Origin.PERSON
        lines.append(LineView(note.ref, note.id, note.released, note.created_at, note.created_at, origin, note.author, note.text, ""))
    return tuple(sorted(lines, key=lambda line: line.created_at))


def changes_since(case: CaseView, read_at: datetime, most: int = 5) -> tuple[LineView, ...]:
    """What others wrote onto the case after `read_at`, the latest last."""
    return tuple(line for line in case.timeline if line.created_at > read_at)[-most:]


def _line(line: LineView) -> Line:
    if line.happened_at is None:
        return Line(line, None, False)
    gap = line.created_at - line.happened_at
    seconds = gap.total_seconds()
    too_long = dwell_is_unknown(line.happened_at, line.created_at)  # a date that cannot be, rather than time unseen
    return Line(line, seconds if seconds >= 60 else None, gap >= UNSEEN and line.origin == Origin.SENSOR and not too_long)
