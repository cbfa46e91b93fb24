"""Publishing books: a version for each new content, never changed afterwards, and the rules that start them."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from django.db import transaction

from playbooks.catalogue import action_names
from playbooks.definition.canonical import canonical
from playbooks.definition.checking import check
from playbooks.definition.conditions import ConditionSyntax, read
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
        errors = [one for one in check(document, action_names() or None) if one.severity == "error"]
        if errors:
            said = [{"code": one.code, "pointer": one.pointer, "message": one.message} for one in errors]
            raise Invalid(
                f"The book has {len(errors)} errors: {errors[0].message}",
                field="document",
                cure="Correct them and publish again.",
                findings=said,
            )
        text = canonical(document)
        content_hash = sha256(text.encode()).hexdigest()
        facts = {"name": document["name"], "description": document.get("description", ""), "cacao_id": document["id"]}
        book, _ = Book.objects.select_for_update().get_or_create(slug=slug, defaults={**facts, "created_at": by.now()})
        known = Version.objects.filter(book=book, content_hash=content_hash).first()
        if known is not None:
            return known, False
        for name, value in facts.items():
            setattr(book, name, value)
        book.save()
        number = Version.objects.filter(book=book).count() + 1
        version = Version.objects.create(
            book=book, number=number, content_hash=content_hash, canonical=text, published_at=by.now(), published_by=by.name
        )
    return version, True


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
