"""Where a run stands, in the shape that `decide` thinks in."""

from dataclasses import dataclass

from playbooks.decide import Place, Standing
from playbooks.definition.graph import Graph, Node
from playbooks.engine.hand import Hand
from playbooks.models import Approval, Frame, StepAttempt


@dataclass
class Spot:
    """The innermost open frame, its step, and what is known of the step's present visit."""

    graph: Graph
    frame: Frame
    node: Node
    iteration: int
    attempt: StepAttempt | None
    approval: Approval | None
    withdrawn: bool  # the standing consent that the approval counts has ended
    timers: dict[str, bool]

    @property
    def place(self) -> Place:
        """Where it is, as `decide` sees it."""
        return Place(self.node.id, self.iteration, self.frame.step_id, self.timers)

    @property
    def standing(self) -> Standing | None:
        """The latest attempt as `decide` sees it."""
        one = self.attempt
        if one is None:
            return None
        return Standing(
            state=one.state,
            effect=one.effect_class,
            kind=one.kind,
            attempt=one.attempt,
            checks=one.checks,
            worth_retrying=bool(one.response.get("passing")),
            approval=self.approval.state if self.approval else "",
            answer=one.response.get("answer"),
        )


def spot_of(hand: Hand, graph: Graph) -> Spot:
    """Where the run stands as it was read. No query."""
    spot = arrived(graph, hand.innermost())
    spot.attempt, spot.timers = hand.attempt, hand.timers
    if spot.node.asking:
        spot.approval, spot.withdrawn = hand.approval, hand.withdrawn
    return spot


def arrived(graph: Graph, frame: Frame) -> Spot:
    """Where the run stands right after it came to a step: nothing was tried there in this visit yet. No query."""
    node = graph.nodes[frame.cursor]
    return Spot(graph, frame, node, int(frame.visits.get(node.id, 1)), None, None, False, {})


def go_to(hand: Hand, frame: Frame, step: str) -> None:
    """Move a frame's cursor to a step, and count the visit."""
    frame.cursor = step
    frame.visits = {**frame.visits, step: int(frame.visits.get(step, 0)) + 1}
    hand.moved(frame)
