"""Showing rows of a case to its agency."""

from collections.abc import Callable
from typing import Any

import pytest

from soc.cases.models import Case, Note, Observable, Task, Technique, TimelineEntry
from soc.cases.operations.noting import add_task, note
from soc.cases.operations.releasing import release
from tenants.errors import Invalid, NotAllowed, Stale, Unknown, VersionRequired
from tests.cast import Cast

Do = Callable[..., Case]
Look = Callable[[Case], Any]


@pytest.fixture
def rows(cast: Cast, case: Case, do: Do, central: Callable[[], Any]) -> dict[str, Any]:
    """One internal row of each kind."""
    do(note, case, cast.ana, text="Seen on one host.")
    do(add_task, case, cast.ana, title="Reset the account")
    with central():
        same = {"agency_id": case.agency_id, "case": case, "created_at": case.opened_at}
        Observable.objects.create(**same, kind="address", value="203.0.113.77")
        Technique.objects.create(**same, technique="T1558.003")
        return {m.__name__.lower(): m.objects.filter(case=case).first() for m in (Note, Observable, Technique, Task, TimelineEntry)}


@pytest.mark.parametrize("kind", ["note", "observable", "technique", "task", "timelineentry"])
def test_one_row_is_released_and_no_other(
    cast: Cast, case: Case, do: Do, rows: dict[str, Any], kind: str, central: Callable[[], Any]
) -> None:
    released = do(release, case, cast.ana, items=[rows[kind].ref])
    assert released.version == 4
    with central():
        seen = {
            m.__name__.lower(): m.objects.filter(case=case, visibility="released").count()
            for m in (Note, Observable, Technique, Task, TimelineEntry)
        }
    assert seen == dict.fromkeys(rows, 0) | {kind: 1}


def test_a_line_of_the_timeline_goes_by_its_short_name_too(
    cast: Cast, case: Case, do: Do, rows: dict[str, Any], central: Callable[[], Any]
) -> None:
    do(release, case, cast.ana, items=[f"timeline:{rows['timelineentry'].public_id}"])
    with central():
        assert TimelineEntry.objects.get(pk=rows["timelineentry"].pk).released_at is not None


def test_releasing_again_changes_nothing(cast: Cast, case: Case, do: Do, rows: dict[str, Any], stored: Look) -> None:
    do(release, case, cast.ana, items=[rows["note"].ref, rows["task"].ref])
    before = stored(case)
    do(release, case, cast.ana, items=[rows["note"].ref])
    assert stored(case) == before


@pytest.mark.parametrize(
    "wrong", [None, [], "note", ["note"], ["note:7"], ["case:7"], [7], [None], ["note:00000000-0000-4000-8000-000000000000"]]
)
def test_all_items_or_none(cast: Cast, case: Case, do: Do, rows: dict[str, Any], stored: Look, wrong: Any) -> None:
    before = stored(case)
    items = [rows["task"].ref, *wrong] if isinstance(wrong, list) and wrong else wrong
    with pytest.raises(Invalid) as refused:
        do(release, case, cast.ana, items=items)
    assert refused.value.field == "items"
    assert stored(case) == before


def test_a_row_of_another_case_is_not_released_by_this_one(
    cast: Cast, case: Case, do: Do, rows: dict[str, Any], open_one: Callable[..., Case], stored: Look
) -> None:
    other = open_one()
    before = stored(case)
    with pytest.raises(Invalid):
        do(release, other, cast.ana, items=[rows["note"].ref])
    assert stored(case) == before


@pytest.mark.parametrize(
    ("who", "version", "error"),
    [("sol", 3, Unknown), ("nia", 3, NotAllowed), ("aud", 3, NotAllowed), ("ana", None, VersionRequired), ("ana", 1, Stale)],
)
def test_only_the_floor_decides_what_an_agency_sees(
    cast: Cast, case: Case, do: Do, rows: dict[str, Any], stored: Look, who: str, version: int | None, error: type[Exception]
) -> None:
    before = stored(case)
    with pytest.raises(error):
        do(release, case, getattr(cast, who), version=version, items=[rows["note"].ref])
    assert stored(case) == before
