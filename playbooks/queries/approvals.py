"""Every read of approvals: the inbox, one approval, pages of them."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from playbooks.catalogue import describe, find_subject, is_readable, readable_of
from playbooks.models import Approval, Vote
from playbooks.policies import may_read_approval, side_of
from playbooks.queries.telling import About, ApprovalPage, ApprovalView, Inbox, Need, Voter
from playbooks.rendering import lines
from playbooks.states import ApprovalState, EffectClass, Side
from tenants.actors import Actor
from tenants.errors import Invalid, Unknown, require
from tenants.queries.paging import PAGE_SIZE, page_of

NO_SUBJECT = "nothing:0"


def visible(reader: Actor) -> Any:
    """The approvals that the reader may know of, before the subject is asked; a queryset."""
    rows = Approval.objects.select_related("agency", "run__book", "consent")
    return rows.filter(asks_agency=True) if reader.speaks_for_an_agency else rows


def inbox(reader: Actor) -> Inbox:
    """Open approvals of the reader's agencies, at most 200; four queries, one more for a liaison."""
    rows = list(visible(reader).filter(state=ApprovalState.OPEN).order_by("expires_at", "id")[:200])
    told = views(_readable(rows, reader), reader)
    return Inbox(tuple(one for one in told if one.may_vote), tuple(one for one in told if not one.may_vote))


def decided_lately(reader: Actor, *, most: int = 50) -> tuple[ApprovalView, ...]:
    """The latest approvals that are no longer open."""
    rows = visible(reader).exclude(state=ApprovalState.OPEN).order_by("-decided_at", "-id")[:most]
    return views(_readable(rows, reader), reader)


def approval_of(public_id: str, reader: Actor) -> ApprovalView:
    """One approval. Raises Unknown for what the reader may not know of. Three queries."""
    try:
        row = visible(reader).filter(public_id=UUID(str(public_id))).first()
    except ValueError as error:
        raise Unknown() from error
    if row is None or not may_read_approval(reader, row) or not is_readable(row.subject, reader):
        raise Unknown()
    return views([row], reader)[0]


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
    return ApprovalPage(views(shown, reader), after)


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
    """Approvals as told to a reader; two queries for all. `rows` carry agency, run, book and consent."""
    rows = list(rows)
    votes: dict[int, list[Vote]] = {}
    for one in Vote.objects.filter(approval__in=rows).order_by("id") if rows else ():
        votes.setdefault(one.approval_id, []).append(one)
    told = describe([row.subject for row in rows]) if rows else {}
    return tuple(_view(row, votes.get(row.pk, []), about_of(row.subject, told), reader) for row in rows)


def _view(row: Any, votes: list[Vote], about: About, reader: Actor) -> ApprovalView:
    given = {one.side for one in votes if one.vote == "approve"}
    sides = [Side.FLOOR, Side.LIAISON] if row.asks_agency else [Side.FLOOR]
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
        needs=tuple(Need(str(side), side in given) for side in sides),
        votes=tuple(Voter(one.name, one.side, one.vote, one.reason, one.at) for one in votes),
        consent=consent,
        started_by="" if liaison else row.run.started_by_label,
        may_vote=not why_not,
        why_not=why_not,
    )


def _why_not(row: Any, votes: list[Vote], reader: Actor) -> str:
    if row.state != ApprovalState.OPEN:
        return f"This approval is {ApprovalState(row.state).label.lower()}."
    if any(one.person_id == reader.person_id for one in votes):
        return "You have voted."
    side = side_of(reader, row, row.run)
    if side is None:
        started = reader.works_the_floor and reader.person_id == row.run.started_by_person_id
        return "You started this run by hand, so another person votes." if started else "Your role does not vote."
    if any(one.side == side for one in votes):
        return "The watch floor has voted." if side == Side.FLOOR else "The agency has voted."
    return ""
