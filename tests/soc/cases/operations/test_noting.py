"""Notes and tasks."""

from collections.abc import Callable
from typing import Any

import pytest

from soc.cases.errors import CaseIsClosed, TaskAlreadyDone
from soc.cases.models import Case, Note, Task
from soc.cases.operations.closing import close
from soc.cases.operations.noting import add_task, finish_task, note
from tenants.errors import Invalid, NotAllowed, Stale, Unknown, VersionRequired
from tests.cast import Cast

Do = Callable[..., Case]
Look = Callable[[Case], Any]


@pytest.fixture
def only(central: Callable[[], Any]) -> Callable[[Any, Case], Any]:
    """The one row of a kind that a case has."""

    def get(model: Any, case: Case) -> Any:
        with central():
            return model.objects.get(case=case)

    return get


def test_a_note_is_internal_unless_it_is_said_otherwise(cast: Cast, case: Case, do: Do, stored: Look, only: Any) -> None:
    do(note, case, cast.ana, text="  Seen on one host only. ")
    written = only(Note, case)
    assert (written.text, written.visibility, written.author_label, written.from_agency) == (
        "Seen on one host only.",
        "internal",
        "Ana Diaz",
        False,
    )
    line = stored(case).rows[4][-1]
    assert (line["text"], line["visibility"]) == ("Seen on one host only.", "internal")


def test_a_released_note_is_on_the_agencys_timeline_too(cast: Cast, case: Case, do: Do, stored: Look, only: Any) -> None:
    do(note, case, cast.ana, text="Ask the owner to stay offline.", visibility="released")
    assert only(Note, case).released_at is not None
    assert stored(case).rows[4][-1]["visibility"] == "released"


@pytest.mark.parametrize("visibility", [None, "internal", "released"])
def test_a_liaisons_note_is_always_released_and_signed_by_the_agency(
    cast: Cast, case: Case, do: Do, stored: Look, only: Any, visibility: Any
) -> None:
    do(note, case, cast.nia, text="The user is on leave.", visibility=visibility)
    written = only(Note, case)
    assert (written.visibility, written.from_agency, written.author_id) == ("released", True, cast.nia.person_id)
    line = stored(case).rows[4][-1]
    assert (line["origin"], line["visibility"], line["actor_label"]) == ("agency", "released", "Nia Park")


def test_a_closed_case_still_takes_notes(cast: Cast, case: Case, do: Do, only: Any) -> None:
    do(close, case, cast.ana, disposition="undetermined", reason="Over.")
    assert do(note, case, cast.nia, text="It happened again.").state == "closed"
    assert only(Note, case).text == "It happened again."


def test_two_editors_never_lose_a_word(cast: Cast, case: Case, do: Do, stored: Look) -> None:
    do(note, case, cast.ana, version=1, text="First.")
    before = stored(case)
    with pytest.raises(Stale):
        do(note, case, cast.lee, version=1, text="Second, unaware of the first.")
    assert stored(case) == before
    do(note, case, cast.lee, version=2, text="Second.")
    assert [row["text"] for row in stored(case).rows[0]] == ["First.", "Second."]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"text": None}, "text"),
        ({"text": " "}, "text"),
        ({"text": ["a"]}, "text"),
        ({"text": "a\x00"}, "text"),
        ({"text": "x" * 20_001}, "text"),
        ({"text": "a", "visibility": "public"}, "visibility"),
        ({"text": "a", "visibility": 7}, "visibility"),
    ],
)
def test_a_note_that_says_nothing_or_too_much_is_refused(
    cast: Cast, case: Case, do: Do, stored: Look, asked: dict[str, Any], field: str
) -> None:
    before = stored(case)
    with pytest.raises(Invalid) as refused:
        do(note, case, cast.ana, **asked)
    assert refused.value.field == field
    assert stored(case) == before


@pytest.mark.parametrize(
    ("who", "version", "error"),
    [("sol", 1, Unknown), ("zoe", 1, Unknown), ("aud", 1, NotAllowed), ("nia", None, VersionRequired), ("nia", 4, Stale)],
)
def test_who_may_not_or_read_something_else_writes_nothing(
    cast: Cast, case: Case, do: Do, stored: Look, who: str, version: int | None, error: type[Exception]
) -> None:
    before = stored(case)
    with pytest.raises(error):
        do(note, case, getattr(cast, who), version=version, text="Hello.")
    assert stored(case) == before


def test_a_restricted_case_does_not_exist_for_its_liaison(cast: Cast, open_one: Callable[..., Case], do: Do, stored: Look) -> None:
    case = open_one(restricted=True)
    before = stored(case)
    with pytest.raises(Unknown):
        do(note, case, cast.nia, version=1, text="Hello.")
    assert stored(case) == before


def test_a_task_is_added_and_done(cast: Cast, case: Case, do: Do, only: Any, stored: Look) -> None:
    do(add_task, case, cast.ana, title="Reset the two accounts")
    task = only(Task, case)
    assert (task.title, task.added_by, task.done_at, task.visibility) == ("Reset the two accounts", "Ana Diaz", None, "internal")
    do(finish_task, case, cast.lee, task=task.ref)
    assert only(Task, case).done_by == "Lee Okafor"
    before = stored(case)
    with pytest.raises(TaskAlreadyDone):
        do(finish_task, case, cast.lee, task=str(task.public_id))
    assert stored(case) == before


@pytest.mark.parametrize("named", [None, "", "task:", "task:7", "note:7", "00000000-0000-4000-8000-000000000000", ["a"]])
def test_a_task_of_no_case_or_another_one_is_refused(cast: Cast, case: Case, do: Do, stored: Look, named: Any) -> None:
    before = stored(case)
    with pytest.raises(Invalid) as refused:
        do(finish_task, case, cast.ana, task=named)
    assert refused.value.field == "task"
    assert stored(case) == before


def test_the_task_of_another_case_is_no_task_of_this_one(
    cast: Cast, case: Case, open_one: Callable[..., Case], do: Do, only: Any, stored: Look
) -> None:
    other = open_one()
    do(add_task, other, cast.ana, title="Elsewhere")
    before = stored(other)
    with pytest.raises(Invalid):
        do(finish_task, case, cast.ana, task=only(Task, other).ref)
    assert stored(other) == before


@pytest.mark.parametrize("title", [None, "", "x" * 301])
def test_a_task_has_a_title(cast: Cast, case: Case, do: Do, stored: Look, title: Any) -> None:
    before = stored(case)
    with pytest.raises(Invalid) as refused:
        do(add_task, case, cast.ana, title=title)
    assert refused.value.field == "title"
    assert stored(case) == before


def test_a_liaison_adds_no_task_and_a_closed_case_takes_none(cast: Cast, case: Case, do: Do, stored: Look) -> None:
    before = stored(case)
    with pytest.raises(NotAllowed):
        do(add_task, case, cast.nia, title="Do it")
    assert stored(case) == before
    do(close, case, cast.ana, disposition="undetermined", reason="Over.")
    before = stored(case)
    with pytest.raises(CaseIsClosed):
        do(add_task, case, cast.ana, title="Do it")
    assert stored(case) == before
