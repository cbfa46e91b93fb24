"""What a book would have done on past cases: on which targets, whom it would have asked, what it could not decide."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from playbooks.models import Backtest, BacktestedSubject, Run
from playbooks.operations.backtesting import ask_backtest
from playbooks.operations.publishing import publish, publish_library
from playbooks.queries.backtests import answer_of, as_json
from soc.cases.models import Case
from soc.cases.operations.opening import open_case
from tenants.actors import system
from tenants.errors import Invalid, NotAllowed, Unknown
from tenants.gates.opening import opened
from tenants.isolation import scope
from tenants.journal import sweeping
from tenants.models import Entry
from tests.cast import narrowed
from tests.playbooks.books import END, START, book, manual

pytestmark = pytest.mark.django_db(transaction=True)
MALWARE = "malware-on-a-host"


def opened_case(agency: Any, host: str, *, severity: str = "high", days: int = 1, number: int = 0) -> Case:
    by = system("test", agency_id=agency.pk)
    about = {"entity_kind": "host", "entity": host, "rule": "r", "rule_name": "A rule", "fingerprint": f"{number:064}"}
    with scope.agency(agency.pk, actor="test"):
        at = by.now() - timedelta(days=days)
        return open_case(agency_id=agency.pk, title=f"Case on {host}", severity=severity, at=at, by=by, reason="A test.", **about)


@pytest.fixture
def floor(cast):
    """Two agencies with past cases: two on one host, one low, one old, one of the south."""
    with scope.floor(None):
        publish_library(by=system("library"))
    for number, (agency, host, more) in enumerate(
        (
            (cast.north, "ws-1", {}),
            (cast.north, "ws-1", {"severity": "critical"}),
            (cast.north, "ws-2", {"severity": "low"}),
            (cast.north, "ws-3", {"days": 40}),
            (cast.south, "ws-9", {}),
        )
    ):
        opened_case(agency, host, number=number, **more)
    return cast


def asked(who: Any, *, book: str = MALWARE, days: Any = 30, work: bool = True, **more: Any) -> Any:
    with opened(who):
        question = ask_backtest(book=book, days=days, by=who, **more)
    if work:
        sweeping.sweep(names=("backtests",), rounds=50)
    with opened(who):
        return answer_of(book, question, who)


def test_the_books_own_rule_finds_the_cases_and_each_action_with_its_targets_and_votes(floor):
    found = asked(floor.ana, agencies=["north"])
    assert (found.asked.is_done, found.asked.looked, found.asked.fitting) == (True, 3, 2)
    isolate = next(one for one in found.actions if one["action"] == "endpoint.isolate")
    assert (isolate["times"], isolate["subjects"], isolate["targets"], isolate["most_at_once"], isolate["changes"]) == (2, 2, 1, 1, True)
    assert isolate["approvals"] == 2 and isolate["undo"] and isolate["targets_listed"] == [["ws-1", 2]]
    confirm = next(one for one in found.actions if one["action"] == "endpoint.confirm")
    assert (confirm["targets"], confirm["changes"], confirm["problems"]) == (0, False, [])
    (conflict,) = found.conflicts
    assert (conflict["action"], conflict["target"], conflict["times"]) == ("endpoint.isolate", "ws-1", 2)
    assert found.sums["votes"] >= 2 and found.sums["human_minutes"] > 0 and found.sums["estimates"]["verified"] is False


def test_nothing_of_it_is_done_and_the_question_is_a_fact(floor):
    with scope.floor(None):
        before = Run.objects.count()
    asked(floor.ana, agencies=["north"])
    with scope.floor(None):
        assert Run.objects.count() == before
        assert Entry.objects.get(kind="playbooks.BacktestAsked").agency_id == floor.north.pk


def test_a_rule_or_every_case_can_be_asked_instead(floor):
    low = asked(floor.ana, way="rule", rule="__severity__:value = 'low'", agencies=["north"])
    every = asked(floor.ana, way="all", agencies=["north"])
    odd = asked(floor.ana, way="rule", rule="__gone__:value > 3", agencies=["north"])
    assert (low.asked.fitting, every.asked.fitting, odd.asked.fitting) == (1, 3, 0)
    assert odd.sums["outcomes"] == {"rule_undecided": 3} and "__gone__ has no value" in odd.undecided[0]["why"]


def test_a_condition_that_the_facts_do_not_answer_is_told_with_its_case(floor):
    document = book(
        {
            "start": {"type": "start", "on_completion": "choose"},
            "choose": {"type": "if-condition", "name": "Is it", "condition": "__gone__:value>3", "on_true": "yes", "on_completion": "end"},
            "yes": manual("Look", on_completion="inner"),
            "inner": END,
            "end": END,
        },
        start="start",
        gone={},
    )  # fmt: skip
    with scope.floor(None):
        publish(slug="asking", document=document, by=system("test"))
    found = asked(floor.ana, book="asking", way="all", agencies=["south"])
    (one,) = found.undecided
    assert "__gone__ has no value" in one["why"] and one["about"].number and found.sums["outcomes"] == {"undecided": 1}


def test_tasks_of_people_are_counted_in_minutes_that_are_called_estimates(floor):
    with scope.floor(None):
        steps = {"start": START, "first": manual("Call __host__:value", on_completion="end"), "end": END}
        publish(slug="calls", document=book(steps, start="start", host={}), by=system("test"))
    found = asked(floor.ana, book="calls", way="all", agencies=["north"])
    assert (found.sums["tasks"], found.sums["human_minutes"]) == (3, 45)
    assert as_json(found)["totals"]["estimates"] == {"minutes_a_task": 15, "minutes_a_vote": 5, "minutes_a_question": 10, "verified": False}


def test_each_reader_sees_the_agencies_that_they_work_for(floor):
    found = asked(floor.ana)
    assert {one.slug for one in found.agencies} == {"north", "south"}
    with opened(floor.zoe):
        own = answer_of(MALWARE, found.asked.question, floor.zoe)
    assert {one.slug for one in own.agencies} == {"south"} and {one.agency_name for one in own.subjects} == {floor.south.name}
    for who in (floor.nia, floor.ada):
        with opened(who), pytest.raises(Unknown):
            answer_of(MALWARE, found.asked.question, who)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"days": 0}, "days"),
        ({"days": "many"}, "days"),
        ({"days": 366}, "days"),
        ({"agencies": ["south"]}, "agency"),
        ({"agencies": ["nowhere"]}, "agency"),
        ({"way": "rule", "rule": "  "}, "rule"),
        ({"way": "rule", "rule": "severity = high ("}, "rule"),
        ({"way": "odd"}, "way"),
        ({"version": 9}, "version"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_field(floor, more, field):
    who = narrowed(floor.ana, floor.north)
    with pytest.raises(Invalid) as refused:
        asked(who, **more)
    assert refused.value.field == field
    with scope.floor(None):
        assert not Backtest.objects.exists()


def test_who_may_not_ask_is_refused(floor):
    with pytest.raises(NotAllowed):
        asked(floor.aud)
    with pytest.raises(Unknown):
        asked(floor.ana, book="no-such-book")


def test_a_batch_that_is_lost_is_done_again_and_nothing_twice(floor, monkeypatch):
    question = asked(floor.ana, work=False, way="all", agencies=["north"]).asked.question
    monkeypatch.setattr("playbooks.operations.backtesting.BATCH", 2)
    monkeypatch.setattr(Backtest, "save", _fails_once(Backtest.save))
    sweeping.sweep(names=("backtests",), rounds=50)  # this one is lost
    sweeping.sweep(names=("backtests",), rounds=50)
    with scope.floor(None):
        assert Backtest.objects.get(question=question).looked == 3 == BacktestedSubject.objects.count()


def _fails_once(save):
    failed = []

    def once(self, *args, **kwargs):
        if not failed:
            failed.append(True)
            raise RuntimeError("the worker is lost")
        return save(self, *args, **kwargs)

    return once


def test_the_command_prints_what_would_have_been_done(floor):
    out = StringIO()
    call_command("backtest_playbook", MALWARE, "--days", "30", "--agency", "north", "--json", stdout=out, stderr=StringIO())
    told = json.loads(out.getvalue())
    assert (told["book"], told["cases"], told["fitting"], told["done"]) == (MALWARE, 3, 2, True)
    assert told["agencies"][0]["conflicts"] == 1 and told["totals"]["touched"] == 1
    out = StringIO()
    call_command("backtest_playbook", MALWARE, "--days", "30", "--all", stdout=out, stderr=StringIO())
    assert "4 of 4 cases fit" in out.getvalue() and "endpoint.isolate on ws-1 from 2 cases" in out.getvalue()
    with pytest.raises(CommandError, match="whole number"):
        call_command("backtest_playbook", MALWARE, "--days", "0", stdout=out, stderr=StringIO())


def test_the_pages_ask_follow_and_export(floor, client_of):
    browser = client_of("ana")
    assert browser.post(f"/playbooks/{MALWARE}/backtests/", {"days": "x"}).status_code == 422
    answer = browser.post(f"/playbooks/{MALWARE}/backtests/", {"days": "30", "agency": "north", "way": "own"})
    where = answer.headers["Location"]
    assert 'hx-trigger="every 2s"' in browser.get(where).content.decode()
    sweeping.sweep(names=("backtests",), rounds=50)
    page = browser.get(where).content.decode()
    assert "hx-trigger" not in page and "endpoint.isolate" in page and "from 2 cases" in page
    assert browser.get(f"{where}export/?kind=json").json()["fitting"] == 2
    rows = b"".join(browser.get(f"{where}export/?kind=csv")).decode().splitlines()
    assert rows[0].startswith("case,agency") and any("endpoint.isolate,ws-1" in row for row in rows)
    assert browser.get(f"/playbooks/{MALWARE}/backtests/").content.decode().count("Answered") == 1
