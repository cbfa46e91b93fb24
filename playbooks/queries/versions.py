"""The versions of a book side by side, and one of them as a file."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from playbooks.catalogue import action_names
from playbooks.definition.checking import check, checked
from playbooks.definition.differences import Difference, difference
from playbooks.definition.exchange import FORMS, kept, written
from playbooks.definition.findings import Finding
from playbooks.definition.instants import instant
from playbooks.models import Book, Version
from playbooks.queries.books import ContentChanged
from tenants.errors import Unknown


@dataclass(frozen=True)
class VersionLine:
    """One version in a list: who published it and when, and what it says of itself."""

    number: int
    hash: str
    modified: datetime
    published_at: datetime
    published_by: str
    signatures: int
    newest: bool  # runs begin with this one


@dataclass(frozen=True)
class VersionsView:
    """The versions of a book, one of them looked at with its findings, and what changed to it from another."""

    slug: str
    name: str
    cacao_id: str
    versions: tuple[VersionLine, ...]
    shown: VersionLine
    against: VersionLine | None
    findings: tuple[Finding, ...]
    difference: Difference | None


@dataclass(frozen=True)
class BookFile:
    """A version as a file."""

    name: str
    text: str


def versions_of(slug: str, number: int | None = None, against: int | None = None) -> VersionsView:
    """The versions of a book, newest first, and one of them beside another (by default the newest and the one before it).

    Raises Unknown. Two queries.
    """
    rows = list(Version.objects.filter(book__slug=slug).order_by("-modified", "-number"))
    book = Book.objects.filter(slug=slug).first()
    if book is None or not rows:
        raise Unknown()
    documents = {row.number: _document(row) for row in rows}
    lines = tuple(_line(row, documents[row.number], row is rows[0]) for row in rows)
    at = next((place for place, line in enumerate(lines) if number in (None, line.number)), None)
    if at is None:
        raise Unknown()
    other = lines[at + 1] if against is None and at + 1 < len(lines) else next((one for one in lines if one.number == against), None)
    if against is not None and other is None:
        raise Unknown()
    shown = documents[lines[at].number]
    return VersionsView(
        slug=book.slug,
        name=book.name,
        cacao_id=book.cacao_id,
        versions=lines,
        shown=lines[at],
        against=other,
        findings=tuple(check(shown, action_names() or None, lenient=True)),
        difference=difference(documents[other.number], shown) if other else None,
    )


def findings_in(raw: bytes, *, yaml: bool, lenient: bool) -> list[Finding]:
    """Every finding about a file, alone by itself. No query."""
    return checked(raw, yaml=yaml, actions=action_names() or None, lenient=lenient)[1]


def book_file(name: str, *, form: str = "json", version: str = "", as_kept: bool = False) -> BookFile:
    """A version of a book (its short name, or its CACAO id) as a file of a form: `json` or `yaml`.

    `version` is a number or a `modified`; the newest without one. It leaves with a layout unless it has one or is signed; `as_kept`
    gives what is kept. Raises Unknown, ContentChanged. One query.
    """
    rows = Version.objects.select_related("book").order_by("-modified", "-number")
    rows = rows.filter(book__cacao_id=name) if "--" in name else rows.filter(book__slug=name)
    if version.isdecimal():
        rows = rows.filter(number=min(int(version[:10]), 2**31 - 1))
    elif version:
        said = instant(version)
        rows = rows.filter(modified=said) if said else rows.none()
    row = rows.first()
    if row is None or form not in FORMS:
        raise Unknown()
    document = _document(row)
    return BookFile(f"{row.book.slug}-v{row.number}.{form}", written(document, form, as_kept=as_kept))


def _document(version: Version) -> dict[str, Any]:
    if sha256(version.canonical.encode()).hexdigest() != version.content_hash:
        raise ContentChanged(version.content_hash)
    document: dict[str, Any] = kept(version.canonical)
    return document


def _line(version: Version, document: dict[str, Any], newest: bool) -> VersionLine:
    signatures = document.get("signatures")
    return VersionLine(
        number=version.number,
        hash=version.content_hash,
        modified=version.modified,
        published_at=version.published_at,
        published_by=version.published_by,
        signatures=len(signatures) if isinstance(signatures, list) else 0,
        newest=newest,
    )
