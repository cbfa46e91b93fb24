"""Keeping what the journal says of one case, and saying that its scorecards have to be counted again."""

from dataclasses import asdict

from django.db import transaction

from soc.scorecards.models import Observation
from soc.scorecards.queries.journal import case_from_journal
from tenants.actors import Actor
from tenants.journal import doorbell


@transaction.atomic
def observe_case(*, agency_id: int, subject: str, by: Actor) -> None:
    """Fold the case's entries anew and store the result, marked as not yet scored. A restricted case is left out.

    `by` is the machinery that heard of it. Idempotent: it reads the whole ledger of the case, not the one fact that rang. Two statements.
    """
    found = case_from_journal(agency_id=agency_id, subject=subject)
    if found is None or found.restricted:
        return
    Observation.objects.update_or_create(
        agency_id=agency_id,
        subject=subject,
        defaults={
            "number": found.number,
            **asdict(found.facts),
            "entries": list(found.entries),
            "position": found.entries[-1],
            "at": found.at,
            "unscored": True,
        },
    )
    transaction.on_commit(lambda: doorbell.ring("scorecards", agency_id))
