"""The graph of a book or of a run, ready to be drawn: boxes with their words, and the lines between them."""

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import wrap

from playbooks.drawing import MARGIN, Drawing

LETTERS, LINES = 16, 2  # what fits into a box beside its mark
RING = 4  # how far the ring of the chosen step stands off, in pixels

# How the state of a step is drawn.
DRAWN = {
    "done": "done",
    "running": "running",
    "waits_vote": "waits",
    "waits_person": "waits",
    "unknown": "waits",
    "waits_timer": "timer",
    "skipped": "skipped",
    "not_taken": "skipped",
    "failed": "failed",
    "not_started": "not_started",
}
SHORT = {"Result not known, waits for an answer": "not known", "Waits for an answer": "waits for answer"}


@dataclass(frozen=True)
class Mark:
    """One step in the picture: where it stands, its lines of words, and how it is drawn."""

    id: str
    state: str
    current: bool
    x: int
    y: int
    width: int
    height: int
    lines: tuple[tuple[int, str], ...]  # each with its baseline
    second: str
    second_y: int
    name: str
    said: str
    seconds: float = 0.0  # that a done step took
    rounds: int = 0  # how often the run came here

    @property
    def ring(self) -> tuple[int, int, int, int]:
        """The ring around it: x, y, width, height."""
        return (self.x - RING, self.y - RING, self.width + 2 * RING, self.height + 2 * RING)

    @property
    def icon(self) -> tuple[int, int]:
        """The upper left corner of its mark."""
        return (self.x + 10, self.y + 11)

    @property
    def rounds_at(self) -> tuple[int, int, int, int]:
        """The badge with the number of rounds on its upper right corner: its corner, then the middle of its words."""
        x, y = self.x + self.width - 24, self.y - 9
        return (x, y, x + 15, y + 13)

    @property
    def words_x(self) -> int:
        """Where its words begin."""
        return self.x + 34


@dataclass(frozen=True)
class Line:
    """One line between two steps; `ahead` when nothing went along it."""

    path: str
    ahead: bool


@dataclass(frozen=True)
class Picture:
    """A picture and its size in pixels, with room for the ring."""

    width: int
    height: int
    marks: tuple[Mark, ...]
    lines: tuple[Line, ...]


def picture(
    drawing: Drawing, states: Mapping[str, tuple[str, str, str]], current: str, more: Mapping[str, tuple[float, int]] | None = None
) -> Picture:
    """The drawing with each step's state, name and what is said of it; steps without a state (ends not reached) are left out.

    `more` tells of a run how many seconds each done step took, and how often the run came to it.
    """
    boxes = {box.id: box for box in drawing.boxes if box.id in states}
    marks = []
    for box in boxes.values():
        state, name, said = states[box.id]
        words = wrap(name, LETTERS) or [name]
        if len(words) > LINES:
            words = [*words[: LINES - 1], words[LINES - 1][: LETTERS - 1] + "…"]
        top = box.y + (box.height - 17 * (len(words) + 1)) // 2 + 13
        lines = tuple((top + 17 * index, word) for index, word in enumerate(words))
        second = SHORT.get(said, said)
        second = second[:1].lower() + second[1:]
        second = second if len(second) <= LETTERS + 2 else second[: LETTERS + 1] + "…"
        marks.append(
            Mark(
                box.id,
                state,
                box.id == current,
                box.x,
                box.y,
                box.width,
                box.height,
                lines,
                second,
                top + 17 * len(words),
                name,
                said,
                *(more or {}).get(box.id, (0.0, 0)),
            )
        )
    lines_between = tuple(
        Line(edge.path, _ahead(states[edge.source], states[edge.target]))
        for edge in drawing.edges
        if edge.source in boxes and edge.target in boxes
    )
    width = max((box.x + box.width for box in boxes.values()), default=0) + MARGIN + 4
    height = max((box.y + box.height for box in boxes.values()), default=0) + MARGIN + 4
    return Picture(width, height, tuple(marks), lines_between)


def _ahead(source: tuple[str, str, str], target: tuple[str, str, str]) -> bool:
    """Whether nothing went along a line: one of its ends was not reached."""
    return any(state == "not_started" or said == "Not taken" for state, _, said in (source, target))
