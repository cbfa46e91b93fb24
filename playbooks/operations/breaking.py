"""Breaking the glass: a watch lead runs an action without the votes that are missing, and somebody else judges that afterwards."""

from datetime import timedelta
from typing import Any

from django.db import transaction

from playbooks.events import GlassBroken, GlassReviewed
from playbooks.models import Approval, BrokenGlass, Run, Vote
from playbooks.operations.deciding import decide_approval
from playbooks.operations.refusing import remember_refusal
from playbooks.operations.telling import tell
from playbooks.operations.voting import a_reason, locked_approval, require_open, require_seen
from playbooks.policies import may_break_glass, may_review_glass
from playbooks.queries.voters import ballots, needed_for, why_not_break
from playbooks.quorum import missing
from playbooks.rendering import target_of
from playbooks.states import ApprovalState, Verdict
from tenants.actors import Actor
from tenants.errors import Conflict, DomainError, Invalid, NotAllowed, Unknown, require

REVIEW_WITHIN = timedelta(hours=24)
VERDICTS = (Verdict.JUSTIFIED, Verdict.NOT_JUSTIFIED)


class NoGlassBroken(Conflict):
    """The approval went its way; there is nothing to review."""

    code, title = "no_glass_broken", "No glass was broken here"


class GlassReviewedAlready(Conflict):
    """The review is closed."""

    code, title = "review_closed", "This was reviewed already"


def break_glass(*, approval: str, hash: Any, target: Any, reason: Any, by: Actor) -> Approval:
    """Run what an approval (its outside id) asks for at once, without the votes that are missing; it must be reviewed within 24 hours.

    `target` is the name of what the action touches, typed out. A refusal is written down beside the approval.
    Raises Unknown, NotAllowed, ApprovalDecidedAlready, HashMismatch, Invalid (`hash`, `target`, `reason`).
    """
    with transaction.atomic():
        one, run = locked_approval(approval, by)
        require(by.sees_internal_rows, Unknown())
        try:
            require(may_break_glass(by, one, run), NotAllowed(why_not_break(by, run)))
            require_open(one, by)
            require_seen(one, hash)
        except DomainError as error:
            if not isinstance(error, Invalid):
                remember_refusal(error, approval=one, hash=hash, vote="break glass", by=by)
            raise
        wanted = target_of(one.rendered, one.action)
        typed = target.strip() if isinstance(target, str) else ""
        require(typed == wanted, Invalid("That is not what it touches.", field="target", cure=f"Type exactly: {wanted}"))
        _break(one, run, typed, a_reason(reason), by)
    return one


def _break(one: Approval, run: Run, target: str, why: str, by: Actor) -> None:
    now = by.now()
    lacking = missing(needed_for(one), ballots(Vote.objects.filter(approval=one)))
    glass = BrokenGlass.objects.create(
        agency_id=one.agency_id,
        approval=one,
        target=target,
        hash=one.hash,
        missing=lacking,
        reason=why,
        broken_by_id=by.person_id,
        broken_by_name=by.label,
        at=now,
        due_at=now + REVIEW_WITHIN,
    )
    about = {"run": str(run.public_id), "about": run.subject, "approval": str(one.public_id), "action": one.action}
    event = GlassBroken(**about, missing=lacking, broken_by=by.label, reason=why, review_due_at=glass.due_at)
    text = f"{by.label} broke the glass and runs it without {lacking}: {why}. To be reviewed by {glass.due_at:%d %b %H:%M} UTC"
    tell(run=run, kind="glass", text=text, by=by, step_id=one.step_id, event=event)
    decide_approval(approval=one, run=run, state=ApprovalState.APPROVED, reason=f"{by.label} broke the glass: {why}", by=by)


def review_glass(*, approval: str, verdict: Any, note: Any, by: Actor) -> BrokenGlass:
    """Say whether breaking the glass was justified, and why; anybody of the floor but who broke it.

    Raises Unknown, NotAllowed, NoGlassBroken, GlassReviewedAlready, Invalid (`verdict`, `note`).
    """
    with transaction.atomic():
        one, run = locked_approval(approval, by)
        require(by.sees_internal_rows, Unknown())
        require(by.works_the_floor, NotAllowed())
        glass: BrokenGlass | None = BrokenGlass.objects.select_for_update().filter(approval=one).first()
        if glass is None:
            raise NoGlassBroken()
        other = NotAllowed("Who broke the glass does not review it.")
        require(may_review_glass(by, one.agency_id, glass.broken_by_id), other)
        require(glass.verdict == Verdict.OPEN, GlassReviewedAlready(f"{glass.reviewed_by_name} reviewed it."))
        one_of = Invalid("The verdict is not one of ours.", field="verdict", cure=f"Send {' or '.join(VERDICTS)}.")
        require(verdict in VERDICTS, one_of)
        glass.verdict, glass.note = verdict, a_reason(note, field="note")
        glass.reviewed_by_id, glass.reviewed_by_name, glass.reviewed_at = by.person_id, by.label, by.now()
        glass.save(update_fields=["verdict", "note", "reviewed_by", "reviewed_by_name", "reviewed_at"])
        about = {"run": str(run.public_id), "about": run.subject, "approval": str(one.public_id), "action": one.action}
        event = GlassReviewed(**about, verdict=str(verdict), reviewed_by=by.label, note=glass.note)
        said = Verdict(verdict).label.lower()
        text = f"{by.label} reviewed the broken glass: {said}. {glass.note}"
        tell(run=run, kind="reviewed", text=text, by=by, step_id=one.step_id, event=event)
    return glass
