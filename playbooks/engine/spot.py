"""Where a frame of a run stands, in the shape that `decide` thinks in."""

from dataclasses import dataclass

from playbooks.decide import Place, Standing
from playbooks.definition.graph import Agent, Command, Graph, Node
from playbooks.definition.scoping import anew
from playbooks.engine.hand import Hand, Known
from playbooks.models import Frame, StepAttempt


@dataclass
class Spot:
    """A frame, its step, and what is known of the step's present visit."""

    graph: Graph
    frame: Frame
    node: Node
    iteration: int
    known: Known

    @property
    def place(self) -> Place:
        """Where it is, as `decide` sees it."""
        return Place(self.node.id, self.iteration, self.frame.step_id, self.known.timers)

    @property
    def standing(self) -> Standing | None:
        """The latest attempt as `decide` sees it."""
        one = self.known.attempt
        if one is None:
            return None
        return Standing(
            state=one.state,
            effect=one.effect_class,
            kind=one.kind,
            attempt=one.attempt,
            checks=one.checks,
            worth_retrying=bool(one.response.get("passing")),
            told_to_wait=float(one.response.get("retry_after") or 0),
            approval=self.known.approval.state if self.known.approval and self.node.asking else "",
            answer=one.response.get("answer"),
            unit=self.unit,
            rounds=one.checks if self.node.is_block else 0,
            broken=one.response.get("broken", ""),
            child=str(self.known.child.get("state", "")),
        )

    @property
    def unit(self) -> tuple[int, int]:
        """The command and the target of the latest attempt, counted from 0."""
        one = self.known.attempt
        return (one.command_no, self._number(one)) if one is not None else (0, 0)

    def _number(self, attempt: StepAttempt) -> int:
        return next((number for number, target in enumerate(self.node.targets) if target.id == attempt.target), 0)

    @property
    def command(self) -> Command | None:
        """The command that the latest attempt is about."""
        number = self.unit[0]
        return self.node.commands[number] if number < len(self.node.commands) else None

    @property
    def target(self) -> Agent | None:
        """The target that the latest attempt is about."""
        return self.node.targets[self.unit[1]] if self.node.targets else None


def spot_at(hand: Hand, graph: Graph, key: int) -> Spot:
    """Where this frame stands. No query."""
    frame = hand.frames[key]
    node = graph.nodes[frame.cursor]
    return Spot(graph, frame, node, int(frame.visits.get(node.id, 1)), hand.known_at(frame))


def go_to(hand: Hand, spot: Spot, step: str) -> None:
    """Move a spot's frame to a step, and count the visit; nothing is known of it there, and its own variables begin again."""
    frame = spot.frame
    begin(hand, spot.graph, step)
    frame.cursor = step
    frame.visits = {**frame.visits, step: int(frame.visits.get(step, 0)) + 1}
    hand.known.pop(frame.pk, None)
    hand.moved(frame)


def begin(hand: Hand, graph: Graph, step: str) -> None:
    """Let the variables of a step that is entered be as the book has them."""
    if graph.nodes[step].variables:
        hand.run.variables = anew(graph.nodes[step], hand.run.variables)
