"""Importing a book on a page, its versions beside each other, and each as a file."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from playbooks.definition.exchange import as_yaml
from playbooks.definition.layout import as_it_was
from playbooks.definition.reading import document_in
from playbooks.models import Version
from tenants.isolation import scope
from tests.playbooks.books import END, START, book, manual

pytestmark = pytest.mark.django_db(transaction=True)

IMPORT, VERSIONS, EXPORT = "/playbooks/import/", "/playbooks/a-small-book/versions/", "/playbooks/a-small-book/export/"
CREATED = "2024-01-01T00:00:00.000Z"
JANUARY, JULY = "2026-01-01T00:00:00.000Z", "2026-07-01T00:00:00.000Z"


def document(text: str = "Look", modified: str = JANUARY, **more: Any) -> dict[str, Any]:
    made = book({"start": START, "first": manual(text, on_completion="end"), "end": END}, start="start")
    return {**made, "created": CREATED, "modified": modified, **more}


def broken() -> dict[str, Any]:
    made = document()
    made["type"] = "recipe<b>"
    made["created"] = "yesterday"
    return made


def count() -> int:
    with scope.floor(None):
        return Version.objects.count()


@pytest.fixture
def two(client_of: Any) -> Any:
    """A book with two versions."""
    client = client_of("ada")
    for one in (document(), document("Look twice", JULY, labels=["new"])):
        assert client.post(IMPORT, {"document": json.dumps(one), "way": "publish"}).status_code == 302
    return client


@pytest.mark.parametrize(("who", "status"), [("ada", 200), ("ana", 404), ("lee", 404), ("aud", 404), ("nia", 404)])
def test_only_the_programme_imports(client_of, who, status):
    client = client_of(who)
    assert client.get(IMPORT).status_code == status
    answer = client.post(IMPORT, {"document": json.dumps(document()), "way": "publish"})
    assert answer.status_code == (302 if status == 200 else 404)
    assert count() == (1 if status == 200 else 0)
    assert ("Import a playbook" in client.get("/playbooks/").text) is (who == "ada")


@pytest.mark.parametrize("as_file", [True, False], ids=["file", "pasted"])
@pytest.mark.parametrize("is_yaml", [True, False], ids=["yaml", "json"])
def test_a_pasted_text_and_a_file_are_published_alike(client_of, as_file, is_yaml):
    text = as_yaml(document()) if is_yaml else json.dumps(document())
    file = SimpleUploadedFile("book.yaml" if is_yaml else "book.json", text.encode())
    sent = {"file": file, "document": "{ignored"} if as_file else {"document": text}
    answer = client_of("ada").post(IMPORT, {**sent, "way": "publish"}, follow=True)
    assert answer.redirect_chain == [(f"{VERSIONS}?version=1", 302)]
    assert "Version 1 of “A small book” is published." in answer.text


def test_the_same_content_again_says_so(two):
    answer = two.post(IMPORT, {"document": json.dumps(document()), "way": "publish"}, follow=True)
    assert "Version 1 of “A small book” has this content already; nothing was written." in answer.text
    assert count() == 2


@pytest.mark.parametrize("way", ["check", "publish"])
def test_every_finding_is_shown_with_what_was_typed_and_nothing_is_written(client_of, way):
    answer = client_of("ada").post(IMPORT, {"file": SimpleUploadedFile("b.json", json.dumps(broken()).encode()), "way": way})
    assert answer.status_code == (200 if way == "check" else 422)
    assert answer.text.count("finding-error") >= 2
    for part in ("/type", "/created", "bad_timestamp", "unknown_type", "recipe&lt;b&gt;"):
        assert part in answer.text
    assert "<b>" not in answer.text.split("findings-title", 1)[1]
    assert count() == 0


def test_a_check_alone_writes_nothing_and_says_that_all_is_well(client_of):
    answer = client_of("ada").post(IMPORT, {"document": json.dumps(document()), "way": "check"})
    assert answer.status_code == 200 and ("The check found nothing." in answer.text or "finding-warning" in answer.text)
    assert count() == 0


@pytest.mark.parametrize("way", ["check", "publish"])
@pytest.mark.parametrize("sent", [{}, {"document": "  "}, {"file": SimpleUploadedFile("empty.json", b"")}], ids=["none", "blank", "empty"])
def test_nothing_is_no_playbook(client_of, way, sent):
    answer = client_of("ada").post(IMPORT, {**sent, "way": way})
    assert answer.status_code == 422 and "Choose a file or paste the playbook." in answer.text


@pytest.mark.parametrize("raw", [b"\xff\xfe\x00", b"{", b"a: [", b"null", b"- 1", b"{" * 3000, b"\x00"])
def test_what_is_no_playbook_is_a_finding_and_no_error_of_ours(client_of, raw):
    answer = client_of("ada").post(IMPORT, {"file": SimpleUploadedFile("x.bin", raw), "way": "publish"})
    assert answer.status_code == 422 and "finding-error" in answer.text


def test_versions_stand_with_who_published_them_and_what_changed(two, client_of):
    text = client_of("aud").get(VERSIONS).text
    assert "Version 2</a> <span" in text and "runs begin with it" in text and "Ada" in text
    assert "What changed from version 1 to version 2" in text
    assert "Changed" in text and "Look twice" in text and "/labels" in text
    first = client_of("ana").get(VERSIONS, {"version": "1"}).text
    assert "What changed" not in first
    turned = client_of("ana").get(VERSIONS, {"version": "1", "against": "2"}).text
    assert "What changed from version 2 to version 1" in turned


@pytest.mark.parametrize("query", ["version=3", "version=x", "version=99999999999", "against=7", "version=-1"])
def test_a_version_that_is_not_there_is_no_page(two, query):
    assert two.get(f"{VERSIONS}?{query}").status_code == 404
    assert two.get("/playbooks/none/versions/").status_code == 404


@pytest.mark.parametrize("kind", ["json", "yaml"])
def test_a_version_leaves_as_a_file(two, client_of, kind):
    answer = client_of("aud").get(EXPORT, {"kind": kind, "version": "1"})
    assert answer["Content-Disposition"].endswith(f'a-small-book-v1.{kind}"')
    read, findings = document_in(answer.content, yaml=kind == "yaml")
    assert not findings and as_it_was(read) == document()


@pytest.mark.parametrize("query", ["kind=exe", "version=9", "version=yesterday"])
def test_a_file_that_is_not_there_is_no_page(two, query):
    assert two.get(f"{EXPORT}?{query}").status_code == 404
