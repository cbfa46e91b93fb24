"""Writing down a vote that was refused: after the rollback, in a transaction of its own, for those who may know of the approval."""

from collections.abc import Callable
from typing import Any

from django.db import transaction

from playbooks.models import Approval, RefusedVote
from tenants.actors import Actor
from tenants.errors import DomainError

MOST_SENT = 64


def remember_refusal(error: DomainError, *, approval: Approval, hash: Any, vote: Any, by: Actor) -> None:
    """Have the gate write down, once everything is rolled back, what was tried and why it did not count."""
    error.afterwards = _writing(approval, error, hash, vote, by)


def _writing(approval: Approval, error: DomainError, hash: Any, vote: Any, by: Actor) -> Callable[[], None]:
    def write() -> None:
        with transaction.atomic():
            RefusedVote.objects.create(
                agency_id=approval.agency_id,
                approval_id=approval.pk,
                person_id=by.person_id,
                name=by.label,
                role=by.role,
                code=error.code,
                vote=_sent(vote)[:20],
                hash=_sent(hash),
                why=error.detail,
                at=by.now(),
            )

    return write


def _sent(value: Any) -> str:
    return value.replace("\x00", "\ufffd")[:MOST_SENT] if isinstance(value, str) else ""
