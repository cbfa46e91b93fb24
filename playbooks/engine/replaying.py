"""A step that is replayed: what the run that was forked recorded of it is taken, and where that does not fit, a person is asked."""

from typing import Any
from uuid import UUID

from playbooks.definition.canonical import canonical
from playbooks.engine.ending import finish_attempt
from playbooks.engine.hand import Hand
from playbooks.engine.spot import Spot
from playbooks.engine.writing import transaction_of
from playbooks.models import Frame, StepAttempt
from playbooks.states import StepState

TAKEN = (StepState.OK, StepState.FAILED, StepState.SKIPPED)
Path = tuple[tuple[str, str, int], ...]


def replay(hand: Hand, spot: Spot) -> None:
    """End a planned attempt as it ended when it was recorded; nothing is sent. Raises Moved."""
    attempt = spot.known.attempt
    assert attempt is not None
    with transaction_of(hand):
        found = _recorded(hand, attempt, spot)
    attempt.started_at = hand.by.now()
    if found is None:
        _ask(hand, attempt, "The other run has no record of this step", {})
    elif found.state not in TAKEN:
        _ask(hand, attempt, "What came of it was not known in the other run either", {})
    elif _sayable(found.rendered) != _sayable(attempt.rendered):
        _ask(hand, attempt, "What would run now differs from what was recorded", _outputs(found))
    else:
        said = f"Replayed: {found.detail}" if found.detail else "Replayed"
        response = {**found.response, "tried": "replay", "passing": False}
        finish_attempt(hand, attempt, StepState(found.state), said, outputs=_outputs(found), response=response)


def _ask(hand: Hand, attempt: StepAttempt, why: str, outputs: dict[str, Any]) -> None:
    response = {"tried": "replay", "recorded": outputs}
    text = f"Replay: {why}. Yes goes on with what was recorded, no lets the step fail"
    finish_attempt(hand, attempt, StepState.UNKNOWN, text, response=response)


def _outputs(found: StepAttempt) -> dict[str, Any]:
    """The variables that the recorded step set, by the keys under which the run keeps them."""
    return {name: after for name, (_, after) in found.assigned.items() if name != "__problem__"}


def _sayable(rendered: dict[str, Any]) -> str:
    """What would run, without the key under which the outside knows it: that is another one in each run."""
    key = str(rendered.get("key", ""))
    text = canonical(rendered)
    for one in (key, str(UUID(hex=key[:32], version=4))) if len(key) >= 32 else ():
        text = text.replace(one, "")
    return text


def _recorded(hand: Hand, attempt: StepAttempt, spot: Spot) -> StepAttempt | None:
    """The last attempt at the same command, target and visit, in the same block, of the run that was forked. Two queries."""
    origin = hand.run.forked_from_id
    frames = {one.pk: one for one in Frame.objects.filter(run_id=origin)}
    wanted = path_of(spot.frame, hand.frames)
    same = [pk for pk, one in frames.items() if path_of(one, frames) == wanted]
    about = {"step_id": attempt.step_id, "command_no": attempt.command_no, "target": attempt.target, "iteration": attempt.iteration}
    return StepAttempt.objects.filter(run_id=origin, frame_id__in=same, **about).order_by("-id").first()


def path_of(frame: Frame, frames: dict[int, Frame]) -> Path:
    """What opened a frame and those around it, the outermost first: the same in a run and in its forks."""
    inner: Path = ((frame.step_id, frame.branch, frame.iteration),)
    return inner if frame.parent_id is None else path_of(frames[frame.parent_id], frames) + inner
