"""A draft becomes a version of its book: by an admin, with what changed in words, and only over the version that it was written from."""

from django.db import transaction

from playbooks.definition.canonical import canonical
from playbooks.definition.editing.beginnings import as_version
from playbooks.models import Draft, Version
from playbooks.operations.drafting import document_of, locked, written_at
from playbooks.operations.publishing import import_book
from playbooks.policies import may_publish_draft, may_rebase_draft
from playbooks.states import DraftStage
from tenants.actors import Actor
from tenants.errors import Conflict, Invalid, require

LONGEST_NOTE = 2000


def publish_draft(*, draft: str, version: int | None, note: str, by: Actor) -> Draft:
    """Publish a draft as the newest version of its book; its author counts as who wrote it.

    Raises Unknown, NotAllowed, Conflict (also when the book has a newer version than the draft's base), VersionRequired, Stale,
    Invalid with every finding.
    """
    with transaction.atomic():
        row = locked(draft, version, may_publish_draft, by)
        said = note.strip()
        cure = f"Say in a sentence what this version changes, in up to {LONGEST_NOTE} letters."
        require(0 < len(said) <= LONGEST_NOTE, Invalid("There is no note of what changed.", field="note", cure=cure))
        document = document_of(row)
        newest = newest_beside(row, str(document.get("id")))
        require(newest is None or newest.pk == row.base_id, _moved(newest))
        raw = canonical(as_version(document, written_at(by.now()))).encode()
        made = import_book(raw=raw, written_by=row.author_id, by=by)
        row.state, row.made, row.note = DraftStage.PUBLISHED, made.version, said
        row.changed_at, row.version = by.now(), row.version + 1
        row.save()
    return row


def newest_beside(draft: Draft, cacao_id: str) -> Version | None:
    """The version of the draft's book that runs begin with now; one query."""
    return Version.objects.select_related("book").filter(book__cacao_id=cacao_id).order_by("-modified", "-number").first()


def _moved(newest: Version | None) -> Conflict:
    number = newest.number if newest else 0
    cure = "Read both differences below, mend the draft, or take the newer version as its base and publish then."
    return Conflict(f"Version {number} of the book came out since this draft was begun.", field="base", cure=cure)


def take_new_base(*, draft: str, version: int | None, by: Actor) -> Draft:
    """Say that the newest version of the book was read, and that the draft is meant in its place.

    Raises Unknown, NotAllowed, Conflict, VersionRequired, Stale.
    """
    with transaction.atomic():
        row = locked(draft, version, may_rebase_draft, by)
        row.base = newest_beside(row, str(document_of(row).get("id")))
        row.changed_at, row.version = by.now(), row.version + 1
        row.save()
    return row
