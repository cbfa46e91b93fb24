"""Whatever the journal tells, in whatever order it is delivered, the stored scorecard is what a replay counts."""

import threading
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soc.cases.events import (
    CaseAssigned,
    CaseClaimed,
    CaseClosed,
    CaseContained,
    CaseOpened,
    CaseRecovered,
    CaseReopened,
    IncidentDeclared,
)
from soc.scorecards.models import Observation, Scorecard
from soc.scorecards.operations.counting import count_scorecards
from soc.scorecards.operations.observing import observe_case
from soc.scorecards.periods import periods_of
from soc.scorecards.queries.replaying import replayed
from tenants.actors import system
from tenants.isolation import scope
from tenants.journal import sweeping
from tenants.journal.recording import record

pytestmark = pytest.mark.django_db
BEGUN = datetime(2026, 9, 29, 12, 0, tzinfo=UTC)  # days before a quarter and a fiscal year end
NUMBERS = count(10, 10)
DISPOSITIONS = ("true_positive", "benign_positive", "false_positive_rule", "undetermined")


def event_of(kind, case, at, disposition, minutes):
    number = f"NORTH-2026-{case:06}"
    named = {"case_id": case, "number": number}
    match kind:
        case "claim":
            return CaseClaimed(**named, owner_id=1, owner="Ana")
        case "assign":
            return CaseAssigned(**named, owner_id=1 if minutes % 2 else None, owner="")
        case "contain":
            return CaseContained(**named, at=at - timedelta(minutes=minutes), reason="r")
        case "recover":
            return CaseRecovered(**named, at=at, reason="r")
        case "declare":
            return IncidentDeclared(**named, kind="incident", reason="r", at=at)
        case "close":
            return CaseClosed(**named, disposition=disposition, reason="r", at=at)
        case _:
            return CaseReopened(**named, reason="r", at=at)


def opening_of(case, at, minutes, restricted):
    return CaseOpened(
        case_id=case,
        number=f"NORTH-2026-{case:06}",
        title="t",
        severity="high",
        rule="",
        entity_kind="",
        entity="",
        hosts=(),
        opened_at=at,
        happened_at=at - timedelta(minutes=minutes),
        dwell_unknown=minutes % 3 == 0,
        restricted=restricted,
    )


told = st.tuples(
    st.sampled_from(("claim", "assign", "contain", "recover", "declare", "close", "reopen", "count", "observe")),
    st.integers(0, 5),
    st.integers(0, 3000),
    st.sampled_from(DISPOSITIONS),
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(restricted=st.integers(0, 5), steps=st.lists(told, max_size=25))
def test_a_replay_agrees_after_any_sequence_of_facts(cast, restricted, steps):
    by = system("test", agency_id=cast.north.pk, clock=lambda: BEGUN)
    with scope.agency(cast.north.pk, actor="test"):
        base = next(NUMBERS)
        at = BEGUN
        opened = set()
        for kind, which, minutes, disposition in steps:
            case, at = base + which, at + timedelta(minutes=minutes)
            subject = f"case:{case}"
            if case not in opened:
                opened.add(case)
                record(opening_of(case, at, minutes, which == restricted), agency_id=cast.north.pk, subject=subject, by=by, at=at)
            if kind == "observe":
                observe_case(agency_id=cast.north.pk, subject=subject, by=by)
            elif kind == "count":
                count_scorecards(agency_id=cast.north.pk, by=by)
            else:
                record(event_of(kind, case, at, disposition, minutes), agency_id=cast.north.pk, subject=subject, by=by, at=at)
    sweeping.sweep(names=("deliveries", "scorecards"), rounds=200)
    with scope.agency(cast.north.pk, actor="test"):
        for period in {period for moment in (BEGUN, at) for period in periods_of(moment)}:
            assert replayed(agency_id=cast.north.pk, period=period).differences == ()
        assert not Observation.objects.filter(unscored=True).exists()


def test_observing_a_case_twice_changes_nothing(cast, work, deliver_all):
    work.open(cast.north)
    deliver_all()
    with scope.agency(cast.north.pk, actor="test"):
        found = Observation.objects.get()
        before = {f.attname: getattr(found, f.attname) for f in Observation._meta.fields if f.name != "unscored"}
        observe_case(agency_id=cast.north.pk, subject=found.subject, by=system("test"))
        found.refresh_from_db()
        assert {name: getattr(found, name) for name in before} == before


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_lose_no_case(cast, work, clock, deliver_all):
    for _ in range(8):
        number = work.open(cast.north)
        clock.wind(minutes=7)
        work.claim(number)

    def sweep():
        try:
            sweeping.sweep(rounds=100)
        finally:
            connection.close()

    workers = [threading.Thread(target=sweep) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    deliver_all()
    with scope.agency(cast.north.pk, actor="test"):
        card = Scorecard.objects.get(period="2026-05")
        assert card.cases == 8 and card.figures.get(measure="time_to_acknowledge").value == 420
        assert replayed(agency_id=cast.north.pk, period=periods_of(clock())[0]).differences == ()
