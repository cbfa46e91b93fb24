"""Books, their versions, and the compiled graph of a version."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from playbooks.definition.graph import Graph, compiled
from playbooks.definition.instants import instant
from playbooks.definition.taking_back import BUILT_IN
from playbooks.models import Book, TriggerRule, Version
from playbooks.states import RuleMode


class ContentChanged(RuntimeError):
    """A stored version no longer has the content that its hash names."""


@lru_cache(maxsize=128)
def _graph(content_hash: str, canonical: str) -> Graph:
    if sha256(canonical.encode()).hexdigest() != content_hash:
        raise ContentChanged(content_hash)
    return compiled(json.loads(canonical))


def graph_of(version: Version, wanted: str) -> Graph:
    """The graph of a version that a run began with. Raises ContentChanged when the content is not the one of `wanted`. No query."""
    return BUILT_IN.get(wanted) or _graph(wanted, version.canonical)


MOST_GRAPHS = 128
_graphs: dict[str, Graph] = {}


def graph_at(wanted: str, text: Callable[[], str]) -> Graph:
    """The graph of the content with that hash; `text` is asked only when this process has not read it yet. Raises ContentChanged."""
    known = BUILT_IN.get(wanted) or _graphs.get(wanted)
    if known is None:
        known = _graph(wanted, text())
        if len(_graphs) >= MOST_GRAPHS:
            _graphs.clear()
        _graphs[wanted] = known
    return known


def newest_version(book_slug: str) -> Version | None:
    """The version of a book that new runs begin with: the one with the latest `modified` (CACAO 2.0, versioning); one query."""
    return Version.objects.select_related("book").filter(book__slug=book_slug).order_by("-modified", "-number").first()


def version_called(cacao_id: str, modified: str) -> Version | None:
    """The version of a book that a step names by its CACAO id and the time of its `modified`, else the newest; one query."""
    versions = Version.objects.select_related("book").filter(book__cacao_id=cacao_id).order_by("-modified", "-number")
    if modified:
        said = instant(modified)
        versions = versions.filter(modified=said) if said else versions.none()
    return versions.first()


def enabled_rules(about: str) -> list[TriggerRule]:
    """The trigger rules that look at subjects of a prefix, live or in shadow; one query."""
    return list(TriggerRule.objects.select_related("book").filter(about=about).exclude(mode=RuleMode.OFF).order_by("id"))


@dataclass(frozen=True)
class BookLine:
    """One book of the library, as a list shows it."""

    slug: str
    name: str
    description: str
    version: int
    content_hash: str
    triggers: tuple[str, ...]
    version_id: int
    versions: int  # how many there are


def library() -> list[BookLine]:
    """Every book with its newest version and the rules that start it; three queries, and no text of a book."""
    newest: dict[int, Version] = {}
    versions: dict[int, int] = {}
    for version in Version.objects.defer("canonical").order_by("book_id", "-modified", "-number"):
        newest.setdefault(version.book_id, version)
        versions[version.book_id] = versions.get(version.book_id, 0) + 1
    rules: dict[int, list[str]] = {}
    for rule in TriggerRule.objects.filter(mode=RuleMode.LIVE).order_by("id"):
        rules.setdefault(rule.book_id, []).append(rule.name)
    return [
        BookLine(
            slug=book.slug,
            name=book.name,
            description=book.description,
            version=newest[book.pk].number,
            content_hash=newest[book.pk].content_hash,
            triggers=tuple(rules.get(book.pk, ())),
            version_id=newest[book.pk].pk,
            versions=versions[book.pk],
        )
        for book in Book.objects.order_by("name")
        if book.pk in newest
    ]
