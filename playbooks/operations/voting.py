"""Voting on exactly what will run."""

from typing import Any
from uuid import UUID

from django.db import transaction

from playbooks.catalogue import is_readable
from playbooks.events import VoteGiven
from playbooks.models import Approval, Run, Vote
from playbooks.operations.deciding import decide_approval
from playbooks.operations.telling import tell
from playbooks.policies import may_read_approval, side_of
from playbooks.states import ApprovalState, Side, VoteKind
from tenants.actors import Actor
from tenants.errors import Conflict, Invalid, NotAllowed, Unknown, require

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

    One vote of the floor, by someone who did not start the run by hand, and the agency's consent: a standing one, or its
    liaison's vote. Raises Unknown (404), NotAllowed (403), ApprovalDecidedAlready, AlreadyVoted, HashMismatch (409),
    Invalid (422: `hash`, `vote`, `reason`).
    """
    with transaction.atomic():
        one, run = _locked(approval, by)
        side = side_of(by, one, run)
        if side is None:
            raise NotAllowed("You may see this approval, but not vote on it.")
        votes = list(Vote.objects.filter(approval=one))
        require(all(v.person_id != by.person_id for v in votes), AlreadyVoted("You have voted on this already."))
        require(one.state == ApprovalState.OPEN, ApprovalDecidedAlready(f"This approval is {one.state}.", state=str(one.state)))
        require(by.now() < one.expires_at, ApprovalDecidedAlready("This approval has lapsed.", state=str(ApprovalState.LAPSED)))
        require(all(v.side != side for v in votes), AlreadyVoted("This side has given its vote."))
        if isinstance(hash, str) and hash:
            require(hash == one.hash, HashMismatch(cure="Read the action again, and vote on the hash that it has now.", current=one.hash))
        else:
            raise Invalid("The vote names no hash.", field="hash", cure="Send the hash of the action that you saw.")
        require(vote in VoteKind.values, Invalid("The vote is not one of ours.", field="vote", cure="Send approve or deny."))
        why = reason.strip() if isinstance(reason, str) else ""
        require(bool(why) and "\x00" not in why, Invalid("The reason is missing.", field="reason", cure="Say in a few words why."))
        require(
            len(why) <= LONGEST_REASON, Invalid("The reason is too long.", field="reason", cure=f"Use at most {LONGEST_REASON} characters.")
        )
        _count(one, run, side, vote, why, votes, by)
    return one


def _locked(public_id: str, by: Actor) -> tuple[Approval, Run]:
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


def _count(one: Approval, run: Run, side: Side, kind: str, why: str, before: list[Vote], by: Actor) -> None:
    Vote.objects.create(
        agency_id=one.agency_id,
        approval=one,
        person_id=by.person_id,
        name=by.label,
        side=side,
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
        return
    given = {v.side for v in before} | {side}
    needed = {Side.FLOOR, Side.LIAISON} if one.asks_agency else {Side.FLOOR}
    if needed <= given:
        decide_approval(approval=one, run=run, state=ApprovalState.APPROVED, reason="", by=by)
