"""How attempts and runs end, with what they changed and how it is taken back; written with the next statement."""

from typing import Any

from playbooks.engine.hand import Hand
from playbooks.engine.planning import attempt_at
from playbooks.engine.spot import Spot
from playbooks.engine.undoing import end_all, settle
from playbooks.engine.writing import transaction_of, write
from playbooks.events import DryRunEnded, RunEnded, StepEnded, UndoRegistered
from playbooks.models import Run, StepAttempt
from playbooks.operations.telling import wake
from playbooks.states import RunState, StepState, Waits

SAID = {"ok": "done", "failed": "failed", "unknown": "ended without a known result", "skipped": "not done"}


def note_control(hand: Hand, spot: Spot) -> None:
    """A start or an end is done: one row."""
    one = attempt_at(hand, spot, state=StepState.OK)
    one.started_at = one.ended_at = one.ready_at
    hand.changed(one)


def settle_block(hand: Hand, spot: Spot, *, detail: str, failed: bool = False) -> None:
    """A step that chooses or opens branches has ended: its one row, told where it decided without opening any."""
    attempt = spot.known.attempt
    if attempt is None:
        attempt = attempt_at(hand, spot)
        attempt.started_at = attempt.ready_at
        hand.tell("decided", f"{spot.node.name} {detail}", step_id=spot.node.id)
    attempt.state, attempt.ended_at = StepState.FAILED if failed else StepState.OK, hand.by.now()
    if detail or failed:
        attempt.detail = detail[:2000]
    if failed:
        hand.run.variables = {**hand.run.variables, "__problem__": detail}
        hand.tell("failed", f"{spot.node.name}: failed. {detail}", step_id=spot.node.id)
    hand.changed(attempt)


def finish_attempt(
    hand: Hand,
    attempt: StepAttempt,
    state: StepState,
    detail: str,
    *,
    outputs: dict[str, Any] | None = None,
    response: dict[str, Any] | None = None,
) -> None:
    """End an attempt: result, variables, the undo of what was done, the fact."""
    run, now = hand.run, hand.by.now()
    attempt.state, attempt.detail, attempt.fence = state, detail[:2000], run.fence
    attempt.response = response if response is not None else attempt.response
    if state != StepState.UNKNOWN:
        attempt.ended_at = now
    changed: dict[str, Any] = dict(outputs or {})
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
    if run.undoes_id is not None:
        settle(hand, attempt, state, detail)
    undo = attempt.rendered.get("undo")
    if state == StepState.OK and undo and run.acts(attempt.step_id):
        hand.undoable(attempt, undo)
        registered = UndoRegistered(**about, text=undo["text"])
        hand.tell("undo", f"Can be undone: {undo['text']}", step_id=attempt.step_id, event=registered)


def end_run(hand: Hand, outcome: str, detail: str) -> None:
    """Write down that the run is over; a run that another one waits for wakes it. Raises Moved."""
    _finish(hand, outcome, detail)
    waiting = hand.run.parent_attempt_id
    if waiting is None:
        write(hand)
        return
    with transaction_of(hand):
        write(hand)
        parent_id = StepAttempt.objects.values_list("run_id", flat=True).get(pk=waiting)
        wake(run=Run.objects.locked(pk=parent_id), by=hand.by)


def _finish(hand: Hand, outcome: str, detail: str) -> None:
    now, run = hand.by.now(), hand.run
    if run.undoes_id is not None:
        outcome, detail = end_all(hand, outcome, detail)
    for frame in list(hand.frames.values()):
        frame.ended_at = now
        hand.moved(frame)
    run.state = RunState(outcome)
    run.waits_for, run.detail, run.ended_at, run.lease_owner = Waits.NOTHING, detail, now, ""
    about: dict[str, Any] = {"run": hand.claim.run, "about": run.subject, "outcome": str(run.state), "detail": detail}
    event = RunEnded(**about) if run.acts() else DryRunEnded(**about, mode=run.mode)
    hand.tell("ended", f"The run ended: {detail or outcome}", event=event)
