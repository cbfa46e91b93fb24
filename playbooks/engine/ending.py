"""Writing down how attempts and runs end, with what they changed and how it is taken back."""

from typing import Any

from playbooks.engine.spot import Spot
from playbooks.events import RunEnded, StepEnded, UndoRegistered
from playbooks.models import Frame, Run, StepAttempt, Undo
from playbooks.operations.telling import tell
from playbooks.states import RunState, StepState, Waits
from tenants.actors import Actor

SAID = {"ok": "done", "failed": "failed", "unknown": "ended without a known result", "skipped": "not done"}


def note_control(run: Run, spot: Spot, *, detail: str, by: Actor) -> None:
    """A start, an end or a decision is done: one row, unless a person's answer already is one."""
    from playbooks.engine.planning import effect_key, kind_of

    if spot.attempt is not None:
        return
    now = by.now()
    StepAttempt.objects.create(
        agency_id=run.agency_id,
        run=run,
        frame=spot.frame,
        step_id=spot.node.id,
        iteration=spot.iteration,
        kind=kind_of(spot.node),
        name=spot.node.name,
        state=StepState.OK,
        effect_key=effect_key(run, spot),
        fence=run.fence,
        detail=detail,
        ready_at=now,
        started_at=now,
        ended_at=now,
    )
    if spot.node.kind == "if-condition":
        tell(run=run, kind="decided", text=f"{spot.node.name} {detail}", by=by, step_id=spot.node.id)


def finish_attempt(
    run: Run,
    attempt: StepAttempt,
    state: StepState,
    detail: str,
    *,
    by: Actor,
    outputs: dict[str, str] | None = None,
    response: dict[str, Any] | None = None,
) -> None:
    """End an attempt: result, variables, the undo of what was done, the fact. The run's variables are saved with the run."""
    attempt.state, attempt.detail, attempt.fence = state, detail[:2000], run.fence
    attempt.response = response if response is not None else attempt.response
    if state != StepState.UNKNOWN:
        attempt.ended_at = by.now()
    changed = dict(outputs or {})
    if state in (StepState.FAILED, StepState.SKIPPED):
        changed["__problem__"] = detail
    attempt.assigned = {name: [run.variables.get(name), value] for name, value in changed.items()}
    run.variables = {**run.variables, **changed}
    run.faults = 0
    attempt.save()
    event = StepEnded(
        run=str(run.public_id), about=run.subject, step=attempt.step_id, name=attempt.name, outcome=str(state), detail=detail[:500]
    )
    text = f"{attempt.name}: {SAID[state]}" + (f". {detail}" if detail else "")
    tell(run=run, kind=str(state), text=text, by=by, step_id=attempt.step_id, event=event)
    undo = attempt.rendered.get("undo")
    if state == StepState.OK and undo:
        Undo.objects.create(agency_id=run.agency_id, run=run, attempt=attempt, text=undo["text"], rendered=undo, at=by.now())
        registered = UndoRegistered(run=str(run.public_id), about=run.subject, step=attempt.step_id, text=undo["text"])
        tell(run=run, kind="undo", text=f"Can be undone: {undo['text']}", by=by, step_id=attempt.step_id, event=registered)


def finish_run(run: Run, outcome: str, detail: str, by: Actor) -> None:
    """The run is over."""
    now = by.now()
    Frame.objects.filter(run=run, ended_at=None).update(ended_at=now)
    run.state = RunState.DONE if outcome == "done" else RunState.FAILED
    run.waits_for, run.detail, run.ended_at = Waits.NOTHING, detail, now
    run.lease_owner, run.lease_until = "", None
    event = RunEnded(run=str(run.public_id), about=run.subject, outcome=outcome, detail=detail)
    tell(run=run, kind="ended", text=f"The run ended: {detail or outcome}", by=by, event=event)
