"""Versions of a book: which document is the same, how a new one stands to those that are there, and what changed between two."""

from datetime import UTC, datetime
from typing import Any

import pytest

from playbooks.definition.differences import HIDDEN, Change, difference
from playbooks.definition.layout import with_layout
from playbooks.definition.versions import EARLIEST, LATEST, Beside, modified_in, same_as, slug_for, standing_of
from tests.playbooks.books import END, START, book, manual, note, step_id

CREATED = "2024-01-01T00:00:00.000Z"
JANUARY, JULY = "2026-01-01T00:00:00.000Z", "2026-07-01T00:00:00.000Z"
SIGNATURE: dict[str, Any] = {"signatures": [{"type": "jss"}]}


def document(text: str = "Look", modified: str = JANUARY, **more: Any) -> dict[str, Any]:
    made = book({"start": START, "first": note(text, on_completion="end"), "end": END}, start="start")
    return {**made, "created": CREATED, "modified": modified, **more}


def kept(*documents: dict[str, Any]) -> list[Beside]:
    return [Beside(number, modified_in(one), one) for number, one in enumerate(documents, 1)]


@pytest.mark.parametrize(
    ("given", "known"),
    [
        (document(), 1),
        (document(modified="2026-01-01T00:00:00.000+00:00"), None),
        (with_layout(document()), 1),
        (with_layout(document(modified=JULY)), None),
        (document("Look twice"), None),
        (document(**SIGNATURE), None),
    ],
    ids=["the same", "written otherwise", "drawn", "drawn later", "another text", "signed"],
)
def test_the_same_content_is_known_and_a_drawing_is_no_content(given, known):
    assert same_as(given, kept(document())) == known


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        (document("Look twice", JULY), []),
        (document("Look twice"), [("version_conflict", "error")]),
        (document(**SIGNATURE), []),
        (document("Look twice", "2025-01-01T00:00:00.000Z"), [("older_version", "warning")]),
        (document("Look twice", JULY, created_by="identity--9f3e8a57-3d92-4a3c-9d0e-0a8f2f6f3b11"), [("other_creator", "warning")]),
    ],
    ids=["later", "same time", "signed", "older", "by others"],
)
def test_how_a_new_content_stands_to_what_is_there(given, codes):
    assert [(one.code, one.severity) for one in standing_of(given, kept(document()), lenient=False)] == codes


def test_lenient_reading_keeps_two_contents_of_the_same_time_and_says_so():
    (found,) = standing_of(document("Look twice"), kept(document()), lenient=True)
    assert (found.code, found.severity, found.pointer) == ("version_conflict", "warning", "/modified")


def test_the_first_version_of_a_book_stands_alone():
    assert standing_of(document(), [], lenient=False) == []


@pytest.mark.parametrize(
    ("said", "time"),
    [
        ("2026-01-01T01:00:00.000+01:00", datetime(2026, 1, 1, tzinfo=UTC)),
        ("0001-01-01T00:00:00.000+14:00", EARLIEST),
        ("9999-12-31T23:59:59.999-12:00", LATEST),
        ("yesterday", EARLIEST),
        (None, EARLIEST),
    ],
)
def test_any_modified_can_be_ordered(said, time):
    assert modified_in({"modified": said}) == time


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Malware on a host!", "malware-on-a-host"),
        ("Überfall — Größe 2", "uberfall-groe-2"),
        ("数据", "book-12345678"),
        ("Import", "import-12345678"),
        ("Taken", "taken-12345678"),
        ("a" * 500, "a" * 48),
        ("--", "book-12345678"),
    ],
)
def test_a_book_gets_a_short_name_for_addresses(name, slug):
    assert slug_for(name, "12345678-aaaa", {"taken"}) == slug


def test_steps_that_came_went_and_changed_are_told_with_their_properties():
    old = book(
        {"start": START, "first": note("Look", on_completion="second"), "second": manual("Ask", on_completion="end"), "end": END},
        start="start",
    )
    new = book(
        {"start": START, "first": note("Look twice", on_completion="third"), "third": manual("Call", on_completion="end"), "end": END},
        start="start",
    )
    told = difference(old, new)
    assert [(one.how, one.id) for one in told.steps] == [
        ("changed", step_id("action", "first")),
        ("added", step_id("action", "third")),
        ("removed", step_id("action", "second")),
    ]
    texts = {one.at.rpartition("/")[2]: (one.before, one.after) for one in told.steps[0].changes}
    assert texts["text"] == ('"Look"', '"Look twice"')
    assert texts["on_completion"] == (f'"{step_id("action", "second")}"', f'"{step_id("action", "third")}"')
    assert not told.head and not told.moved


def test_the_head_tells_each_property_with_its_pointer():
    told = difference(document(labels=["a"], a={"b/c": 1, "same": True}), document("Look", JULY, a={"b/c": 2, "same": True}, x=None))
    assert set(told.head) == {
        Change("/modified", f'"{JANUARY}"', f'"{JULY}"'),
        Change("/labels", '["a"]', None),
        Change("/a/b~1c", "1", "2"),
        Change("/x", None, "null"),
    }


def test_a_drawing_that_moved_is_one_fact():
    told = difference(document(), with_layout(document()))
    assert told.moved and not told.head and not told.steps
    assert difference(document(), document()).is_nothing


def test_a_number_is_not_a_truth():
    assert [one.at for one in difference(document(x=1), document(x=True)).head] == ["/x"]


def test_a_secret_that_was_written_down_is_not_told():
    def signed_in(word: str) -> dict[str, Any]:
        return document(authentication_info_definitions={"user-auth--1": {"type": "user-auth", "username": "root", "password": word}})

    told = difference(signed_in("old-word"), signed_in("new-word"))
    assert [(one.before, one.after) for one in told.head] == [(f'"{HIDDEN}"', f'"{HIDDEN}"')]
    added = difference(document(), signed_in("new-word"))
    assert "new-word" not in str(added) and "root" not in str(added) and "user-auth" in str(added)
