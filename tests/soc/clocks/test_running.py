"""Clocks start, stop, pause, tighten and come back; what is stored is what the ledger adds up to."""

from datetime import timedelta

import pytest

from soc.clocks.models import ClockEvent
from soc.clocks.operations.running import (
    close_clocks,
    reopen_clocks,
    start_clock,
    start_response_clocks,
    stop_clock,
    tighten,
)
from soc.clocks.queries.clocks import clocks_of, clocks_out_of_step, next_due, promises_kept
from tenants.isolation import scope

pytestmark = pytest.mark.django_db
SUBJECT = "case:42"


@pytest.fixture
def north(cast, clock):
    """The agency's own scope, an actor on the stage's clock, and the two clocks of a critical case."""
    by = cast.ana.at(clock)
    with scope.agency(cast.north.pk, actor="test"):
        start_response_clocks(agency_id=cast.north.pk, subject=SUBJECT, severity="critical", at=clock(), by=by)
        yield {"agency_id": cast.north.pk, "subject": SUBJECT, "by": by}


def views():
    return {view.kind: view for view in clocks_of([SUBJECT])[SUBJECT]}


def test_a_case_shows_three_clocks_and_the_report_has_not_started(north, clock):
    shown = views()
    assert [v.state for v in shown.values()] == ["running", "running", "not_started"]
    assert shown["acknowledge"].due_at - clock() == timedelta(minutes=15)
    assert shown["contain"].due_at - clock() == timedelta(hours=1)
    assert shown["acknowledge"].policy and shown["acknowledge"].limit_seconds == 900
    assert next_due(SUBJECT) == ("acknowledge", clock() + timedelta(minutes=15))


def test_starting_again_changes_nothing(north, clock):
    before = views()
    start_response_clocks(severity="low", at=clock.wind(minutes=5), **north)
    assert views() == before


def test_a_clock_stops_with_its_evidence_and_only_once(north, clock):
    stop_clock(kind="acknowledge", at=clock.wind(minutes=3), evidence="claimed by Ana Diaz", **north)
    stopped = views()["acknowledge"]
    stop_clock(kind="acknowledge", at=clock.wind(minutes=30), evidence="assigned", **north)
    assert views()["acknowledge"] == stopped and stopped.state == "met"
    assert ClockEvent.objects.get(clock__kind="acknowledge", kind="stopped").reason == "claimed by Ana Diaz"


def test_a_late_stop_writes_the_breach_first(north, clock):
    stop_clock(kind="acknowledge", at=clock.wind(minutes=16), evidence="claimed", **north)
    kinds = list(ClockEvent.objects.filter(clock__kind="acknowledge").order_by("id").values_list("kind", flat=True))
    assert kinds == ["started", "breached", "stopped"] and views()["acknowledge"].state == "late"


def test_closing_stops_what_runs_and_reopening_makes_exactly_that_run_with_its_old_due_time(north, clock):
    stop_clock(kind="acknowledge", at=clock.wind(minutes=3), evidence="claimed", **north)
    due = views()["contain"].due_at
    close_clocks(at=clock.wind(minutes=3), **north)
    assert views()["contain"].state == "met" and next_due(SUBJECT) is None
    reopen_clocks(at=clock.wind(minutes=20), **north)
    shown = views()
    assert (shown["contain"].state, shown["contain"].due_at) == ("running", due)
    assert shown["acknowledge"].state == "met" and shown["acknowledge"].stopped_at is not None


def test_reopening_after_the_due_time_is_late_because_the_time_closed_counts(north, clock):
    close_clocks(at=clock.wind(minutes=3), **north)
    reopen_clocks(at=clock.wind(hours=2), **north)
    assert {views()[k].state for k in ("acknowledge", "contain")} == {"late"}


def test_a_higher_severity_makes_the_due_time_earlier_and_a_lower_one_leaves_it(cast, clock):
    by = cast.ana.at(clock)
    with scope.agency(cast.north.pk, actor="test"):
        where = {"agency_id": cast.north.pk, "subject": SUBJECT, "by": by}
        begun = clock()
        start_response_clocks(severity="medium", at=begun, **where)
        tighten(severity="high", at=clock.wind(minutes=5), **where)
        assert views()["acknowledge"].due_at == begun + timedelta(minutes=30)
        tighten(severity="low", at=clock.wind(minutes=5), **where)
        assert views()["acknowledge"].due_at == begun + timedelta(minutes=30)
        assert clocks_out_of_step() == []


def test_the_report_to_cisa_is_due_one_hour_after_it_starts(north, clock):
    start_clock(kind="report_to_cisa", at=clock(), **north)
    report = views()["report_to_cisa"]
    assert report.due_at == clock() + timedelta(hours=1) and report.verified and not report.policy


def test_promises_kept_are_counted_by_kind_and_a_late_stop_keeps_none(north, clock):
    begun = clock()
    stop_clock(kind="acknowledge", at=clock.wind(minutes=16), evidence="claimed", **north)
    stop_clock(kind="contain", at=clock.wind(minutes=4), evidence="isolated", **north)
    where = {"start": begun, "end": clock(), "at": clock()}
    assert promises_kept(**where) == {"acknowledge": (1, 0), "contain": (1, 1)}
    assert promises_kept(but=[SUBJECT], **where) == {}
