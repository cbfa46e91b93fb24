"""From the ids of runs to their agencies and subjects, and from a subject to what is asked about it."""

from collections.abc import Iterable
from uuid import UUID

from playbooks.models import Approval, Run
from playbooks.states import ApprovalState


def runs_named(ids: Iterable[str]) -> dict[str, tuple[int, str]]:
    """Agency and subject of each run by its id, as far as the scope reaches. One query."""
    wanted = [one for one in map(_uuid, ids) if one is not None]
    rows = Run.objects.filter(public_id__in=wanted).values_list("public_id", "agency_id", "subject") if wanted else []
    return {str(public_id): (agency_id, subject) for public_id, agency_id, subject in rows}


def asked_about(subject: str) -> tuple[str, str] | None:
    """Id and hash of the approval that waits about a subject, the oldest of several; None when none does. One query."""
    found = Approval.objects.filter(subject=subject, state=ApprovalState.OPEN).order_by("id").first()
    return (str(found.public_id), found.hash) if found else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
