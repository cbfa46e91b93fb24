"""Cancelling a run: it goes no further, and nothing that it asked of people stands any longer."""

from django.db import transaction

from playbooks.events import ApprovalDecided, DryRunEnded, RunEnded
from playbooks.models import Approval, Run, StepAttempt
from playbooks.operations.telling import tell
from playbooks.states import ApprovalState, RunState, StepState, Waits
from tenants.actors import Actor


def cancel_called(*, attempt: StepAttempt, reason: str, by: Actor) -> None:
    """Cancel the run that a step started, and those that it started in turn. One that is over stays as it is."""
    with transaction.atomic():
        for child_id in Run.objects.filter(parent_attempt=attempt).values_list("id", flat=True):
            run = Run.objects.locked(pk=child_id)
            if run.state_is_over:
                continue
            _void(run, reason, by)
            run.state, run.waits_for, run.detail, run.ended_at = RunState.CANCELLED, Waits.NOTHING, reason, by.now()
            run.save(update_fields=["state", "waits_for", "detail", "ended_at"])
            about = {"run": str(run.public_id), "about": run.subject, "outcome": str(RunState.CANCELLED), "detail": reason}
            event = RunEnded(**about) if run.acts() else DryRunEnded(**about, mode=run.mode)
            tell(run=run, kind="ended", text=f"The run was cancelled: {reason}", by=by, event=event)
            for called in StepAttempt.objects.filter(run=run, kind="book", state=StepState.STARTED):
                cancel_called(attempt=called, reason=reason, by=by)


def _void(run: Run, reason: str, by: Actor) -> None:
    for approval in Approval.objects.filter(run=run, subject=run.subject, state=ApprovalState.OPEN):
        approval.state, approval.decided_at, approval.reason = ApprovalState.VOID, by.now(), reason
        approval.save(update_fields=["state", "decided_at", "reason"])
        about = {"run": str(run.public_id), "about": run.subject, "approval": str(approval.public_id), "action": approval.action}
        text = f"The approval is void: {reason}"
        tell(
            run=run, kind="void", text=text, by=by, step_id=approval.step_id, event=ApprovalDecided(**about, outcome="void", reason=reason)
        )
