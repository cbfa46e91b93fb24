"""The queue: what to work on next."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from soc.cases.models import Case
from soc.cases.operations.claiming import claim
from soc.cases.operations.closing import close
from soc.cases.operations.containing import contain
from soc.cases.operations.grading import declare
from soc.cases.queries.filters import CaseFilters
from soc.cases.queries.queue import QueuePage, open_queue
from tenants.errors import Invalid
from tests.cast import Cast, StageClock, narrowed

Read = Callable[..., QueuePage]


@pytest.fixture
def read(cast: Cast, clock: StageClock, in_scope: Callable[..., Any]) -> Read:
    """The queue as a reader sees it now."""

    def look(name: str = "open", by: Any = None, cursor: str = "", at: datetime | None = None, **filters: str) -> QueuePage:
        by = by or cast.ana
        with in_scope(by):
            return open_queue(view=name, wanted=CaseFilters(**filters), reader=by, at=at or clock(), cursor=cursor)

    return look


def opened(clock: StageClock, **ago: float) -> datetime:
    return clock() - timedelta(**ago)


def shape(page: QueuePage) -> dict[str, list[str]]:
    return {band.name: [row.title for row in band.rows] for band in page.bands}


def test_cases_stand_in_four_groups_the_longest_late_first(
    cast: Cast, clock: StageClock, open_one: Callable[..., Case], read: Read, do: Callable[..., Case]
) -> None:
    # Acknowledge: high 30 min, medium 2 h, low 8 h.
    open_one(title="high, 6m late", severity="high", at=opened(clock, minutes=36))
    open_one(title="high, 16m late", severity="high", at=opened(clock, minutes=46))
    open_one(title="critical, 10m left", severity="critical", at=opened(clock, minutes=5))
    open_one(title="high, 16m left", severity="high", at=opened(clock, minutes=14))
    open_one(title="medium, 1h late", severity="medium", at=opened(clock, hours=3))
    open_one(title="medium, 5m left", severity="medium", at=opened(clock, minutes=115))
    open_one(title="low, 8h left", severity="low", at=clock())
    done = open_one(title="high, nothing runs", severity="high", at=clock())
    do(claim, done, cast.ana.at(clock))
    do(contain, done, cast.ana.at(clock), reason="Isolated.")
    gone = open_one(title="closed", severity="critical", at=opened(clock, hours=9))
    do(close, gone, cast.ana.at(clock), disposition="undetermined", reason="Over.")
    page = read()
    assert shape(page) == {
        "Act now": ["high, 16m late", "high, 6m late", "critical, 10m left"],
        "Past due": ["medium, 1h late"],
        "Within the hour": ["medium, 5m left", "high, 16m left"],
        "Later": ["low, 8h left", "high, nothing runs"],
    }
    assert [band.count for band in page.bands] == [3, 1, 2, 2]
    assert (page.found, page.counts["open"], page.counts["late"], page.soon) == (8, 8, 3, 3)
    assert page.bands[2].rule == f"Due by {clock() + timedelta(hours=1):%H:%M} UTC"


def test_a_row_says_which_clock_is_due_first(cast: Cast, clock: StageClock, open_one: Callable[..., Case], read: Read, do: Any) -> None:
    case = open_one(at=clock(), severity="high", entity_kind="host", entity="brt-ws-2291")
    (row,) = read().rows
    assert row.clock is not None
    assert (row.clock.kind, row.clock.due_at) == ("acknowledge", clock() + timedelta(minutes=30))
    assert (row.short, row.agency_acronym, row.owner_name, row.mine, row.may_take) == (case.number[-6:], "NORTH", "", False, True)
    do(claim, case, cast.ana.at(clock))
    do(declare, case, cast.ana.at(clock), kind="incident", reason="Real.")
    (row,) = read().rows
    assert row.clock is not None
    assert (row.clock.kind, row.clock.due_at) == ("report_to_cisa", clock() + timedelta(hours=1))
    assert (row.owner_initials, row.state, row.mine, row.may_take) == ("AD", "triage", True, False)


def test_a_closed_case_leaves_the_queue_and_stands_among_those_of_the_week(
    cast: Cast, clock: StageClock, open_one: Callable[..., Case], read: Read, do: Any
) -> None:
    case = open_one(at=clock())
    do(close, case, cast.ana.at(clock), disposition="benign_positive", reason="A drill.")
    assert read().rows == ()
    (row,) = read("closed").rows
    assert (row.number, row.disposition, row.may_take) == (case.number, "Benign positive", False)
    assert read("closed", at=clock() + timedelta(days=8)).rows == ()


def test_the_rail_counts_its_views_whatever_is_filtered(
    cast: Cast, clock: StageClock, open_one: Callable[..., Case], read: Read, do: Any
) -> None:
    mine = open_one(at=clock())
    do(claim, mine, cast.ana.at(clock))
    open_one(at=opened(clock, hours=3))
    open_one(at=clock(), agency=cast.south)
    page = read(severity="low")
    assert page.found == 0
    assert page.counts == {"mine": 1, "open": 3, "unassigned": 2, "late": 1, "closed": 0}
    assert [row.number for row in read("mine").rows] == [mine.number]
    assert len(read("unassigned").rows) == 2
    assert len(read("late").rows) == 1
    assert len(read("open", agency="south").rows) == 1
    assert len(read("open", q="ticket").rows) == 3


def test_a_reader_sees_the_agencies_assigned(cast: Cast, clock: StageClock, open_one: Callable[..., Case], read: Read) -> None:
    open_one(at=clock())
    south = open_one(at=clock(), agency=cast.south)
    for who in (cast.zoe, narrowed(cast.ana, cast.south), cast.sol):
        page = read(by=who)
        assert [row.number for row in page.rows] == [south.number]
        assert page.counts["open"] == 1


def test_pages_follow_each_other_and_keep_the_groups_of_the_first(
    cast: Cast, clock: StageClock, open_one: Callable[..., Case], read: Read
) -> None:
    for n in range(60):
        open_one(title=f"{n}", at=opened(clock, minutes=n), severity="high" if n % 2 else "medium")
    first = read()
    clock.wind(minutes=30)
    second = read(cursor=first.next or "")
    titles = [row.title for row in first.rows + second.rows]
    assert len(first.rows) == 50
    assert sorted(titles, key=int) == [str(n) for n in range(60)]
    assert second.next is None
    for wrong in ("x", "WzEsMl0", "WyJhIiwxLCJiIiwyXQ"):
        with pytest.raises(Invalid):
            read(cursor=wrong)


def test_the_queue_costs_three_queries_for_one_row_and_for_fifty(
    cast: Cast, clock: StageClock, open_one: Callable[..., Case], in_scope: Callable[..., Any]
) -> None:
    def cost() -> int:
        with in_scope(cast.ana), CaptureQueriesContext(connection) as asked:
            open_queue(view="open", reader=cast.ana, at=clock())
        return len(asked)

    open_one(at=clock())
    assert cost() == 3
    for _ in range(49):
        open_one(at=clock())
    assert cost() == 3
