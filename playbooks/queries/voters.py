"""Whose vote is open: how many approvals wait for a reader, who speaks for an agency, and who hears of what."""

from django.db.models import Exists, OuterRef

from playbooks.catalogue import readable_of
from playbooks.models import Approval, Vote
from playbooks.states import ApprovalState, Side
from tenants.actors import Actor
from tenants.models import Agency, Membership


def waiting_for(reader: Actor) -> int:
    """How many open approvals this reader can vote on. One query, and one more for a liaison."""
    side = Side.FLOOR if reader.works_the_floor else Side.LIAISON if reader.speaks_for_an_agency else None
    if side is None or reader.person_id is None:
        return 0
    votes = Vote.objects.filter(agency=OuterRef("agency"), approval=OuterRef("pk"))  # as its unique key begins
    # Two questions, not one with OR: each is answered by an index of the votes.
    rows = Approval.objects.filter(
        ~Exists(votes.filter(side=side)), ~Exists(votes.filter(person_id=reader.person_id)), state=ApprovalState.OPEN
    )
    if side == Side.FLOOR:
        # Who started the run by hand does not vote on it; nobody started most of them.
        return rows.exclude(run__started_by_person_id=reader.person_id, run__started_by_person__isnull=False).count()
    subjects = list(rows.filter(asks_agency=True).values_list("subject", flat=True))
    known = readable_of(subjects, reader)
    return sum(subject in known for subject in subjects)


def liaisons_of(agency: str) -> tuple[str, ...]:
    """Names of the people who speak for an agency (its slug). One query."""
    held = Membership.objects.filter(agency__slug=agency, role="liaison", ended_at=None, person__is_active=True)
    return tuple(held.order_by("person__name").values_list("person__name", flat=True).distinct())


def agencies_heard(reader: Actor) -> tuple[str, ...]:
    """Slugs of the agencies whose approvals a reader may hear of. One query."""
    rows = Agency.objects.exclude(state="prospective").order_by("slug")
    if reader.agency_id is not None:
        rows = rows.filter(pk=reader.agency_id)
    elif reader.agencies is not None:
        rows = rows.filter(pk__in=reader.agencies)
    return tuple(rows.values_list("slug", flat=True))
