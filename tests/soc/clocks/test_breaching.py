"""A breach is written down exactly once, by the sweep or by whoever stops the clock too late."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soc.clocks.models import Clock, ClockEvent, Rule
from soc.clocks.operations.breaching import breach_due_clocks
from soc.clocks.operations.running import (
    close_clocks,
    pause_clock,
    reopen_clocks,
    resume_clock,
    start_clock,
    start_response_clocks,
    stop_clock,
    tighten,
)
from soc.clocks.queries.clocks import clocks_of, clocks_out_of_step
from tenants.actors import system
from tenants.isolation import scope
from tenants.models import Entry

pytestmark = pytest.mark.django_db
SUBJECT = "case:42"


def start_long_ago(cast, clock, **ago):
    clock.time = datetime.now(UTC) - timedelta(**ago)
    with scope.agency(cast.north.pk, actor="test"):
        start_response_clocks(agency_id=cast.north.pk, subject=SUBJECT, severity="critical", at=clock(), by=cast.ana.at(clock))


def test_the_sweep_writes_the_breach_of_a_due_clock_once_and_leaves_the_others(cast, clock, deliver_all):
    start_long_ago(cast, clock, minutes=20)
    deliver_all()
    deliver_all()
    with scope.agency(cast.north.pk, actor="test"):
        facts = list(Entry.objects.filter(kind="clocks.ClockLate").values_list("subject", "data", "at"))
        assert [(subject, data["kind"], data["about"]) for subject, data, _ in facts] == [(SUBJECT, "acknowledge", SUBJECT)]
        late = Clock.objects.get(kind="acknowledge")
        assert (late.state, late.breached_at, late.stopped_at) == ("late", late.due_at, None) and facts[0][2] == late.due_at
        assert Clock.objects.get(kind="contain").state == "running"
        assert clocks_out_of_step() == []


def test_a_clock_that_was_late_and_is_stopped_then_is_late_for_good_and_breached_once(cast, clock, deliver_all):
    start_long_ago(cast, clock, minutes=20)
    deliver_all()
    with scope.agency(cast.north.pk, actor="test"):
        clock.time = datetime.now(UTC)
        stop_clock(agency_id=cast.north.pk, subject=SUBJECT, kind="acknowledge", at=clock(), evidence="claimed", by=cast.ana.at(clock))
        assert list(ClockEvent.objects.filter(clock__kind="acknowledge").order_by("id").values_list("kind", flat=True)) == [
            "started",
            "breached",
            "stopped",
        ]
        assert Entry.objects.filter(kind="clocks.ClockLate").count() == 1


def test_a_reader_sees_a_due_clock_as_late_before_the_sweep_has_come(cast, clock):
    start_long_ago(cast, clock, minutes=20)
    with scope.agency(cast.north.pk, actor="test"):
        now = datetime.now(UTC)
        assert [v.state for v in clocks_of([SUBJECT])[SUBJECT]] == ["running", "running", "not_started"]
        assert [v.state for v in clocks_of([SUBJECT], now)[SUBJECT]] == ["late", "running", "not_started"]


def test_the_sweep_of_one_agency_cannot_touch_the_clocks_of_another(cast, clock):
    start_long_ago(cast, clock, hours=2)
    with scope.agency(cast.south.pk, actor="test"):
        assert breach_due_clocks(agency_id=cast.north.pk, by=system("test")) == 0
    with scope.agency(cast.north.pk, actor="test"):
        assert breach_due_clocks(agency_id=cast.north.pk, by=system("test")) == 2


VERBS = ("stop", "pause", "resume", "close", "reopen", "tighten", "sweep", "report", "start")
steps = st.lists(
    st.tuples(
        st.sampled_from(VERBS),
        st.sampled_from(("acknowledge", "contain", "report_to_cisa")),
        st.sampled_from(("low", "medium", "high", "critical")),
        st.integers(0, 90),
    ),
    max_size=14,
)


@pytest.fixture
def pausable(cast):
    """The rule of containing at medium severity as it would be if it knew a pause: a newer row, the old one stays."""
    with scope.floor(None, actor="test"):
        rule = Rule.objects.get(code="contain-medium")
        rule.pk, rule.may_pause = None, True
        rule.save(force_insert=True)
    return rule


def test_a_pause_moves_the_due_time_by_its_length_and_says_why(cast, clock, pausable):
    where = {"agency_id": cast.north.pk, "subject": SUBJECT, "by": cast.ana.at(clock)}
    with scope.agency(cast.north.pk, actor="test"):
        start_response_clocks(severity="medium", at=clock(), **where)
        due = Clock.objects.get(kind="contain").due_at
        pause_clock(kind="contain", at=clock.wind(hours=1), reason="the vendor has no fix", **where)
        pause_clock(kind="acknowledge", at=clock(), reason="lunch", **where)
        assert [v.state for v in clocks_of([SUBJECT])[SUBJECT]] == ["running", "paused", "not_started"], "only where the rule allows it"
        clock.wind(hours=30)
        assert breach_due_clocks(agency_id=cast.north.pk, by=where["by"]) == 1, "the paused one is not late"
        resume_clock(kind="contain", at=clock(), **where)
        resumed = Clock.objects.get(kind="contain")
        assert (resumed.state, resumed.due_at) == ("running", due + timedelta(hours=30))
        assert ClockEvent.objects.get(kind="paused").reason == "the vendor has no fix"


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_whatever_happens_what_is_stored_is_what_the_ledger_adds_up_to(cast, clock, pausable, steps):
    subject = f"case:{abs(hash(tuple(steps)))}"
    by = cast.ana.at(clock)
    where = {"agency_id": cast.north.pk, "subject": subject, "by": by}
    with scope.agency(cast.north.pk, actor="test"):
        start_response_clocks(severity="medium", at=clock(), **where)
        for verb, kind, severity, minutes in steps:
            at = clock.wind(minutes=minutes)
            if verb == "stop":
                stop_clock(kind=kind, at=at - timedelta(minutes=30), evidence="seen", **where)
            elif verb == "pause":
                pause_clock(kind=kind, at=at, reason="vendor", **where)
            elif verb == "resume":
                resume_clock(kind=kind, at=at, **where)
            elif verb == "close":
                close_clocks(at=at, **where)
            elif verb == "reopen":
                reopen_clocks(at=at, **where)
            elif verb == "tighten":
                tighten(severity=severity, at=at, **where)
            elif verb == "sweep":
                breach_due_clocks(agency_id=cast.north.pk, by=by)
            elif verb == "report":
                start_clock(kind="report_to_cisa", at=at, **where)
            else:
                start_response_clocks(severity=severity, at=at, **where)
        assert clocks_out_of_step() == []
        breaches = ClockEvent.objects.filter(clock__subject=subject, kind="breached").count()
        assert breaches == Entry.objects.filter(kind="clocks.ClockLate", subject=subject).count()
        assert breaches == len(set(ClockEvent.objects.filter(clock__subject=subject, kind="breached").values_list("clock", flat=True)))


def test_a_stored_clock_that_someone_altered_is_found_out_of_step(cast, clock):
    start_long_ago(cast, clock, minutes=2)
    with scope.agency(cast.north.pk, actor="test"):
        assert clocks_out_of_step() == []
        Clock.objects.filter(kind="contain").update(due_at=clock() + timedelta(days=2))
        assert [found.kind for found in clocks_out_of_step()] == ["contain"]
