"""Voting on exactly what will run."""

from typing import Any
from uuid import UUID

from django.db import transaction

from playbooks.catalogue import is_readable
from playbooks.events import VoteGiven
from playbooks.models import Approval, Run, Vote
from playbooks.operations.deciding import decide_approval
from playbooks.operations.refusing import remember_refusal
from playbooks.operations.telling import tell
from playbooks.policies import may_read_approval, side_of
from playbooks.queries.voters import FOR_A_LEAD, ballots, needed_for, why_no_side
from playbooks.quorum import Full, closed_to, is_reached
from playbooks.states import ApprovalState, Side, VoteKind
from tenants.actors import Actor
from tenants.errors import Conflict, DomainError, Invalid, NotAllowed, Unknown, require

LONGEST_REASON = 2000


class HashMismatch(Conflict):
    """The vote names another hash than the action has now."""

    code, title = "hash_mismatch", "The action is not the one that you saw"


class ApprovalDecidedAlready(Conflict):
    """The approval is no longer open."""

    code, title = "approval_closed", "This approval is decided already"


class AlreadyVoted(Conflict):
    """A second vote of a person, or for a side that has voted."""

    code, title = "already_voted", "This vote is given already"


def vote(*, approval: str, hash: Any, vote: Any, reason: Any, by: Actor) -> Approval:
    """Vote `approve` or `deny` on an approval (its outside id), naming the hash that was seen.

    It is approved with as many votes of the floor as the step asks for, of people who neither started the run by hand nor wrote
    its version, and the agency's consent: a standing one, or its liaison's vote. One denial denies. Once the watch leads were told,
    one of them is among the floor's votes. A refusal is written down beside the approval.
    Raises Unknown (404), NotAllowed (403), ApprovalDecidedAlready, AlreadyVoted, HashMismatch (409),
    Invalid (422: `hash`, `vote`, `reason`).
    """
    with transaction.atomic():
        one, run = locked_approval(approval, by)
        votes = list(Vote.objects.filter(approval=one))
        try:
            side = _side_for(one, run, votes, by)
            require_seen(one, hash)
        except DomainError as error:
            if not isinstance(error, Invalid):
                remember_refusal(error, approval=one, hash=hash, vote=vote, by=by)
            raise
        require(vote in VoteKind.values, Invalid("The vote is not one of ours.", field="vote", cure="Send approve or deny."))
        _count(one, run, side, vote, a_reason(reason), votes, by)
    return one


def _side_for(one: Approval, run: Run, votes: list[Vote], by: Actor) -> Side:
    """For whom this vote counts. Raises NotAllowed, AlreadyVoted, ApprovalDecidedAlready."""
    side = side_of(by, one, run)
    if side is None:
        raise NotAllowed(f"You may see this approval, but not vote on it. {why_no_side(by, run)}")
    require(all(v.person_id != by.person_id for v in votes), AlreadyVoted("You have voted on this already."))
    require_open(one, by)
    full = closed_to(needed_for(one), ballots(votes), side=side, role=by.role)
    require(full != Full.GIVEN, AlreadyVoted("This side has given its vote."))
    require(full is None, NotAllowed(FOR_A_LEAD))
    return side


def locked_approval(public_id: str, by: Actor) -> tuple[Approval, Run]:
    """The approval and its run, locked in the engine's order: the run first. Raises Unknown for what the actor may not know of."""
    try:
        wanted = UUID(str(public_id))
    except ValueError as error:
        raise Unknown() from error
    seen = Approval.objects.filter(public_id=wanted).first()
    if seen is None or not may_read_approval(by, seen) or not is_readable(seen.subject, by):
        raise Unknown()
    run = Run.objects.locked(pk=seen.run_id)
    return Approval.objects.locked(pk=seen.pk), run


def require_open(one: Approval, by: Actor) -> None:
    """Raises ApprovalDecidedAlready for an approval that is decided, or whose time is over."""
    require(one.state == ApprovalState.OPEN, ApprovalDecidedAlready(f"This approval is {one.state}.", state=str(one.state)))
    require(by.now() < one.expires_at, ApprovalDecidedAlready("This approval has lapsed.", state=str(ApprovalState.LAPSED)))


def require_seen(one: Approval, hash: Any) -> None:
    """Raises HashMismatch, or Invalid (`hash`), unless the hash is that of exactly what would run."""
    if not isinstance(hash, str) or not hash:
        raise Invalid("The vote names no hash.", field="hash", cure="Send the hash of the action that you saw.")
    require(hash == one.hash, HashMismatch(cure="Read the action again, and vote on the hash that it has now.", current=one.hash))


def a_reason(reason: Any, *, field: str = "reason") -> str:
    """A reason in somebody's own words. Raises Invalid."""
    why = reason.strip() if isinstance(reason, str) else ""
    require(bool(why) and "\x00" not in why, Invalid("The reason is missing.", field=field, cure="Say in a few words why."))
    longest = f"Use at most {LONGEST_REASON} characters."
    require(len(why) <= LONGEST_REASON, Invalid("The reason is too long.", field=field, cure=longest))
    return why


def _count(one: Approval, run: Run, side: Side, kind: str, why: str, before: list[Vote], by: Actor) -> None:
    given = Vote.objects.create(
        agency_id=one.agency_id,
        approval=one,
        person_id=by.person_id,
        name=by.label,
        side=side,
        role=by.role,
        vote=kind,
        hash=one.hash,
        reason=why,
        at=by.now(),
    )
    event = VoteGiven(run=str(run.public_id), about=run.subject, approval=str(one.public_id), vote=kind, voter=by.label, reason=why)
    text = f"{by.label} votes to {kind}, hash {one.hash[:8]}. {why}"
    tell(run=run, kind="vote", text=text, by=by, step_id=one.step_id, event=event)
    if kind == VoteKind.DENY:
        decide_approval(approval=one, run=run, state=ApprovalState.DENIED, reason=why, by=by)
    elif is_reached(needed_for(one), ballots([*before, given])):
        decide_approval(approval=one, run=run, state=ApprovalState.APPROVED, reason="", by=by)
