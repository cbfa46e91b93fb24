"""Writing a book: drafts begin, change, take changes back, and are given up."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Max, Min

from playbooks.definition.canonical import canonical
from playbooks.definition.editing.beginnings import as_draft, blank, workable
from playbooks.definition.editing.desk import UnfitEdit
from playbooks.definition.editing.edits import BOOK, edited, fields_at
from playbooks.definition.exchange import kept
from playbooks.definition.findings import Finding
from playbooks.definition.reading import document_in
from playbooks.models import Draft, DraftState, Version
from playbooks.policies import may_change_draft, may_discard_draft, may_draft
from playbooks.states import DraftStage
from tenants.actors import Actor
from tenants.errors import Conflict, Invalid, NotAllowed, Stale, TooLarge, Unknown, VersionRequired, require

KEPT_STATES = 60
MOST_BYTES = 512 * 1024
# Saves of the same fields within this time are one change, to be taken back at once.
ONE_CHANGE = timedelta(seconds=60)


def identifier(kind: str) -> str:
    """A new identifier of CACAO."""
    return f"{kind}--{uuid4()}"


def written_at(at: datetime) -> str:
    """A time as CACAO writes it, with three decimals."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"


def begin_blank(*, name: str, by: Actor) -> Draft:
    """A draft of a new book: it begins, asks for one thing, and ends. Raises NotAllowed, Invalid."""
    require(may_draft(by), NotAllowed())
    called = " ".join(name.split())
    require(0 < len(called) <= 160, Invalid("The book has no name yet.", field="name", cure="Write a name of up to 160 letters."))
    return _begin(blank(called, identifier, written_at(by.now())), None, "A new book", by)


def begin_from_version(*, book: str, by: Actor) -> Draft:
    """A draft of the next version of a book, from the one that runs begin with. Raises NotAllowed, Unknown, Invalid."""
    require(may_draft(by), NotAllowed())
    newest = Version.objects.select_related("book").filter(book__slug=book).order_by("-modified", "-number").first()
    require(newest is not None, Unknown())
    assert newest is not None
    return _begin(kept(newest.canonical), newest, f"From version {newest.number}", by)


def begin_from_draft(*, draft: str, by: Actor) -> Draft:
    """A draft of one's own with what another's holds. Raises NotAllowed, Unknown."""
    require(may_draft(by), NotAllowed())
    other = Draft.objects.select_related("base").filter(public_id=_uuid(draft)).first()
    require(other is not None, Unknown())
    assert other is not None
    return _begin(document_of(other), other.base, f"From a draft of {other.author}", by)


def begin_from_file(*, raw: bytes, yaml: bool = False, by: Actor) -> Draft:
    """A draft of what a file holds, whatever the check finds in it. Raises NotAllowed, Invalid with what keeps it from being read."""
    require(may_draft(by), NotAllowed())
    document, findings = document_in(raw, yaml=yaml)
    _refuse(findings)
    problem = workable(document)
    require(not problem, Invalid(problem, field="file", cure="Choose a file with a CACAO 2.0 playbook."))
    base = Version.objects.filter(book__cacao_id=document["id"]).order_by("-modified", "-number").first()
    return _begin(document, base, "From a file", by)


def _refuse(findings: Sequence[Finding]) -> None:
    if findings:
        told = [asdict(one) for one in findings]
        raise Invalid(findings[0].message, field="file", cure="Correct the file and choose it again.", findings=told)


def _begin(given: Mapping[str, Any], base: Version | None, said: str, by: Actor) -> Draft:
    document = as_draft(given)
    text = _text(document)
    assert by.person_id is not None  # may_draft
    with transaction.atomic():
        draft = Draft.objects.create(
            name=_name(document), author_id=by.person_id, base=base, content_hash=_hash(text), created_at=by.now(), changed_at=by.now()
        )
        DraftState.objects.create(draft=draft, number=1, canonical=text, said=said, part=BOOK, at=by.now())
    return draft


def _text(document: Mapping[str, Any]) -> str:
    text = canonical(document)
    cure = "Move a part of it to a playbook of its own."
    require(len(text.encode()) <= MOST_BYTES, TooLarge(f"The book is larger than {MOST_BYTES // 1024} KiB.", field="document", cure=cure))
    return text


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _name(document: Mapping[str, Any]) -> str:
    return str(document.get("name") or "Without a name")[:160]


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Unknown() from error


def document_of(draft: Draft) -> dict[str, Any]:
    """The document that a draft stands at; one query."""
    text = DraftState.objects.values_list("canonical", flat=True).get(draft=draft, number=draft.at)
    found: dict[str, Any] = kept(text)
    return found


def locked(public_id: str, version: int | None, allowed: Callable[[Actor, Draft], bool], by: Actor) -> Draft:
    """The draft, locked, if it is open and as the caller saw it. Raises Unknown, NotAllowed, VersionRequired, Conflict, Stale."""
    draft = Draft.objects.select_for_update(of=("self",)).select_related("base").filter(public_id=_uuid(public_id)).first()
    require(draft is not None, Unknown())
    assert draft is not None
    require(allowed(by, draft), NotAllowed())
    if version is None:
        raise VersionRequired()
    require(draft.state == DraftStage.OPEN, Conflict("The draft is no longer under work.", cure="Begin a new one from it."))
    cure = "Yours is still in the form. Send it again to put it in the place of what stands there now."
    require(draft.version == version, Stale("The draft was changed since this page was shown.", field="version", cure=cure))
    return draft


@dataclass(frozen=True)
class Changed:
    """A draft after a change: what was done (empty when nothing was), and the part that is looked at next."""

    draft: Draft
    said: str
    part: str


def change(*, draft: str, version: int | None, part: str, data: Mapping[str, Sequence[str]], do: str, by: Actor) -> Changed:
    """Write what a form of the draft sent, and do what its button says; `undo` and `redo` take changes back and make them again.

    Raises Unknown, NotAllowed, Conflict, VersionRequired, Stale, Invalid.
    """
    with transaction.atomic():
        row = locked(draft, version, may_change_draft, by)
        if do in ("undo", "redo"):
            return _turn(row, do, by)
        state = DraftState.objects.get(draft=row, number=row.at)
        try:
            done = edited(kept(state.canonical), part=part, data=data, do=do, new=identifier, now=written_at(by.now()))
        except UnfitEdit as error:
            raise Invalid(str(error), field=error.field, cure=error.cure) from error
        text = _text(done.document)
        if text == state.canonical:
            return Changed(row, "", done.part)
        said = done.said[:300]
        if not _same_change(row, state, said, done.part, by):
            row.states.filter(number__gt=row.at).delete()
            row.at += 1
            row.states.filter(number__lte=row.at - KEPT_STATES).delete()
            state = DraftState(draft=row, number=row.at, said=said, part=done.part)
        state.canonical, state.at = text, by.now()
        state.save()
        _stand(row, text, done.document, by)
    return Changed(row, said, done.part)


def _same_change(draft: Draft, state: DraftState, said: str, part: str, by: Actor) -> bool:
    """Whether a save goes on with the change before it: the same fields of the same part, a moment later."""
    goes_on = state.number > 1 and said.endswith(" changed") and (state.said, state.part) == (said, part)
    return goes_on and by.now() - state.at < ONE_CHANGE and not draft.states.filter(number__gt=draft.at).exists()


def _stand(draft: Draft, text: str, document: Mapping[str, Any], by: Actor) -> None:
    draft.version += 1
    draft.content_hash, draft.name, draft.changed_at = _hash(text), _name(document), by.now()
    draft.save()


def _turn(draft: Draft, do: str, by: Actor) -> Changed:
    ends = draft.states.aggregate(first=Min("number"), last=Max("number"))
    if do == "undo":
        require(draft.at > ends["first"], Conflict("There is no earlier state.", cure="Go on from here."))
        told = draft.states.get(number=draft.at)
        draft.at -= 1
    else:
        require(draft.at < ends["last"], Conflict("There is no later state.", cure="Go on from here."))
        draft.at += 1
        told = draft.states.get(number=draft.at)
    state = draft.states.get(number=draft.at)
    document = kept(state.canonical)
    _stand(draft, state.canonical, document, by)
    word = "Taken back" if do == "undo" else "Done again"
    try:
        fields_at(document, told.part)
    except KeyError:
        return Changed(draft, f"{word}: {told.said}", state.part)
    return Changed(draft, f"{word}: {told.said}", told.part)


def discard(*, draft: str, version: int | None, by: Actor) -> Draft:
    """Give a draft up. It is kept, and no longer worked on. Raises Unknown, NotAllowed, Conflict, VersionRequired, Stale."""
    with transaction.atomic():
        row = locked(draft, version, may_discard_draft, by)
        row.state, row.changed_at, row.version = DraftStage.DISCARDED, by.now(), row.version + 1
        row.save()
    return row
