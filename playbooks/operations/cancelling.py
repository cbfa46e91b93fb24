"""Cancelling a run: it goes no further, nothing that it asked of people stands, and what it did may be taken back by a run of its own."""

from datetime import datetime
from typing import Any

from django.db import transaction

from playbooks.events import ApprovalDecided, DryRunEnded, RunEnded
from playbooks.models import Approval, Frame, Run, StepAttempt, Undo
from playbooks.operations.telling import tell, wake
from playbooks.operations.undoing import NothingLeft, a_reason, begin, check_hash, let_go, register
from playbooks.policies import may_cancel
from playbooks.queries.undoing import reversal_of, run_seen
from playbooks.states import ApprovalState, RunState, StepState, Waits
from tenants.actors import Actor
from tenants.errors import Conflict, NotAllowed, require

IN_DOUBT = (StepState.STARTED, StepState.UNKNOWN)


class RunIsOver(Conflict):
    """The run has ended already."""

    code, title = "run_over", "The run is over"


def cancel_run(*, run: str, reason: Any, by: Actor, take_back: bool = False, hash: Any = None) -> tuple[Run, Run | None]:
    """Cancel a run and those that it called; with `take_back`, begin to take back what the plan with that `hash` showed.

    Whoever holds it is fenced off: a call that is out may still arrive, and its attempt says that nobody knows. Returns the run, and
    the one that takes back. Raises Unknown, NotAllowed, RunIsOver, HashMismatch, NothingLeft, Invalid (`hash`, `reason`).
    """
    with transaction.atomic():
        one = Run.objects.locked(pk=run_seen(run, by).pk)
        require(may_cancel(by, one), NotAllowed())
        require(not one.state_is_over, RunIsOver(cure="There is nothing to cancel. What it did may still be taken back."))
        if take_back or hash:
            left = reversal_of(one, locked=True).left
            require(bool(left) or not take_back, NothingLeft())
            check_hash(hash, left)
        why = a_reason(reason)
        quiet_at = _cancel(one, f"{by.label} cancelled it: {why}", by)
        if one.parent_attempt_id is not None:
            parent = StepAttempt.objects.values_list("run_id", flat=True).get(pk=one.parent_attempt_id)
            wake(run=Run.objects.locked(pk=parent), by=by)
        doing = None
        if take_back:
            found = reversal_of(one, locked=True).left
            doing = begin(run=one, found=found, why=why, by=by, asks=any(each.asked for each in found), wake_at=quiet_at)
    return one, doing


def cancel_called(*, attempt: StepAttempt, reason: str, by: Actor) -> None:
    """Cancel the run that a step started, and those that it started in turn. One that is over stays as it is."""
    with transaction.atomic():
        _cancel_called(attempt, reason, by)


def _cancel_called(attempt: StepAttempt, reason: str, by: Actor) -> datetime | None:
    quiet = None
    for child_id in Run.objects.filter(parent_attempt=attempt).values_list("id", flat=True):
        child = Run.objects.locked(pk=child_id)
        if not child.state_is_over:
            quiet = _later(quiet, _cancel(child, reason, by))
    return quiet


def _cancel(run: Run, reason: str, by: Actor) -> datetime | None:
    """End a locked run where it stands. Returns when the last call that is out has ended: with the lease of the worker that made it."""
    _void(run, reason, by)
    quiet = None
    for attempt in StepAttempt.objects.filter(run=run, state__in=(StepState.PLANNED, *IN_DOUBT)).order_by("id"):
        if attempt.kind == "book" and attempt.state == StepState.STARTED:
            quiet = _later(quiet, _cancel_called(attempt, reason, by))
        if _leave(run, attempt, reason, by):
            quiet = _later(quiet, run.lease_until)
    if run.undoes_id is not None:
        let_go(run=run, by=by)
    Frame.objects.filter(run=run, ended_at=None).update(ended_at=by.now())
    # Whoever holds the run has an older fence from now on.
    run.state, run.waits_for, run.detail, run.ended_at = RunState.CANCELLED, Waits.NOTHING, reason, by.now()
    run.fence, run.lease_owner = run.fence + 1, ""
    run.save(update_fields=["state", "waits_for", "detail", "ended_at", "fence", "lease_owner"])
    about: dict[str, Any] = {"run": str(run.public_id), "about": run.subject, "outcome": str(RunState.CANCELLED), "detail": reason}
    event = RunEnded(**about) if run.acts() else DryRunEnded(**about, mode=run.mode)
    tell(run=run, kind="ended", text=f"The run was cancelled: {reason}", by=by, event=event)
    return quiet


def _leave(run: Run, attempt: StepAttempt, reason: str, by: Actor) -> bool:
    """End an attempt that nobody waits for any more. Whether a call of it may still arrive; then its undo is registered all the same."""
    doubt = attempt.kind == "http" and attempt.state in IN_DOUBT
    attempt.state = StepState.FAILED if doubt else StepState.SKIPPED
    attempt.detail = f"{reason} It is not known whether it happened." if doubt else reason
    attempt.response, attempt.ended_at = {**attempt.response, "passing": False}, by.now()
    attempt.save(update_fields=["state", "detail", "response", "ended_at"])
    if doubt and attempt.rendered.get("undo") and run.acts(attempt.step_id) and not Undo.objects.filter(attempt=attempt).exists():
        register(attempt, by.now())
    return doubt


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((at for at in (one, other) if at is not None), default=None)


def _void(run: Run, reason: str, by: Actor) -> None:
    for approval in Approval.objects.filter(run=run, subject=run.subject, state=ApprovalState.OPEN):
        approval.state, approval.decided_at, approval.reason = ApprovalState.VOID, by.now(), reason
        approval.save(update_fields=["state", "decided_at", "reason"])
        about = {"run": str(run.public_id), "about": run.subject, "approval": str(approval.public_id), "action": approval.action}
        text = f"The approval is void: {reason}"
        tell(
            run=run, kind="void", text=text, by=by, step_id=approval.step_id, event=ApprovalDecided(**about, outcome="void", reason=reason)
        )
