"""What a run did that can be taken back, the latest first, and what cannot: as people see it before they decide, with its hash."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from playbooks.catalogue import describe, is_readable
from playbooks.definition.canonical import sha256_of
from playbooks.definition.taking_back import plan_of, request_back
from playbooks.models import Approval, Connector, Run, StepAttempt, Undo
from playbooks.queries.approvals import about_of
from playbooks.queries.telling import About
from playbooks.rendering import Line, lines
from playbooks.states import ApprovalState, EffectClass, RunState, StepState, UndoState
from tenants.actors import Actor
from tenants.errors import Unknown

OVER = (RunState.DONE, RunState.FAILED, RunState.STOPPED, RunState.CANCELLED)
OPEN = (StepState.STARTED, StepState.UNKNOWN)
BY_A_PERSON = "A person did it: a person takes it back."
NO_WAY = "The product knows no way back: a person takes it back there."
UNSURE = "It is not known whether it happened."


@dataclass(frozen=True)
class Found:
    """One effect of a run: the attempt that had it, how it is taken back, and the request that would."""

    attempt: StepAttempt
    undo: Undo | None  # None while the attempt has no result: it is registered when the run is cancelled
    request: dict[str, Any] | None
    asked: bool  # people were asked before it was done

    @property
    def is_left(self) -> bool:
        """Whether a run may begin to take it back now."""
        one = self.undo
        if self.request is None or one is None:
            return self.request is not None
        return one.state != UndoState.DONE and (one.undone_by is None or one.undone_by.state in OVER)

    @property
    def is_sure(self) -> bool:
        """Whether it is known that it happened."""
        return self.attempt.state == StepState.OK


@dataclass(frozen=True)
class Reversal:
    """All of that, of a run and of those that it called: the effects (the latest first), and what cannot be taken back."""

    found: tuple[Found, ...]
    stays: tuple[tuple[str, str], ...]  # what was done, and why it stays

    @property
    def left(self) -> list[Found]:
        """What a run may begin to take back now."""
        return [one for one in self.found if one.is_left]

    def only(self, entries: Iterable[str] | None) -> "Reversal":
        """Of those with these ids; all of them without."""
        wanted = None if entries is None else {str(one) for one in entries}
        return Reversal(tuple(one for one in self.found if wanted is None or str(one.attempt.public_id) in wanted), self.stays)


@dataclass(frozen=True)
class UndoLine:
    """One effect as people read it."""

    id: str
    step_id: str
    name: str  # of the step that had the effect
    text: str
    state: str
    said: str
    note: str
    due_at: datetime | None
    ended_at: datetime | None
    by: str  # who takes or took it back
    undone_by: str  # the run that does, empty when none did
    lines: tuple[Line, ...]
    effect: str
    is_left: bool
    may_wait: bool  # a person may let it last longer


@dataclass(frozen=True)
class UndoPlan:
    """What would be taken back, as it is shown before a person decides; `hash` names exactly that."""

    run: str
    about: About
    agency: str
    agency_name: str
    acronym: str
    book: str
    state: str
    is_over: bool
    hash: str
    entries: tuple[UndoLine, ...]
    stays: tuple[tuple[str, str], ...]
    asks: bool  # people are asked before it is taken back

    @property
    def left(self) -> int:
        """How many would be taken back."""
        return sum(one.is_left for one in self.entries)


def run_seen(public_id: str, reader: Actor) -> Run:
    """A run of the reader's. Raises Unknown for what they may not know of. One query and what the subject takes."""
    try:
        row = Run.objects.select_related("agency", "book").filter(public_id=UUID(str(public_id))).first()
    except ValueError as error:
        raise Unknown() from error
    if row is None or not reader.sees_internal_rows or not is_readable(row.subject, reader):
        raise Unknown()
    return row


def reversal_of(run: Run, *, locked: bool = False) -> Reversal:
    """What a run did, and those that it called. Five queries, one more for each depth of calls. Nothing of a run that takes back."""
    runs = {one.pk: one for one in tree_of(run)}
    undos = Undo.objects.select_related("undone_by").filter(run__in=runs.values()).order_by("id")
    kept = {one.attempt_id: one for one in (undos.select_for_update(of=("self",)) if locked else undos)}
    made = StepAttempt.objects.filter(run__in=runs.values(), kind__in=("http", "manual")).order_by("-id")
    made = [one for one in made if one.pk in kept or one.state in (StepState.OK, *OPEN)]
    approved = Approval.objects.filter(run__in=runs.values(), state=ApprovalState.APPROVED)
    asked = set(approved.values_list("run_id", "frame_id", "step_id", "iteration"))
    connectors = {one.name: one for one in Connector.objects.filter(agency_id=run.agency_id, enabled=True)}
    found, stays = [], []
    for one in made:
        if runs[one.run_id].undoes_id is not None or not runs[one.run_id].acts(one.step_id):
            continue
        undo = kept.get(one.pk)
        how = undo.rendered if undo is not None else one.rendered.get("undo")
        connector = connectors.get(one.rendered.get("connector", ""))
        if how and connector is not None:
            request = request_back(how, one.rendered, effect_key=one.effect_key, secret_name=connector.secret_name)
            found.append(Found(one, undo, request, (one.run_id, one.frame_id, one.step_id, one.iteration) in asked))
        elif how:
            found.append(Found(one, undo, None, False))
            stays.append((one.name, f"The agency has no product {one.rendered['connector']} connected any more."))
        elif one.effect_class != EffectClass.READ and one.state == StepState.OK:
            stays.append((one.name, BY_A_PERSON if one.kind == "manual" else NO_WAY))
    return Reversal(tuple(found), tuple(stays))


def tree_of(run: Run) -> list[Run]:
    """A run and those that its steps started, and those of theirs. One query a depth."""
    found, last = [run], [run]
    while last:
        last = list(Run.objects.filter(agency_id=run.agency_id, parent_attempt__run__in=last).order_by("id"))
        found += last
    return found


def plan_in(some: Iterable[Found]) -> dict[str, Any]:
    """Exactly what would be sent."""
    chosen = [one for one in some if one.request is not None]
    return plan_of([one.request for one in chosen if one.request is not None], [one.attempt.rendered["action"] for one in chosen])


def hash_of(some: Iterable[Found]) -> str:
    """The hash of exactly what would be sent."""
    return sha256_of(plan_in(some))


def plan_for(public_id: str, reader: Actor, *, entry: str = "") -> UndoPlan:
    """What would be taken back of a run, or one `entry` of it. Raises Unknown. Nine queries, one more for each depth of calls."""
    run = run_seen(public_id, reader)
    reversal = reversal_of(run)
    if entry:
        reversal = reversal.only([entry])
        if not reversal.found:
            raise Unknown()
    return UndoPlan(
        run=str(run.public_id),
        about=about_of(run.subject, describe([run.subject])),
        agency=run.agency.slug,
        agency_name=run.agency.name,
        acronym=run.agency.acronym,
        book=run.book.name,
        state=run.state,
        is_over=run.state_is_over,
        hash=hash_of(reversal.left),
        entries=tuple(line_of(one) for one in reversal.found),
        stays=reversal.stays,
        asks=any(one.asked for one in reversal.left),
    )


def line_of(one: Found) -> UndoLine:
    """One effect in words."""
    undo, how = one.undo, one.undo.rendered if one.undo is not None else one.attempt.rendered["undo"]
    state = UndoState(undo.state) if undo is not None else UndoState.REGISTERED
    by = undo.undone_by if undo is not None else None
    shown = one.request or {}
    return UndoLine(
        id=str(one.attempt.public_id),
        step_id=one.attempt.step_id,
        name=one.attempt.name,
        text=how["text"],
        state=str(state),
        said=str(state.label),
        note="" if one.is_sure else UNSURE,
        due_at=undo.due_at if undo is not None else None,
        ended_at=undo.ended_at if undo is not None else None,
        by=by.started_by_label if by is not None else "",
        undone_by=str(by.public_id) if by is not None else "",
        lines=lines(shown),
        effect=str(EffectClass(how["effect"]).label),
        is_left=one.is_left,
        may_wait=undo is not None and undo.due_at is not None and undo.state == UndoState.REGISTERED,
    )
