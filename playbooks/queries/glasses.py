"""A broken glass and its review as told to a reader."""

from typing import Any

from playbooks.models import BrokenGlass
from playbooks.policies import may_read_approval, may_review_glass
from playbooks.queries.telling import About, Glass
from playbooks.states import Verdict
from tenants.actors import Actor


def glass_of(row: BrokenGlass, approval: Any, about: About, reader: Actor) -> Glass:
    """A broken glass as told to a reader. No query; `approval` carries its agency."""
    is_open = row.verdict == Verdict.OPEN
    return Glass(
        approval=str(approval.public_id),
        agency=approval.agency.slug,
        acronym=approval.agency.acronym,
        about=about,
        action=approval.action,
        target=row.target,
        missing=row.missing,
        reason=row.reason,
        broken_by=row.broken_by_name,
        at=row.at,
        due_at=row.due_at,
        verdict=row.verdict,
        said=str(Verdict(row.verdict).label),
        note=row.note,
        reviewed_by=row.reviewed_by_name,
        reviewed_at=row.reviewed_at,
        may_review=is_open and may_review_glass(reader, row.agency_id, row.broken_by_id),
        is_late=is_open and row.due_at <= reader.now(),
        may_open=may_read_approval(reader, approval),
    )
