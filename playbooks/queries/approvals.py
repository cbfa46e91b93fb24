"""Every read of approvals: the inbox, one approval, pages of them."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db.models import F

from playbooks.catalogue import describe, find_subject, is_readable, readable_of
from playbooks.models import Approval, BrokenGlass, RefusedVote, Vote
from playbooks.policies import may_break_glass, may_read_approval, side_of
from playbooks.queries.glasses import glass_of
from playbooks.queries.telling import About, ApprovalPage, ApprovalView, Glass, Inbox, Need, Refused, SoFar, Voter
from playbooks.queries.undos import so_far
from playbooks.queries.voters import FOR_A_LEAD, ballots, needed_for, why_no_side
from playbooks.quorum import Full, closed_to, sides
from playbooks.rendering import lines, target_of
from playbooks.states import ApprovalState, EffectClass, Side, Verdict
from tenants.actors import Actor
from tenants.errors import Invalid, Unknown, require
from tenants.queries.paging import PAGE_SIZE, page_of

NO_SUBJECT = "nothing:0"
MOST_REFUSED = 20
MOST_GLASSES = 100


def visible(reader: Actor) -> Any:
    """The approvals that the reader may know of, before the subject is asked; a queryset."""
    return whole().filter(asks_agency=True) if reader.speaks_for_an_agency else whole()


def whole() -> Any:
    """Approvals with all that `views` tells of them; a queryset."""
    rows = Approval.objects.select_related("agency", "run__book", "run__version", "consent").defer("run__version__canonical")
    return rows.annotate(author=F("run__version__published_by_person__name"))


def inbox(reader: Actor) -> Inbox:
    """Open approvals of the reader's agencies, at most 200; four queries, one more for a liaison. A watch lead's begin with those that
    the watch leads were told of."""
    rows = list(visible(reader).filter(state=ApprovalState.OPEN).order_by("expires_at", "id")[:200])
    told = views(_readable(rows, reader), reader)
    mine = [one for one in told if one.may_vote]
    if reader.leads_the_watch:
        mine.sort(key=lambda one: not one.escalated)
    return Inbox(tuple(mine), tuple(one for one in told if not one.may_vote))


def decided_lately(reader: Actor, *, most: int = 50) -> tuple[ApprovalView, ...]:
    """The latest approvals that are no longer open."""
    rows = visible(reader).exclude(state=ApprovalState.OPEN).order_by("-decided_at", "-id")[:most]
    return views(_readable(rows, reader), reader)


def glasses_to_review(reader: Actor) -> tuple[Glass, ...]:
    """Broken glasses of the reader's agencies whose review is open, the one that is due first before; two queries at most, one more
    for a liaison."""
    rows = list(BrokenGlass.objects.select_related("approval__agency").filter(verdict=Verdict.OPEN).order_by("due_at", "id")[:MOST_GLASSES])
    if rows and reader.speaks_for_an_agency:
        known = readable_of((row.approval.subject for row in rows), reader)
        rows = [row for row in rows if row.approval.subject in known]
    told = describe([row.approval.subject for row in rows]) if rows else {}
    return tuple(glass_of(row, row.approval, about_of(row.approval.subject, told), reader) for row in rows)


def approval_of(public_id: str, reader: Actor) -> ApprovalView:
    """One approval, with the votes on it that were refused. Raises Unknown for what the reader may not know of. Four queries at most."""
    try:
        row = visible(reader).filter(public_id=UUID(str(public_id))).first()
    except ValueError as error:
        raise Unknown() from error
    if row is None or not may_read_approval(reader, row) or not is_readable(row.subject, reader):
        raise Unknown()
    refused = RefusedVote.objects.filter(approval=row).order_by("-id")[:MOST_REFUSED]
    told = so_far([row.run_id], reader)[row.run_id]
    return replace(views([row], reader)[0], so_far=told, refused=tuple(Refused(one.name, one.vote, one.why, one.at) for one in refused))


def approvals_page(*, reader: Actor, case: str = "", state: str = "", cursor: str = "") -> ApprovalPage:
    """A page of approvals, the newest first, by case number and state. Raises Invalid for an unknown state or a foreign cursor."""
    rows = visible(reader)
    if state:
        require(
            state in ApprovalState.values,
            Invalid("There is no such state.", field="state", cure=f"Use one of {', '.join(ApprovalState.values)}."),
        )
        rows = rows.filter(state=state)
    if case:
        rows = rows.filter(subject=find_subject("case", case, reader) or NO_SUBJECT)
    shown, after = readable_page(rows, reader, cursor, order=("-asked_at", "-id"))
    told = so_far([row.run_id for row in shown], reader)
    seen = zip(views(shown, reader), shown, strict=True)
    return ApprovalPage(tuple(replace(view, so_far=told[row.run_id]) for view, row in seen), after)


def readable_page(rows: Any, reader: Actor, cursor: str, *, order: tuple[str, ...]) -> tuple[list[Any], str | None]:
    """A full page of rows whose subject the reader may know of, so that no short page tells of others."""
    shown: list[Any] = []
    while True:
        some, after = page_of(rows, order=order, cursor=cursor, size=PAGE_SIZE - len(shown))
        shown += _readable(some, reader)
        if after is None or len(shown) >= PAGE_SIZE:
            return shown, after
        cursor = after


def _readable(rows: Iterable[Any], reader: Actor) -> list[Any]:
    rows = list(rows)
    if not reader.speaks_for_an_agency:
        return rows
    known = readable_of((row.subject for row in rows), reader)
    return [row for row in rows if row.subject in known]


def about_of(subject: str, told: dict[str, dict[str, str]]) -> About:
    """What a subject is called, empty where the floor above knows nothing of it."""
    one = told.get(subject, {})
    return About(subject, one.get("number", ""), one.get("title", ""), one.get("severity", ""))


def views(rows: Iterable[Any], reader: Actor) -> tuple[ApprovalView, ...]:
    """Approvals as told to a reader; two queries for all, one more where some were approved. `rows` are of `whole()`."""
    rows = list(rows)
    votes: dict[int, list[Vote]] = {}
    for one in Vote.objects.filter(approval__in=rows).order_by("id") if rows else ():
        votes.setdefault(one.approval_id, []).append(one)
    told = describe([row.subject for row in rows]) if rows else {}
    broken = [row.pk for row in rows if row.state == ApprovalState.APPROVED]
    glasses = {one.approval_id: one for one in BrokenGlass.objects.filter(approval__in=broken)} if broken else {}
    found = []
    for row in rows:
        about, one = about_of(row.subject, told), glasses.get(row.pk)
        glass = glass_of(one, row, about, reader) if one is not None else None
        found.append(_view(row, votes.get(row.pk, []), about, glass, reader))
    return tuple(found)


def _view(row: Any, votes: list[Vote], about: About, glass: Glass | None, reader: Actor) -> ApprovalView:
    why_not = _why_not(row, votes, reader)
    liaison = reader.speaks_for_an_agency
    consent = (
        ""
        if row.consent is None
        else f"Standing consent of {row.agency.acronym}, given by {row.consent.given_by_name} on {row.consent.given_at:%d %b %Y}"
    )
    return ApprovalView(
        id=str(row.public_id),
        run=str(row.run.public_id),
        about=about,
        agency=row.agency.slug,
        agency_name=row.agency.name,
        acronym=row.agency.acronym,
        book=row.run.book.name,
        step_id=row.step_id,
        action=row.action,
        action_name=row.action_name,
        rendered=row.rendered,
        lines=lines(row.rendered),
        hash=row.hash,
        touches=row.touches,
        undo_text=row.undo_text,
        effect=str(EffectClass(row.rendered["effect"]).label),
        state=row.state,
        reason=row.reason,
        asked_at=row.asked_at,
        expires_at=row.expires_at,
        decided_at=row.decided_at,
        seconds_asked=int((row.expires_at - row.asked_at).total_seconds()),
        needs=tuple(Need(side, given) for side, given in sides(needed_for(row), ballots(votes))),
        votes=tuple(Voter(one.name, one.side, one.vote, one.reason, one.at, one.role) for one in votes),
        consent=consent,
        started_by="" if liaison else row.run.started_by_label,
        may_vote=not why_not,
        why_not=why_not,
        lasts=int((row.rendered.get("undo") or {}).get("after", 0)) or None,
        so_far=SoFar(),
        floor_votes=row.floor_votes,
        escalated=row.reminded_at is not None,
        author="" if liaison else row.author or "",
        target=target_of(row.rendered, row.action),
        may_break=_is_open(row, reader) and may_break_glass(reader, row, row.run),
        glass=glass,
    )


def _is_open(row: Any, reader: Actor) -> bool:
    return bool(row.state == ApprovalState.OPEN and reader.now() < row.expires_at)


def _why_not(row: Any, votes: list[Vote], reader: Actor) -> str:
    if row.state != ApprovalState.OPEN:
        return f"This approval is {ApprovalState(row.state).label.lower()}."
    if not _is_open(row, reader):
        return "Its time is over."
    if any(one.person_id == reader.person_id for one in votes):
        return "You have voted."
    side = side_of(reader, row, row.run)
    if side is None:
        return why_no_side(reader, row.run)
    full = closed_to(needed_for(row), ballots(votes), side=side, role=reader.role)
    if full == Full.GIVEN:
        return "The watch floor has voted." if side == Side.FLOOR else "The agency has voted."
    return FOR_A_LEAD if full is not None else ""
