"""The same alert twice at the same time, on real threads and a real PostgreSQL."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from soc.cases.models import Alert, Case, Receipt
from soc.cases.operations.grouping import work_off
from soc.cases.tasks import work_off_receipts
from soc.clocks.operations.loading import load_facts
from tenants.actors import system
from tenants.gates.sensors import remember_sensor
from tenants.isolation import scope
from tests.soc.cases.intake.test_real_path import balance, post

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 4


def together(*work: Callable[[], Any]) -> list[Any]:
    """Do all of it at the same moment, each on a thread with a connection of its own."""
    gate, answers = threading.Barrier(len(work)), [None] * len(work)

    def run(at: int) -> None:
        gate.wait()
        try:
            answers[at] = work[at]()
        except BaseException as error:
            answers[at] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(at,)) for at in range(len(work))]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    return answers


@pytest.fixture
def rules(cast: Any) -> None:
    with scope.floor(None, actor="test"):
        load_facts(by=system("test"))


def poster(key: str, body: str, kind: str) -> Callable[[], Any]:
    return lambda: post(Client(headers={"Authorization": f"Bearer {key}"}), body, kind)


@pytest.mark.parametrize("met", [False, True])
def test_the_same_alert_twice_at_once_is_stored_once_under_one_receipt(
    cast: Any, api_of: Any, rules: None, central: Any, met: bool
) -> None:
    if met:
        remember_sensor(f"Bearer {cast.north_key}", cast.north_sensor)
    for turn in range(10):
        body = json.dumps({"title": f"Turn {turn}"})
        answers = together(*[poster(cast.north_key, body, "application/json") for _ in range(THREADS)])
        assert [one.status_code for one in answers] == [202] * THREADS
        items = [one.json()["items"][0] for one in answers]
        assert sorted(item["status"] for item in items) == ["accepted"] + ["repeated"] * (THREADS - 1)
        assert len({item["receipt"] for item in items}) == 1
    found = balance(api_of("north_key"))
    assert (found["received"], found["repeated"]) == (10, 10 * (THREADS - 1))


def test_overlapping_batches_in_opposite_order_neither_deadlock_nor_lose(cast: Any, api_of: Any, rules: None) -> None:
    lines = [json.dumps({"title": str(at)}) for at in range(200)]
    bodies = ["\n".join(lines), "\n".join(reversed(lines)), "\n".join(lines[100:] + lines[:100]), "\n".join(lines)]
    for _ in range(3):
        answers = together(*[poster(cast.north_key, body, "application/x-ndjson") for body in bodies])
        assert [one.status_code for one in answers] == [202] * THREADS
    found = balance(api_of("north_key"))
    assert (found["received"], found["repeated"]) == (200, 3 * 4 * 200 - 200)


def test_many_workers_settle_each_receipt_once_while_more_come_in(cast: Any, api_of: Any, rules: None, central: Any) -> None:
    def feed() -> None:
        for at in range(120):
            alert = {"title": "A virus", "rule": "av", "entities": [f"ws-{at % 6}"], "source_ref": str(at)}
            assert poster(cast.north_key, json.dumps(alert), "application/json")().status_code == 202

    def work() -> None:
        idle = 0
        while idle < 20:
            idle = 0 if work_off_receipts(cast.north.pk) else idle + 1

    together(feed, work, work)
    while work_off_receipts(cast.north.pk):
        pass
    found = balance(api_of("north_key"))
    assert (found["received"], found["opened"], found["grouped"], found["pending"], found["dead"]) == (120, 6, 114, 0, 0)
    with central():
        assert Alert.objects.count() == 120
        assert sorted(Case.objects.values_list("alert_count", flat=True)) == [20] * 6


def test_two_openings_at_once_are_one_case_by_the_constraint(
    cast: Any, api_of: Any, rules: None, central: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the lock that keeps one worker on an agency, the database still lets only one case gather."""
    for at in range(2):
        post(api_of("north_key"), json.dumps({"title": "A virus", "entities": ["ws-1"], "source_ref": str(at)}))
    taken = threading.Barrier(2)

    def one_each() -> int:
        by = system("intake", agency_id=cast.north.pk)
        with scope.agency(cast.north.pk, actor=by.name), connection.execute_wrapper(unlocked):
            return work_off(agency_id=cast.north.pk, by=by, most=1)

    def unlocked(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "pg_try_advisory_xact_lock" in sql:
            return execute("SELECT true", [], many, context)
        answer = execute(sql, params, many, context)
        if "SKIP LOCKED" in sql:
            taken.wait(20)  # both have a receipt of their own before either opens a case
        return answer

    assert together(one_each, one_each) == [1, 1]
    with central():
        case = Case.objects.get()
        assert case.alert_count == 2
        assert sorted(one.state for one in Receipt.objects.all()) == ["grouped", "opened"]
