"""Where a run stands, read from its rows in the shape that `decide` thinks in."""

from dataclasses import dataclass

from playbooks.decide import Place, Standing
from playbooks.definition.graph import Graph, Node
from playbooks.models import Approval, Frame, Run, StepAttempt, Timer


@dataclass
class Spot:
    """The innermost open frame, its step, and what is known of the step's present visit."""

    graph: Graph
    frame: Frame
    node: Node
    iteration: int
    attempt: StepAttempt | None
    approval: Approval | None
    place: Place

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


def spot_of(run: Run, graph: Graph) -> Spot:
    """Where the run stands; four queries. The run is locked."""
    frame = Frame.objects.filter(run=run, ended_at=None).order_by("-id").first()
    assert frame is not None, "a run that is not over has an open frame"
    node = graph.nodes[frame.cursor]
    iteration = int(frame.visits.get(node.id, 1))
    here = {"run": run, "frame": frame, "step_id": node.id, "iteration": iteration}
    attempt = StepAttempt.objects.filter(**here).order_by("-attempt", "-id").first()
    approval = Approval.objects.select_related("consent").filter(**here).order_by("-id").first() if node.asking else None
    timers = {} if node.kind == "start" else {t.purpose: t.fired_at is not None for t in Timer.objects.filter(run=run, frame=frame)}
    return Spot(graph, frame, node, iteration, attempt, approval, Place(node.id, iteration, frame.step_id, timers))


def arrived(graph: Graph, frame: Frame) -> Spot:
    """Where the run stands right after it came to a step: nothing was tried there in this visit yet. No query."""
    node = graph.nodes[frame.cursor]
    iteration = int(frame.visits.get(node.id, 1))
    return Spot(graph, frame, node, iteration, None, None, Place(node.id, iteration, frame.step_id, {}))


def go_to(frame: Frame, step: str) -> None:
    """Move a frame's cursor to a step, and count the visit; `keep` saves it."""
    frame.cursor = step
    frame.visits = {**frame.visits, step: int(frame.visits.get(step, 0)) + 1}


def keep(frame: Frame) -> None:
    """Save where a frame stands."""
    frame.save(update_fields=["cursor", "visits", "arrived", "ended_at"])
