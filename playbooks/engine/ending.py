"""How attempts and runs end, with what they changed and how it is taken back; written with the next statement."""

from typing import Any

from playbooks.engine.hand import Hand
from playbooks.engine.planning import attempt_at, effect_key
from playbooks.engine.spot import Spot
from playbooks.events import RunEnded, StepEnded, UndoRegistered
from playbooks.models import StepAttempt
from playbooks.states import RunState, StepState, Waits

SAID = {"ok": "done", "failed": "failed", "unknown": "ended without a known result", "skipped": "not done"}


def note_control(hand: Hand, spot: Spot, *, detail: str) -> None:
    """A start, an end or a decision is done: one row, unless a person's answer already is one."""
    if spot.attempt is not None:
        return
    one = attempt_at(hand, spot, effect_key=effect_key(hand.run, spot), state=StepState.OK, detail=detail)
    one.started_at = one.ended_at = one.ready_at
    hand.changed(one)
    if spot.node.kind == "if-condition":
        hand.tell("decided", f"{spot.node.name} {detail}", step_id=spot.node.id)


def finish_attempt(
    hand: Hand,
    attempt: StepAttempt,
    state: StepState,
    detail: str,
    *,
    outputs: dict[str, str] | None = None,
    response: dict[str, Any] | None = None,
) -> None:
    """End an attempt: result, variables, the undo of what was done, the fact."""
    run, now = hand.run, hand.by.now()
    attempt.state, attempt.detail, attempt.fence = state, detail[:2000], run.fence
    attempt.response = response if response is not None else attempt.response
    if state != StepState.UNKNOWN:
        attempt.ended_at = now
    changed = dict(outputs or {})
    if state in (StepState.FAILED, StepState.SKIPPED):
        changed["__problem__"] = detail
    attempt.assigned = {name: [run.variables.get(name), value] for name, value in changed.items()}
    run.variables = {**run.variables, **changed}
    run.faults = 0
    hand.changed(attempt)
    about = {"run": hand.claim.run, "about": run.subject, "step": attempt.step_id}
    event = StepEnded(**about, name=attempt.name, outcome=str(state), detail=detail[:500])
    text = f"{attempt.name}: {SAID[state]}" + (f". {detail}" if detail else "")
    hand.tell(str(state), text, step_id=attempt.step_id, event=event)
    undo = attempt.rendered.get("undo")
    if state == StepState.OK and undo:
        hand.undoable(attempt, undo)
        registered = UndoRegistered(**about, text=undo["text"])
        hand.tell("undo", f"Can be undone: {undo['text']}", step_id=attempt.step_id, event=registered)


def finish_run(hand: Hand, outcome: str, detail: str) -> None:
    """The run is over."""
    now, run = hand.by.now(), hand.run
    for frame in list(hand.frames.values()):
        frame.ended_at = now
        hand.moved(frame)
    run.state = RunState.DONE if outcome == "done" else RunState.FAILED
    run.waits_for, run.detail, run.ended_at, run.lease_owner = Waits.NOTHING, detail, now, ""
    event = RunEnded(run=hand.claim.run, about=run.subject, outcome=outcome, detail=detail)
    hand.tell("ended", f"The run ended: {detail or outcome}", event=event)
