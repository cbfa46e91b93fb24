"""Writing a book: a draft begins, is changed by its author alone, says what is wrong as one types, and becomes a version."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from playbooks.definition.canonical import canonical
from playbooks.definition.exchange import kept
from playbooks.models import Draft, DraftState, Version
from playbooks.operations.drafting import KEPT_STATES
from playbooks.operations.publishing import import_book, publish
from tenants.actors import system
from tenants.isolation import scope
from tests.playbooks.books import END, START, book, manual

pytestmark = pytest.mark.django_db(transaction=True)

DRAFTS = "/playbooks/drafts/"
VERSION = re.compile(r'name="version" value="(\d+)"')


class Writer:
    """A person at the editor."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.path = self.part = ""

    def begin(self, **data: Any) -> Any:
        answer = self.client.post(DRAFTS, {"way": "blank", "name": "Written by hand", **data})
        if answer.status_code == 302:
            self.path = answer["Location"]
            self.part = self.step("action")
        return answer

    def page(self, part: str = "") -> str:
        return self.client.get(self.path, {"step": part or self.part}).text

    def version(self) -> str:
        found = VERSION.search(self.page())
        assert found
        return found[1]

    def send(self, do: str = "", *, version: str = "", part: str = "", typing: bool = False, **data: Any) -> Any:
        headers = {"HX-Request": "true"} if typing else {}
        sent = {"part": part or self.part, "version": version or self.version(), "do": do}
        sent |= {name.replace("__", "-"): value for name, value in data.items()}
        answer = self.client.post(self.path, sent, headers=headers)
        if answer.status_code == 302:
            self.part = parse_qs(urlsplit(answer["Location"]).query)["step"][0]
        return answer

    def add(self, kind: str, place: str) -> str:
        self.send("add", add_kind=kind, add_place=place)
        return self.part

    def document(self) -> Any:
        with scope.floor(None):
            draft = Draft.objects.get(public_id=self.path.rstrip("/").rpartition("/")[2])
            return kept(DraftState.objects.get(draft=draft, number=draft.at).canonical)

    def step(self, kind: str) -> str:
        return next(key for key, one in self.document()["workflow"].items() if one["type"] == kind)


@pytest.fixture
def writer(cast: Any, client_of: Callable[[str], Client]) -> Callable[[str], Writer]:
    """`writer("ana")`: a person at the editor, with a draft of a new book."""

    def one(who: str) -> Writer:
        made = Writer(client_of(who))
        made.begin()
        return made

    return one


def known(document: Any) -> Version:
    with scope.floor(None):
        return publish(slug="known", document=document, by=system("test"))[0]


def known_book(text: str = "Look", **more: Any) -> dict[str, Any]:
    return {**book({"start": START, "first": manual(text, on_completion="end"), "end": END}, start="start", name="Known"), **more}


@pytest.mark.parametrize(("who", "status"), [("ana", 200), ("lee", 200), ("ada", 200), ("aud", 200), ("nia", 404)])
def test_who_reads_drafts(writer: Any, client_of: Any, who: str, status: int) -> None:
    ana, reader = writer("ana"), client_of(who)
    for path in (DRAFTS, ana.path, f"{ana.path}publish/", f"{ana.path}try/"):
        assert reader.get(path).status_code == status, path


@pytest.mark.parametrize(("who", "status"), [("lee", 403), ("ada", 403), ("aud", 403), ("nia", 404)])
def test_a_draft_is_changed_by_its_author_alone(writer: Any, client_of: Any, who: str, status: int) -> None:
    ana = writer("ana")
    before = ana.document()
    other = client_of(who)
    sent = {"part": ana.part, "version": ana.version(), "do": "", "name": "Mine now"}
    assert other.post(ana.path, sent).status_code == status
    assert other.post(f"{ana.path}discard/", {"version": "1"}).status_code == (302 if who == "ada" else status)
    assert ana.document() == before


def test_another_begins_their_own_from_it(writer: Any, client_of: Any) -> None:
    ana = writer("ana")
    lee = Writer(client_of("lee"))
    assert "Begin your own from it" in lee.client.get(ana.path).text
    lee.begin(way="draft", draft=ana.path.rstrip("/").rpartition("/")[2])
    assert lee.path != ana.path and lee.document() == ana.document()
    lee.send(name="Changed by Lee")
    assert lee.document() != ana.document()


def test_a_book_is_written_in_forms_undone_and_done_again(writer: Any) -> None:
    ana = writer("ana")
    begun = canonical(ana.document())
    fork = ana.add("if-condition", f"after {ana.part}")
    assert "condition is required here" in ana.page()
    assert ana.send(condition="__severity__:value = 'high'", name="Is it bad?").status_code == 302
    assert "__severity__" in ana.page() and "undefined_variable" in ana.page()
    ana.send(part="variables", playbook_variables__rows="1", playbook_variables__0__name="severity", playbook_variables__0__type="string",
             playbook_variables__0__external="yes")  # fmt: skip
    assert "No findings" in ana.page()
    inside = ana.add("action", f"in {fork} on_true")
    assert ana.document()["workflow"][fork]["on_true"] == inside
    for _ in range(4):
        assert ana.send("undo").status_code == 302
    assert canonical(ana.document()) == begun
    for _ in range(4):
        ana.send("redo")
    assert ana.document()["workflow"][fork]["on_true"] == inside


def test_what_is_wrong_is_said_while_one_types(writer: Any) -> None:
    ana = writer("ana")
    fork = ana.add("if-condition", f"after {ana.part}")
    answer = ana.send(typing=True, condition="__a__:value = = 3")
    assert answer.status_code == 200 and "<html" not in answer.text
    assert "column" in answer.text and f"step={fork}#id_condition" in answer.text
    assert 'id="id_condition_problem"' in answer.text and "data-version" in answer.text
    refused = ana.send(typing=True, timeout="soon")
    assert refused.status_code == 422 and "is no length of time" in refused.text
    assert "timeout" not in ana.document()["workflow"][fork]


def test_a_form_that_comes_too_late_loses_nothing(writer: Any) -> None:
    ana = writer("ana")
    seen = ana.version()
    ana.send(name="From one window")
    late = ana.send(version=seen, name="From the other", description="Kept")
    assert late.status_code == 409
    assert "From one window" in late.text and 'value="From the other"' in late.text and "Put mine in its place" in late.text
    assert ana.document()["workflow"][ana.part]["name"] == "From one window"
    again = VERSION.search(late.text)
    assert again and ana.send(version=again[1], name="From the other").status_code == 302
    assert ana.client.post(ana.path, {"part": ana.part, "name": "x"}).status_code == 428


def test_saves_of_one_field_are_one_change_and_old_states_go(writer: Any) -> None:
    ana = writer("ana")
    for word in ("N", "Ne", "New"):
        ana.send(typing=True, name=word)
    with scope.floor(None):
        assert DraftState.objects.count() == 2
    for number in range(KEPT_STATES + 3):
        ana.send(name=f"Name {number}", description=f"{number}") if number % 2 else ana.send(description=f"Only {number}")
    with scope.floor(None):
        assert DraftState.objects.count() == KEPT_STATES


@pytest.mark.parametrize(
    ("data", "status", "says"),
    [
        ({"name": "  "}, 422, "Write a name"),
        ({"way": "book", "book": "nothing-like-it"}, 404, ""),
        ({"way": "draft", "draft": "nothing"}, 404, ""),
        ({"way": "file"}, 422, "Choose a file"),
    ],
)
def test_a_beginning_that_is_refused_says_why(client_of: Any, data: Any, status: int, says: str) -> None:
    answer = Writer(client_of("ana")).begin(**data)
    assert answer.status_code == status and says in answer.text
    with scope.floor(None):
        assert not Draft.objects.exists()


@pytest.mark.parametrize(
    ("content", "says"), [(b"{", "no JSON"), (b"[]", "no playbook"), (b'{"id": "x", "workflow": {"a": 1}}', "no object")]
)
def test_a_file_that_is_no_book_is_refused(client_of: Any, content: bytes, says: str) -> None:
    answer = Writer(client_of("ana")).begin(way="file", file=SimpleUploadedFile("a.json", content))
    assert answer.status_code == 422 and says in answer.text


def test_a_file_with_errors_is_mended_in_the_editor(client_of: Any) -> None:
    ana = Writer(client_of("ana"))
    broken = known_book(severity=500)
    ana.begin(way="file", file=SimpleUploadedFile("a.json", json.dumps(broken).encode()))
    assert "severity is a whole number" in ana.page("book")
    ana.send(part="book", severity="50")
    assert "No findings" in ana.page("book")


def test_an_admin_publishes_what_an_analyst_wrote(writer: Any, client_of: Any, cast: Any) -> None:
    ana, ada = writer("ana"), client_of("ada")
    publish_path = f"{ana.path}publish/"
    assert "What this version changes" not in ana.client.get(publish_path).text
    assert ana.client.post(publish_path, {"version": "1", "note": "x"}).status_code == 403
    assert ada.post(publish_path, {"version": "1", "note": " "}).status_code == 422
    done = ada.post(publish_path, {"version": "1", "note": "The first"}, follow=True)
    assert "Version 1 of “Written by hand” is published." in done.text
    with scope.floor(None):
        version = Version.objects.get()
        draft = Draft.objects.get()
    assert version.published_by_person_id == cast.people["ana"].pk and draft.made_id == version.pk and draft.note == "The first"
    assert ada.post(publish_path, {"version": "2", "note": "Again"}).status_code == 409
    assert ana.send(version="2", name="Late").status_code == 409


def test_a_draft_with_an_error_is_not_published(writer: Any, client_of: Any) -> None:
    ana, ada = writer("ana"), client_of("ada")
    ana.add("if-condition", f"after {ana.part}")
    assert "1 error keeps it from being published" in ada.get(f"{ana.path}publish/").text
    assert ada.post(f"{ana.path}publish/", {"version": "2", "note": "x"}).status_code == 422
    with scope.floor(None):
        assert not Version.objects.exists()


def test_a_draft_of_a_version_is_published_over_that_version_only(client_of: Any) -> None:
    known(known_book())
    ana, ada = Writer(client_of("ana")), client_of("ada")
    ana.begin(way="book", book="known")
    ana.send(name="Look twice")
    assert "Look twice" in ada.get(f"{ana.path}publish/").text
    newer = known_book("Look thrice", modified="2026-12-24T00:00:00.000Z")
    with scope.floor(None):
        import_book(raw=json.dumps(newer).encode(), by=system("test"))
    moved = ada.post(f"{ana.path}publish/", {"version": ana.version(), "note": "Twice"})
    assert moved.status_code == 409
    assert "Version 2 came out since this draft was begun" in moved.text and "Look thrice" in moved.text and "Look twice" in moved.text
    assert ada.post(f"{ana.path}publish/", {"version": ana.version(), "way": "base"}).status_code == 302
    with scope.floor(None):
        modified = Version.objects.get(number=2).modified
        Version.objects.all()
    page = ada.get(f"{ana.path}publish/").text
    assert "beside version 2" in page and modified.year == 2026


def test_a_draft_is_tried_with_answers(writer: Any) -> None:
    ana = writer("ana")
    first = ana.part
    ana.send("add", add_kind="action", add_place=f"fail {first}")
    ana.send(name="Call for help")
    page = ana.client.get(f"{ana.path}try/", {f"step:{first}": "failure"}).text
    assert "It comes to its end" in page
    entries = page.split('<ol class="draft-entries">')[1]
    assert "Call for help" in entries and "node-failed" in page
    assert "Call for help" not in ana.client.get(f"{ana.path}try/").text.split('<ol class="draft-entries">')[1]


def test_a_draft_is_given_up(writer: Any) -> None:
    ana = writer("ana")
    assert ana.client.post(f"{ana.path}discard/", {"version": ana.version()}).status_code == 302
    assert (
        "Written by hand" not in ana.client.get(DRAFTS).text.split("<table")[-1].split("</table>")[0]
        or "None yet" in ana.client.get(DRAFTS).text
    )
    assert ana.send(version="2", name="Late").status_code == 409
