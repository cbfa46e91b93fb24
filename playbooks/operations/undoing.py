"""Taking back what a run did: asked for by a person on exactly what they saw, or begun by itself when the approved time is over."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from playbooks.definition.instants import instant
from playbooks.definition.taking_back import BUILT_IN, HASHES, LEFT, TOUCHES, WHAT
from playbooks.events import UndoBegan, UndoEnded, UndoPutOff
from playbooks.models import Frame, Run, StepAttempt, Timer, Undo
from playbooks.operations.telling import tell
from playbooks.operations.voting import HashMismatch
from playbooks.policies import may_take_back
from playbooks.queries.undoing import Found, hash_of, reversal_of, run_seen
from playbooks.states import StepState, UndoState
from tenants.actors import Actor
from tenants.errors import Conflict, Invalid, NotAllowed, require
from tenants.journal import doorbell

LONGEST_REASON = 2000
LONGEST_WAIT = timedelta(days=30)
BECAME = {StepState.OK: UndoState.DONE, StepState.FAILED: UndoState.FAILED}
LOOK = "Look at what would be taken back now, and decide again."


class NothingLeft(Conflict):
    """All of it is taken back, or is being taken back, or never could be."""

    code, title = "nothing_to_undo", "There is nothing left to take back"


def take_back(*, run: str, hash: Any, reason: Any, by: Actor, entries: Any = None) -> Run:
    """Begin to take back what an ended run did, or the `entries` (ids) of any run, as the plan with that `hash` showed it.

    People are asked once for all of it where one of the effects had asked them; who began it has no vote. Returns the run that does it.
    Raises Unknown, NotAllowed, Conflict (the run goes on), NothingLeft, HashMismatch, Invalid (`entries`, `hash`, `reason`).
    """
    with transaction.atomic():
        one = Run.objects.locked(pk=run_seen(run, by).pk)
        require(may_take_back(by, one), NotAllowed())
        chosen = _chosen(entries)
        require(
            chosen is not None or one.state_is_over,
            Conflict("The run goes on, and would do more.", cure="Cancel it, or name the entries that are to be taken back."),
        )
        reversal = reversal_of(one, locked=True).only(chosen)
        found = reversal.left
        require(bool(found) and (chosen is None or len(found) == len(set(chosen))), NothingLeft())
        check_hash(hash, found)
        return begin(run=one, found=found, why=a_reason(reason), by=by, asks=any(each.asked for each in found))


def _chosen(entries: Any) -> list[str] | None:
    if entries is None:
        return None
    fits = isinstance(entries, list) and 0 < len(entries) <= 1000 and all(isinstance(one, str) for one in entries)
    require(fits, Invalid("These are no entries.", field="entries", cure="Send a list of ids, or leave it out to mean all."))
    return list(entries)


def check_hash(hash: Any, found: Iterable[Found]) -> None:
    """Raises Invalid or HashMismatch unless `hash` names exactly what would be sent now."""
    require(
        isinstance(hash, str) and bool(hash), Invalid("No hash is named.", field="hash", cure="Send the hash of the plan that you saw.")
    )
    now_is = hash_of(found)
    require(hash == now_is, HashMismatch("What would be taken back is not what you saw.", cure=LOOK, current=now_is))


def a_reason(reason: Any) -> str:
    """A reason as it was given. Raises Invalid."""
    why = reason.strip() if isinstance(reason, str) else ""
    require(bool(why) and "\x00" not in why, Invalid("The reason is missing.", field="reason", cure="Say in a few words why."))
    cure = f"Use at most {LONGEST_REASON} characters."
    require(len(why) <= LONGEST_REASON, Invalid("The reason is too long.", field="reason", cure=cure))
    return why


def begin(*, run: Run, found: Sequence[Found], why: str, by: Actor, asks: bool, wake_at: datetime | None = None) -> Run:
    """Start the run that takes these back, once for each: they belong to it until it is over. `run` and its undos are locked."""
    with transaction.atomic():
        undos = [one.undo or register(one.attempt, by.now()) for one in found]
        texts = [one.text for one in undos]
        content = HASHES[asks]
        what = f"Take back: {'; '.join(texts)}"
        targets = dict.fromkeys(target for one in found for target in one.attempt.rendered["targets"])
        touches = f"Takes back {len(texts)} of what “{run.book.name}” did, the latest first. It touches: {', '.join(targets)}."
        doing: Run = Run.objects.create(
            agency_id=run.agency_id,
            book=run.book,
            version=run.version,
            version_hash=content,
            subject=run.subject,
            undoes=run,
            why=why,
            started_by=by.name,
            started_by_label=by.label,
            started_by_person_id=by.person_id,
            variables={"__problem__": "", LEFT: len(texts), WHAT: what[:1000], TOUCHES: touches[:1000]},
            wake_at=max(by.now(), wake_at) if wake_at else by.now(),
            started_at=by.now(),
        )
        start = BUILT_IN[content].start
        Frame.objects.create(agency_id=run.agency_id, run=doing, cursor=start, visits={start: 1})
        Undo.objects.filter(pk__in=[one.pk for one in undos]).update(state=UndoState.UNDER_WAY, undone_by=doing, ended_at=None)
        about = {"run": str(doing.public_id), "about": run.subject, "undoes": str(run.public_id), "book": run.book.name}
        tell(run=doing, kind="started", text=f"{what}. {why}", by=by, event=UndoBegan(**about, texts=tuple(texts), why=why))
        tell(run=run, kind="undo", text=f"Taking back begins: {'; '.join(texts)}. {why}", by=by)
        agency_id = run.agency_id
        transaction.on_commit(lambda: doorbell.ring("runs", agency_id))
    return doing


def register(attempt: StepAttempt, at: datetime) -> Undo:
    """Write down how an effect is taken back whose result nobody wrote down: it may have happened."""
    how = attempt.rendered["undo"]
    about = {"agency_id": attempt.agency_id, "run_id": attempt.run_id, "attempt": attempt}
    one: Undo = Undo.objects.create(**about, text=how["text"], rendered=how, at=at)
    return one


def take_back_due(*, undo: str, by: Actor) -> Run | None:
    """Begin to take back one effect whose time is over. Nobody is asked: the time was approved with the action."""
    with transaction.atomic():
        seen = Undo.objects.filter(public_id=UUID(undo)).first()
        if seen is None:
            return None
        run = Run.objects.locked(pk=seen.run_id)
        found = [one for one in reversal_of(run, locked=True).found if one.undo is not None and one.undo.pk == seen.pk]
        if not found or not found[0].is_left or found[0].undo is None or found[0].undo.state != UndoState.REGISTERED:
            return None
        due = found[0].undo.due_at
        if due is None or due > by.now():
            return None
        return begin(run=run, found=found, why="The time that was approved for it is over.", by=by, asks=False)


def put_off(*, run: str, entry: Any, until: Any, reason: Any, by: Actor) -> Undo:
    """Let an effect (its id) last longer than was approved, until a time at most thirty days ahead.

    Raises Unknown, NotAllowed, NothingLeft, Invalid (`entry`, `until`, `reason`).
    """
    with transaction.atomic():
        one = Run.objects.locked(pk=run_seen(run, by).pk)
        require(may_take_back(by, one), NotAllowed())
        found = reversal_of(one, locked=True).only([entry]).found
        require(bool(found), Invalid("The run had no such effect.", field="entry", cure="Send the id of an entry of its plan."))
        undo = found[0].undo
        lasts = undo is not None and undo.due_at is not None and undo.state == UndoState.REGISTERED
        if undo is None or not lasts:
            raise NothingLeft("Nothing takes this back by itself, or it is being taken back already.")
        at = instant(until) if isinstance(until, str) else None
        if at is None or not by.now() < at <= by.now() + LONGEST_WAIT:
            raise Invalid("The time does not fit.", field="until", cure="Send a time in UTC, in the next thirty days.")
        why = a_reason(reason)
        undo.due_at = at
        undo.save(update_fields=["due_at"])
        Timer.objects.filter(run_id=undo.run_id, purpose=f"undo:{undo.public_id}").update(due_at=at, fired_at=None)
        text = f"Taken back by itself at {at:%d %b %Y %H:%M} UTC instead: {undo.text}. {why}"
        event = UndoPutOff(run=str(one.public_id), about=one.subject, text=undo.text, until=at, reason=why)
        tell(run=one, kind="undo", text=text, by=by, step_id=found[0].attempt.step_id, event=event)
    return undo


def settle_answer(*, run: Run, attempt: StepAttempt, by: Actor) -> None:
    """What a person's answer means for an undo: what happened can be taken back, and what was taken back is. Run and attempt are locked."""
    back = attempt.rendered.get("takes_back")
    if back is not None and attempt.state in BECAME:
        state = BECAME[StepState(attempt.state)]
        undo = Undo.objects.filter(undone_by=run, attempt__effect_key=back).first()
        if undo is not None:
            undo.state, undo.ended_at = state, by.now()
            undo.save(update_fields=["state", "ended_at"])
            told = {"run": str(run.public_id), "about": run.subject, "text": undo.text, "outcome": str(state), "detail": attempt.detail}
            said = "Taken back" if state == UndoState.DONE else "Not taken back"
            tell(run=run, kind="undone", text=f"{said}: {undo.text}", by=by, step_id=attempt.step_id, event=UndoEnded(**told))
    elif attempt.state == StepState.OK and attempt.rendered.get("undo") and run.acts(attempt.step_id):
        register(attempt, by.now())


def let_go(*, run: Run, by: Actor) -> None:
    """An undoing run is cancelled: what it did not come to can be taken back by another; a call without an answer stays in doubt."""
    open_now = StepAttempt.objects.filter(run=run, kind="http", state__in=(StepState.STARTED, StepState.UNKNOWN))
    doubted = [one.rendered.get("takes_back") for one in open_now]
    mine = Undo.objects.filter(undone_by=run, state__in=(UndoState.UNDER_WAY, UndoState.IN_DOUBT))
    mine.filter(attempt__effect_key__in=doubted).update(state=UndoState.IN_DOUBT, ended_at=by.now())
    mine.filter(state=UndoState.UNDER_WAY).update(state=UndoState.REGISTERED)
