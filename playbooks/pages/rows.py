"""The list beside the graph of a run: one row a step, numbered, and set in as deep as the blocks that it stands in."""

from dataclasses import dataclass

from playbooks.pages.picture import DRAWN
from playbooks.pages.spending import Shares, shares
from playbooks.queries.telling import RunView, StepView

DEEPEST = 4  # blocks within blocks that the list still tells apart


@dataclass(frozen=True)
class Row:
    """One step in the list: its number, how it is drawn, and the shares of its time in percent of the longest step's."""

    no: str
    step: StepView
    drawn: str
    current: bool
    share: Shares
    depth: int

    @property
    def ahead(self) -> bool:
        """Whether nothing came of it."""
        return self.drawn in ("not_started", "skipped")


def rows_of(run: RunView, current: StepView | None) -> tuple[Row, ...]:
    """The list beside the graph."""
    longest = max((step.times.total for step in run.steps), default=0.0)
    shown = {box.id for box in run.drawing.boxes} if run.drawing else set()
    rows, number = [], 0
    for step in run.steps:
        if step.kind == "end" and step.id not in shown:
            continue  # the end of a branch stands in no picture
        number += step.kind != "end"
        no = "" if step.kind == "end" else str(number)
        is_current = current is not None and step.id == current.id
        rows.append(Row(no, step, DRAWN[step.state], is_current, shares(step.times, longest), min(step.depth, DEEPEST)))
    return tuple(rows)
