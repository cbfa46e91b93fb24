"""Publishing books: a version for each new content, never changed afterwards, and the rules that start them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from django.db import connection, transaction

from playbooks.catalogue import action_names
from playbooks.definition.canonical import canonical
from playbooks.definition.checking import check, checked
from playbooks.definition.conditions import ConditionSyntax, read
from playbooks.definition.exchange import kept
from playbooks.definition.findings import ERROR, Finding
from playbooks.definition.layout import as_it_was
from playbooks.definition.versions import Beside, modified_in, same_as, slug_for, standing_of
from playbooks.library import BOOKS, TRIGGERS, Trigger, text_of
from playbooks.models import Book, TriggerRule, Version
from playbooks.policies import may_publish
from tenants.actors import Actor
from tenants.errors import Invalid, NotAllowed, require


def publish(*, slug: str, document: Mapping[str, Any], by: Actor) -> tuple[Version, bool]:
    """Store a document as the book's newest version; the same content again is no new one. Returns the version and whether it is new.

    Raises NotAllowed, Invalid with the findings of the check.
    """
    with transaction.atomic():
        require(may_publish(by), NotAllowed())
        _refuse(check(document, action_names() or None))
        named = {"cacao_id": document["id"], "name": _name_in(document), "created_at": by.now()}
        book, _ = Book.objects.select_for_update().get_or_create(slug=slug, defaults=named)
        return _keep(book, document, by)


@dataclass(frozen=True)
class Imported:
    """What became of a file: its version, whether that is new, and every finding about it (none of them an error)."""

    version: Version
    new: bool
    findings: tuple[Finding, ...]


def import_book(*, raw: bytes, yaml: bool = False, lenient: bool = False, written_by: int | None = None, by: Actor) -> Imported:
    """Publish the document that a file holds: as a version of the book with its id, or as a new book. It is kept whole, as it was given.

    A version is named by `id` and `modified` (CACAO 2.0, versioning): the same one with another content is refused, in lenient mode kept
    beside the first; an older one is kept, and runs go on beginning with the newest. `written_by` is the person who wrote it, where that is
    another than who publishes it. Raises NotAllowed, Invalid with every finding.
    """
    with transaction.atomic():
        require(may_publish(by), NotAllowed())
        given, findings = checked(raw, yaml=yaml, actions=action_names() or None, lenient=lenient)
        _refuse(findings)
        document = as_it_was(given)
        _one_at_a_time()
        uuid = document["id"].partition("--")[2]
        slug = slug_for(document["name"], uuid, set(Book.objects.values_list("slug", flat=True)))
        named = {"slug": slug, "name": _name_in(document), "created_at": by.now()}
        book, _ = Book.objects.select_for_update().get_or_create(cacao_id=document["id"], defaults=named)
        beside = [_beside(one) for one in Version.objects.filter(book=book)]
        known = same_as(document, beside)
        if known is not None:
            return Imported(Version.objects.select_related("book").get(book=book, number=known), False, tuple(findings))
        findings = [*findings, *standing_of(document, beside, lenient=lenient)]
        _refuse(findings)
        version, new = _keep(book, document, by, written_by)
    return Imported(version, new, tuple(findings))


def _one_at_a_time() -> None:
    """Imports wait for each other, so that two books of one name do not both take it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('import of books', 0))")


def _beside(version: Version) -> Beside:
    return Beside(version.number, version.modified, kept(version.canonical))


def _refuse(findings: Iterable[Finding]) -> None:
    """Raises Invalid with every finding when one of them is an error."""
    found = list(findings)
    errors = [one for one in found if one.severity == ERROR]
    if errors:
        count = "an error" if len(errors) == 1 else f"{len(errors)} errors"
        raise Invalid(
            f"The book has {count}: {errors[0].message}",
            field="document",
            cure="Correct what is named and try again.",
            findings=[asdict(one) for one in found],
        )


def _keep(book: Book, document: Mapping[str, Any], by: Actor, written_by: int | None = None) -> tuple[Version, bool]:
    text = canonical(document)
    content_hash = sha256(text.encode()).hexdigest()
    versions = list(Version.objects.select_related("book").filter(book=book).order_by("modified", "number"))
    known = next((one for one in versions if one.content_hash == content_hash), None)
    if known is not None:
        return known, False
    modified = modified_in(document)
    if not versions or modified >= versions[-1].modified:
        book.name, book.description, book.cacao_id = _name_in(document), document.get("description", ""), document["id"]
        book.save()
    version = Version.objects.create(
        book=book,
        number=len(versions) + 1,
        content_hash=content_hash,
        canonical=text,
        modified=modified,
        published_at=by.now(),
        published_by=by.label,
        published_by_person_id=written_by or by.person_id,
    )
    return version, True


def _name_in(document: Mapping[str, Any]) -> str:
    longest = Book._meta.get_field("name").max_length
    return str(document["name"])[:longest]


def set_trigger(*, trigger: Trigger, by: Actor) -> TriggerRule:
    """Store a trigger rule under its slug. Raises NotAllowed, Invalid when its condition cannot be read."""
    with transaction.atomic():
        require(may_publish(by), NotAllowed())
        try:
            read(trigger.condition)
        except ConditionSyntax as error:
            raise Invalid(f"The condition cannot be read: {error}", field="condition", cure="Correct the condition.") from error
        book = Book.objects.get(slug=trigger.book)
        told = {"book": book, "name": trigger.name, "about": trigger.about, "condition": trigger.condition, "why": trigger.why}
        told["urgent"] = trigger.urgent
        rule, _ = TriggerRule.objects.update_or_create(slug=trigger.slug, defaults=told, create_defaults={**told, "created_at": by.now()})
    return rule


def publish_library(*, by: Actor) -> list[tuple[Version, bool]]:
    """Publish every book that comes with the product, and its trigger rules. Safe to repeat. In a central scope. Raises NotAllowed."""
    with transaction.atomic():
        require(may_publish(by), NotAllowed())
        published = [publish(slug=slug, document=json.loads(text_of(file)), by=by) for slug, file in BOOKS.items()]
        for trigger in TRIGGERS:
            set_trigger(trigger=trigger, by=by)
    return published
