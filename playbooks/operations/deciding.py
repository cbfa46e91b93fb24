"""Ending an approval: approved, denied or lapsed, told to all, and the run goes on its way."""

from django.db import transaction

from playbooks.events import ApprovalDecided
from playbooks.models import Approval, Run, StepAttempt
from playbooks.operations.telling import tell, wake
from playbooks.states import ApprovalState, StepState
from tenants.actors import Actor

SAID = {"approved": "Approved", "denied": "Denied, so it is not done", "lapsed": "Lapsed, so it is not done"}


def decide_approval(*, approval: Approval, run: Run, state: ApprovalState, reason: str, by: Actor) -> None:
    """End an open approval; run and approval are locked.

    What is not approved is not done: its attempt is skipped, and the run goes its failure way.
    """
    with transaction.atomic():
        approval.state, approval.reason, approval.decided_at = state, reason, by.now()
        approval.save(update_fields=["state", "reason", "decided_at"])
        event = ApprovalDecided(
            run=str(run.public_id),
            about=run.subject,
            approval=str(approval.public_id),
            action=approval.action,
            outcome=str(state),
            reason=reason,
        )
        text = f"{SAID[state]}: {approval.action}" + (f". {reason}" if reason else "")
        if state != ApprovalState.APPROVED:
            _skip(approval, run, state, reason, by)
        tell(run=run, kind=str(state), text=text, by=by, step_id=approval.step_id, event=event)
        wake(run=run, by=by)


def _skip(approval: Approval, run: Run, state: ApprovalState, reason: str, by: Actor) -> None:
    said = (
        "The approval lapsed: nobody decided in time"
        if state == ApprovalState.LAPSED
        else f"The approval was denied by {by.label}: {reason}"
    )
    StepAttempt.objects.filter(pk=approval.attempt_id, state=StepState.PLANNED).update(
        state=StepState.SKIPPED, detail=said, ended_at=by.now(), assigned={"__problem__": [run.variables.get("__problem__"), said]}
    )
    run.variables = {**run.variables, "__problem__": said}
    run.save(update_fields=["variables"])
