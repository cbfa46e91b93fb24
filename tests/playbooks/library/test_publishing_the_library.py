"""The library on a real floor: published once under its contents, read by people page by page."""

import json

import pytest

from playbooks.definition.canonical import sha256_of
from playbooks.library import BOOKS, text_of
from playbooks.models import Book, TriggerRule, Version
from playbooks.operations.publishing import publish_library
from tenants.actors import system
from tenants.isolation import scope

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def library(stage):
    """The whole library on the stage."""
    with scope.floor(None):
        publish_library(by=system("library"))


def test_every_book_is_published_once_under_the_hash_of_its_content():
    with scope.floor(None):
        again = publish_library(by=system("library"))
        assert [version.book.slug for version, _ in again] == list(BOOKS)
        assert not any(new for _, new in again)
        assert Book.objects.count() == Version.objects.count() == len(BOOKS)
        for version, _ in again:
            assert version.number == 1
            assert version.content_hash == sha256_of(json.loads(text_of(BOOKS[version.book.slug])))
        assert [(rule.slug, rule.book.slug) for rule in TriggerRule.objects.all()] == [("severe-case-with-a-host", "malware-on-a-host")]


def test_every_book_is_read_aloud_on_its_page(client_of):
    client = client_of("ana")
    shelf = client.get("/playbooks/").text
    for slug, file in BOOKS.items():
        document = json.loads(text_of(file))
        answer = client.get(f"/playbooks/{slug}/")
        assert answer.status_code == 200
        assert document["name"] in answer.text and document["name"] in shelf
        assert "Asks first:" in answer.text or slug == "federal-reporting" or slug == "kev-addition"
