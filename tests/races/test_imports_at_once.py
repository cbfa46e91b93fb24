"""The same book, and different books of one name, are imported at the same moment: each is there once, and nobody meets an error."""

import json
from typing import Any
from uuid import UUID

import pytest

from playbooks.models import Book, Version
from playbooks.operations.publishing import Imported, import_book
from tenants.actors import system
from tenants.isolation import scope
from tests.playbooks.books import END, START, book, manual
from tests.races.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def imported(number: int, text: str = "Look") -> Imported:
    """A book of the one name, under an id of its own."""
    document: dict[str, Any] = book({"start": START, "first": manual(text, on_completion="end"), "end": END}, start="start")
    document["id"] = f"playbook--{UUID(int=number << 96, version=4)}"
    with scope.floor(None):
        return import_book(raw=json.dumps(document).encode(), lenient=True, by=system("test"))


def test_the_same_book_imported_at_once_is_one_version() -> None:
    made = at_once(*[lambda: imported(1)] * 4)
    assert sorted(one.new for one in made) == [False, False, False, True]


def test_books_of_one_name_imported_at_once_have_names_of_their_own() -> None:
    at_once(*[lambda n=n: imported(n) for n in (1, 2, 3)])  # type: ignore[misc]
    with scope.floor(None):
        assert len(set(Book.objects.values_list("slug", flat=True))) == 3


def test_contents_of_one_book_imported_at_once_are_counted_through() -> None:
    at_once(*[lambda t=t: imported(1, t) for t in ("a", "b", "c", "d")])  # type: ignore[misc]
    with scope.floor(None):
        assert sorted(Version.objects.values_list("number", flat=True)) == [1, 2, 3, 4]
