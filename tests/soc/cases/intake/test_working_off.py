"""Received alerts are suppressed, join a case or open one; each exactly once."""

import json
from datetime import timedelta
from typing import Any

import pytest

from soc.cases.intake.splitting import split
from soc.cases.models import Alert, Case, Observable, Receipt, TimelineEntry
from soc.cases.operations import grouping
from soc.cases.operations.closing import close
from soc.cases.operations.grading import change_severity
from soc.cases.operations.grouping import work_off
from soc.cases.operations.intake import receive
from soc.cases.queries.intake import balance_of
from soc.clocks.queries.clocks import clocks_of
from tenants.actors import system
from tenants.models import Entry


@pytest.fixture
def arrive(cast: Any, clock: Any, in_scope: Any, rules: Any) -> Any:
    """`arrive(alert, ...)`: north's sensor sends alerts at the stage's time, and they are worked off."""

    def send(*alerts: Any) -> list[Receipt]:
        sensor = cast.north_sensor.at(clock)
        by = system("intake", agency_id=cast.north.pk, clock=clock)
        with in_scope(sensor):
            answers = receive(items=split(json.dumps(alerts).encode(), ndjson=False).items, by=sensor)
        with in_scope(by):
            while work_off(agency_id=cast.north.pk, by=by):
                pass
            balance = balance_of(agency="north", reader=sensor)
            assert balance.whole.pending == 0
            found = {str(one.public_id): one for one in Receipt.objects.all()}
        return [found[one.receipt] for one in answers]

    return send


def alert(at: int, host: str = "WS-1", **more: Any) -> dict[str, Any]:
    return {"title": "A virus", "rule": "av-1", "entities": [{"type": "host", "value": host}], "source_ref": str(at), **more}


def case_of(central: Any, receipt: Receipt) -> Case:
    with central():
        return Case.objects.get(pk=receipt.case_id)


def test_an_alert_joins_while_the_last_one_is_under_24_hours_old(arrive: Any, clock: Any, central: Any) -> None:
    (first,) = arrive(alert(1))
    clock.wind(hours=23, minutes=59)
    (second,) = arrive(alert(2))
    clock.wind(hours=23, minutes=59)
    (third,) = arrive(alert(3))
    clock.wind(hours=24)
    (fourth,) = arrive(alert(4))
    assert [one.state for one in (first, second, third, fourth)] == ["opened", "grouped", "grouped", "opened"]
    assert first.case_id == second.case_id == third.case_id != fourth.case_id
    assert third.why.startswith("Joined this case: “av-1” on host ws-1") and "23 h 59 min earlier" in third.why
    assert "24 hours or more" in fourth.why
    old, new = case_of(central, first), case_of(central, fourth)
    assert (old.gathering, old.alert_count, new.gathering, new.alert_count) == (False, 3, True, 1)
    assert old.last_alert_at == third.received_at
    assert old.version == 1, "an alert that joins takes no edit away from anyone"


def test_a_closed_case_takes_no_alert(arrive: Any, do: Any, cast: Any, central: Any) -> None:
    (first,) = arrive(alert(1))
    do(close, case_of(central, first), cast.ana, disposition="true_positive", reason="Cleaned.")
    (second,) = arrive(alert(2))
    assert (second.state, second.case_id != first.case_id) == ("opened", True)


def test_other_rules_hosts_and_agencies_have_cases_of_their_own(arrive: Any, central: Any) -> None:
    receipts = arrive(alert(1), alert(2, host="ws-2"), alert(3, rule="av-2"), alert(4, host="ws-1"))
    assert [one.state for one in receipts] == ["opened", "opened", "opened", "grouped"]
    assert receipts[3].case_id == receipts[0].case_id


def test_numbers_count_up_and_a_restricted_case_takes_none_of_them(arrive: Any, cast: Any, open_one: Any, central: Any, clock: Any) -> None:
    year = clock().year
    receipts = arrive(alert(1))
    hidden = open_one(restricted=True)
    receipts += arrive(alert(2, host="ws-2"))
    assert [case_of(central, one).number for one in receipts] == [f"NORTH-{year}-000001", f"NORTH-{year}-000002"]
    assert hidden.number == f"NORTH-{year}-R00001"


def test_a_case_opens_with_its_clocks_from_the_time_of_receipt_and_a_fact(arrive: Any, central: Any, clock: Any) -> None:
    (one,) = arrive(alert(1, severity="critical", happened_at=(clock() - timedelta(hours=3)).isoformat()))
    case = case_of(central, one)
    assert (case.opened_at, case.severity, case.dwell_unknown, case.entity) == (one.received_at, "critical", False, "ws-1")
    with central():
        running = {view.kind: view.due_at for view in clocks_of([case.subject])[case.subject] if view.state == "running"}
        assert running == {"acknowledge": case.opened_at + timedelta(minutes=15), "contain": case.opened_at + timedelta(hours=1)}
        fact = Entry.objects.get(kind="cases.CaseOpened", subject=case.subject)
        assert (fact.data["hosts"], fact.data["number"], fact.data["dwell_unknown"]) == (["ws-1"], case.number, False)
        seen = TimelineEntry.objects.get(case=case, origin="sensor")
        assert (seen.happened_at, seen.created_at, seen.visibility) == (case.happened_at, one.received_at, "internal")
        told = TimelineEntry.objects.get(case=case, origin="automation")
        assert (told.text, told.entry_id) == (one.why, fact.pk)
    assert (case.next_due_kind, case.next_due_at) == ("acknowledge", running["acknowledge"])


@pytest.mark.parametrize(("days", "unknown"), [(None, True), (31, True), (29, False)])
def test_dwell_is_unknown_without_a_time_or_with_an_old_one(arrive: Any, central: Any, clock: Any, days: int | None, unknown: bool) -> None:
    more = {} if days is None else {"happened_at": (clock() - timedelta(days=days)).isoformat()}
    assert case_of(central, arrive(alert(1, **more))[0]).dwell_unknown is unknown


def test_observables_are_counted_once_each_and_an_account_keeps_its_first_spelling(arrive: Any, central: Any) -> None:
    seen = ["hxxp://bad[.]example/Path", "CORP\\Ann", {"type": "hash", "value": "A" * 32}]
    (one,) = arrive(alert(1, observables=seen))
    arrive(alert(2, observables=["corp\\ANN", "http://bad.example/Path"]))
    case = case_of(central, one)
    with central():
        held = {(row.kind, row.value): row.seen for row in Observable.objects.filter(case=case)}
    assert held == {
        ("host", "ws-1"): 2,
        ("url", "http://bad.example/Path"): 2,
        ("account", "CORP\\Ann"): 2,
        ("hash", "a" * 32): 1,
    }


def test_a_worse_alert_raises_the_case_once_and_what_a_person_lowered_stays_lowered(arrive: Any, do: Any, cast: Any, central: Any) -> None:
    (one,) = arrive(alert(1, severity="low"))
    arrive(alert(2, severity="high"))
    case = case_of(central, one)
    assert (case.severity, case.severity_rank, case.version) == ("high", 3, 2)
    with central():
        due = {view.kind: view.due_at for view in clocks_of([case.subject])[case.subject]}
        assert due["acknowledge"] == case.opened_at + timedelta(minutes=30)
        assert TimelineEntry.objects.filter(case=case, text__startswith="Raised the severity from low to high").count() == 1
    do(change_severity, case, cast.ana, severity="medium", reason="A test machine.")
    arrive(alert(3, severity="high"), alert(4, severity="high"))
    assert case_of(central, one).severity == "medium"
    arrive(alert(5, severity="critical"))
    assert case_of(central, one).severity == "critical"


def test_an_alert_that_cannot_be_understood_dies_alone(arrive: Any, central: Any) -> None:
    good, bad, other = arrive(alert(1), alert(2, severity="dreadful"), alert(3))
    assert [one.state for one in (good, bad, other)] == ["opened", "dead", "grouped"]
    assert (bad.problem["code"], bad.problem["field"], bad.case_id) == ("bad_severity", "severity", None)
    with central():
        assert Entry.objects.get(kind="cases.AlertDied").data == {"receipt": str(bad.public_id), "code": "bad_severity", "count": 1}


def test_a_failure_of_ours_holds_up_one_alert_only_and_ends_as_a_dead_letter(
    arrive: Any, cast: Any, clock: Any, in_scope: Any, central: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = grouping.open_case

    def fails(**given: Any) -> Any:
        if given["entity"] == "ws-13":
            raise RuntimeError("a fault of ours")
        return real(**given)

    monkeypatch.setattr(grouping, "open_case", fails)
    sensor = cast.north_sensor.at(clock)
    by = system("intake", agency_id=cast.north.pk, clock=clock)
    with in_scope(sensor):
        receive(items=split(json.dumps([alert(1), alert(2, "ws-13"), alert(3, "ws-2")]).encode(), ndjson=False).items, by=sensor)
    states = []
    for _ in range(8):
        with in_scope(by):
            assert work_off(agency_id=cast.north.pk, by=by) > 0
            assert work_off(agency_id=cast.north.pk, by=by) == 0, "it waits before it is tried again"
        with central():
            states.append([one.state for one in Receipt.objects.order_by("position")])
            assert Alert.objects.count() == Case.objects.count() == 2
        clock.wind(hours=2)
    assert states == [["opened", "pending", "opened"]] * 7 + [["opened", "dead", "opened"]]


def test_joining_is_told_once_a_batch(arrive: Any, central: Any) -> None:
    arrive(*[alert(at) for at in range(20)])
    with central():
        fact = Entry.objects.get(kind="cases.AlertJoined")
        assert fact.data["count"] == 19
        assert Case.objects.get().alert_count == 20
