"""The plan of the simulated floor: the same for a seed, varied, and possible under the rules."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from soc.cases.intake.entities import leading_entity
from soc.cases.intake.plain import normal
from soc.demo.people import AGENCIES, LIAISONS, PEOPLE
from soc.demo.scenario import OPEN_NOW, plan
from soc.demo.weather import Stream, arrivals, pause, pressure

NOW = datetime(2026, 11, 24, 14, 32, tzinfo=UTC)


@pytest.fixture(scope="module")
def week():
    return plan(7, NOW)


def test_the_same_seed_and_moment_give_the_same_week_and_another_seed_another(week):
    assert plan(7, NOW) == week
    assert plan(8, NOW) != week


@pytest.mark.parametrize("seed", range(20))
def test_nothing_happens_after_now_or_before_its_case(seed):
    for case in plan(seed, NOW).cases:
        assert case.opened_at <= NOW
        assert all(case.opened_at <= at < NOW for at, _ in case.alerts)
        times = [act.at for act in case.acts]
        assert times == sorted(times)
        assert all(case.opened_at <= at <= NOW for at in times)


def test_every_alert_is_of_a_form_that_the_intake_reads(week):
    for case in week.cases:
        for _, alert in case.alerts:
            found = normal(alert)
            assert (found.severity, found.rule_key) == (case.severity, case.signal.rule)
            assert leading_entity(found).type == case.signal.about


def test_the_week_is_varied(week):
    verbs = Counter(act.verb for case in week.cases for act in case.acts)
    assert {"claim", "note", "release", "declare", "vote", "contain", "recover", "close", "reopen", "suppress", "open"} <= set(verbs)
    dispositions = {act.args["disposition"] for case in week.cases for act in case.acts if act.verb == "close"}
    assert len(dispositions) == 5
    assert {case.agency for case in week.cases} == {agency.slug for agency in AGENCIES}
    open_now = [case for case in week.cases if not any(act.verb == "close" for act in case.acts)]
    assert len(open_now) >= len(OPEN_NOW)


def test_there_is_one_ransomware_day_at_one_agency(week):
    hit = [case for case in week.cases if case.signal.rule == "edr-1004"]
    assert {case.agency for case in hit} == {"dtw"} and len(hit) == 8
    assert max(c.opened_at for c in hit) - min(c.opened_at for c in hit) < timedelta(hours=2)
    assert "major_incident" in {act.args.get("kind") for case in hit for act in case.acts}


def test_no_two_cases_of_an_agency_would_be_grouped_into_one(week):
    marks = Counter((case.agency, case.signal.rule, case.entity) for case in week.cases)
    assert max(marks.values()) == 1


def test_working_hours_are_busier_than_nights_and_weekends():
    tuesday, sunday = datetime(2026, 11, 24, 15, tzinfo=UTC), datetime(2026, 11, 22, 15, tzinfo=UTC)
    assert pressure(tuesday) > 3 * pressure(tuesday.replace(hour=5))
    assert pressure(sunday) < pressure(tuesday) / 2
    times = arrivals(random.Random(1), since=NOW - timedelta(days=7), until=NOW, count=400)
    assert times == sorted(times) and 390 <= len(times) <= 400
    assert sum(12 <= at.hour < 22 for at in times) > len(times) / 2


def test_the_live_alerts_are_read_by_the_intake_and_mostly_join_what_came_before():
    stream, marks = Stream(random.Random(3)), set()
    sent = [one for _ in range(300) for one in stream.next(NOW)]
    for slug, alert in sent:
        found = normal(alert)
        marks.add((slug, found.rule_key, found.entities[0].value))
    assert 20 < len(marks) < len(sent) / 2
    pauses = [pause(random.Random(n), NOW) for n in range(300)]
    assert all(0.5 <= p <= 40 for p in pauses) and sum(p >= 10 for p in pauses) > 250


def test_every_agency_has_a_liaison_and_one_person_speaks_for_two():
    assert {slug for person in LIAISONS for slug in person.agencies} == {agency.slug for agency in AGENCIES}
    assert [len(person.agencies) for person in LIAISONS].count(2) == 1
    assert [agency.slug for agency in AGENCIES if not agency.consents] == ["cof"]
    roles = Counter(person.role for person in PEOPLE if person.signs_in)
    assert roles["liaison"] >= 2 and {"analyst", "watch_lead", "admin", "auditor"} <= set(roles)
    assert len({person.email for person in PEOPLE}) == len(PEOPLE)
