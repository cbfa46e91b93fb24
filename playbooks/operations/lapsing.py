"""Approvals that nobody decides: the watch lead is told, then they lapse, and nothing is done."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from playbooks.events import ApprovalLapsesSoon
from playbooks.models import Approval, Run
from playbooks.operations.deciding import decide_approval
from playbooks.operations.telling import tell
from playbooks.states import ApprovalState
from tenants.actors import Actor


def due_approvals(*, at: datetime, most: int) -> list[int]:
    """Ids of open approvals whose time is over or whose watch lead is to be told; one query."""
    due = Q(expires_at__lte=at) | Q(reminded_at=None, remind_at__lte=at)
    return list(Approval.objects.filter(due, state=ApprovalState.OPEN).order_by("expires_at").values_list("id", flat=True)[:most])


def lapse_or_remind(*, approval_id: int, by: Actor) -> None:
    """Let an approval lapse when its time is over, else tell the watch lead once. What was decided meanwhile stays."""
    with transaction.atomic():
        run = Run.objects.locked(pk=Approval.objects.values_list("run_id", flat=True).get(pk=approval_id))
        approval: Approval = Approval.objects.locked(pk=approval_id)
        if approval.state != ApprovalState.OPEN:
            return
        if approval.expires_at <= by.now():
            decide_approval(approval=approval, run=run, state=ApprovalState.LAPSED, reason="", by=by)
        elif approval.reminded_at is None and approval.remind_at <= by.now():
            approval.reminded_at = by.now()
            approval.save(update_fields=["reminded_at"])
            event = ApprovalLapsesSoon(
                run=str(run.public_id),
                about=run.subject,
                approval=str(approval.public_id),
                action=approval.action,
                expires_at=approval.expires_at,
            )
            text = f"The watch lead is told: {approval.action} lapses at {approval.expires_at:%H:%M} UTC"
            tell(run=run, kind="reminded", text=text, by=by, step_id=approval.step_id, event=event)
