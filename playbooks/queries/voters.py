"""Whose vote is open: how many approvals wait for a reader and why one does not, who speaks for an agency, and who hears of what."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from playbooks.catalogue import readable_of
from playbooks.models import Approval, Run, Vote
from playbooks.policies import is_partial
from playbooks.quorum import LEAD, Ballot, Needed
from playbooks.states import ApprovalState, Side, VoteKind
from tenants.actors import Actor
from tenants.models import Agency, Membership

FOR_A_LEAD = "The watch leads were told that this lapses soon: the vote that is left is one of theirs."


def needed_for(approval: Approval) -> Needed:
    """The votes that an approval asks for."""
    return Needed(approval.floor_votes, approval.asks_agency, approval.reminded_at is not None)


def ballots(votes: Iterable[Vote]) -> list[Ballot]:
    """Votes as they are counted."""
    return [Ballot(one.side, one.vote, one.role) for one in votes]


def why_no_side(reader: Actor, run: Run) -> str:
    """Why this reader votes for no side, in a sentence."""
    if reader.person_id is None or not is_partial(reader, run):
        return "Your role does not vote."
    started = reader.person_id == run.started_by_person_id
    return f"You {'started this run by hand' if started else 'are the author of the version that it runs'}, so another person votes."


def why_not_break(reader: Actor, run: Run) -> str:
    """Why this reader may not break the glass, in a sentence."""
    if not reader.leads_the_watch:
        return "Only a watch lead may break the glass."
    said = why_no_side(reader, run).replace("another person votes", "another watch lead breaks the glass")
    return said if is_partial(reader, run) else "This agency is not among yours."


def waiting_for(reader: Actor) -> int:
    """How many open approvals this reader can vote on. One query, and one more for a liaison."""
    side = Side.FLOOR if reader.works_the_floor else Side.LIAISON if reader.speaks_for_an_agency else None
    if side is None or reader.person_id is None:
        return 0
    votes = Vote.objects.filter(agency=OuterRef("agency"), approval=OuterRef("pk"))  # as its unique key begins
    me = reader.person_id
    # Two questions, not one with OR: each is answered by an index of the votes.
    rows = Approval.objects.filter(~Exists(votes.filter(person_id=me)), state=ApprovalState.OPEN, expires_at__gt=reader.now())
    # Who started the run by hand or wrote its version does not vote on it; nobody did either for most of them.
    rows = rows.exclude(run__started_by_person_id=me, run__started_by_person__isnull=False)
    rows = rows.exclude(run__version__published_by_person_id=me, run__version__published_by_person__isnull=False)
    if side == Side.FLOOR:
        return int(_open_to_the_floor(rows, votes, reader).count())
    subjects = list(rows.filter(~Exists(votes.filter(side=side)), asks_agency=True).values_list("subject", flat=True))
    known = readable_of(subjects, reader)
    return sum(subject in known for subject in subjects)


def _open_to_the_floor(rows: Any, votes: Any, reader: Actor) -> Any:
    """Where one more vote of the floor counts, as `quorum.closed_to` says it."""
    given = votes.filter(side=Side.FLOOR, vote=VoteKind.APPROVE)
    counted = given.order_by().values("approval").annotate(n=Count("pk")).values("n")
    rows = rows.annotate(given=Coalesce(Subquery(counted), 0)).filter(given__lt=F("floor_votes"))
    if reader.leads_the_watch:
        return rows
    return rows.exclude(~Exists(given.filter(role=LEAD)), Q(given=F("floor_votes") - 1), reminded_at__isnull=False)


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
