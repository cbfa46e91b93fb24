"""Versions of one book: which document is the same as another, how a new one stands to those that are there, and the book's short name."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from playbooks.definition.findings import ERROR, WARNING, Finding
from playbooks.definition.instants import instant
from playbooks.definition.layout import without_layout

# Words that stand in the place of a book's short name in addresses.
RESERVED = frozenset({"drafts", "import", "new"})
LONGEST = 48
EARLIEST, LATEST = datetime(1000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Beside:
    """A version that is there already."""

    number: int
    modified: datetime
    document: Mapping[str, Any]


def modified_in(document: Mapping[str, Any]) -> datetime:
    """When the document says it was modified, as far as a database can order it; what is no time counts as the earliest."""
    said = instant(document.get("modified"))
    return EARLIEST if said is None or said.year < EARLIEST.year else min(said, LATEST)


def same_as(document: Mapping[str, Any], beside: Iterable[Beside]) -> int | None:
    """The number of the version with this content. With the same `modified`, where the steps stand on a canvas does not count."""
    bare = without_layout(document)
    for one in beside:
        if one.document == document or (one.modified == modified_in(document) and without_layout(one.document) == bare):
            return one.number
    return None


def standing_of(document: Mapping[str, Any], beside: Iterable[Beside], *, lenient: bool) -> list[Finding]:
    """What is to be said of a new content for a book, given its versions: one with the same `modified`, or a newer one.

    A signature that is added makes no new version (CACAO 2.0), so documents that differ in nothing else stand beside each other.
    """
    there = list(beside)
    found = []
    modified = modified_in(document)
    twins = [one for one in there if one.modified == modified]
    if twins and not any(_unsigned(one.document) == _unsigned(document) for one in twins):
        found.append(
            Finding(
                "version_conflict",
                WARNING if lenient else ERROR,
                "/modified",
                f"Version {twins[-1].number} of this book has the same modified and another content. Give a new content a later time.",
            )
        )
    newest = max(there, key=lambda one: (one.modified, one.number), default=None)
    if newest is not None and newest.modified > modified:
        said = f"Version {newest.number} is newer ({newest.document.get('modified')}): runs begin with that one, this one is kept."
        found.append(Finding("older_version", WARNING, "/modified", said))
    if newest is not None and newest.document.get("created_by") != document.get("created_by"):
        said = f"Version {newest.number} is by another creator. A change by others is a book of its own, with derived_from."
        found.append(Finding("other_creator", WARNING, "/created_by", said))
    return found


def _unsigned(document: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key != "signatures"}


def slug_for(name: str, uuid: str, taken: set[str]) -> str:
    """A short name for addresses: from the book's name, with the begin of its UUID where another has it or nothing is left."""
    plain = unicodedata.normalize("NFKD", name[:1000]).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain)[:LONGEST].strip("-")
    if slug and slug not in taken | RESERVED:
        return slug
    return f"{slug or 'book'}-{uuid[:8]}"
