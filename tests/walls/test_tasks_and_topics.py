"""Every task, every chore and every topic is declared: what names an agency works for that one, and another's topic is an unknown one."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from playbooks.models import Approval
from playbooks.operations.backtesting import ask_backtest
from soc.cases.models import Receipt
from soc.celery import answer, app
from soc.live import consumers, topics
from tenants.actors import Actor, clock_set_to
from tenants.gates.opening import opened
from tenants.gates.sockets import socket_actor
from tenants.isolation import scope
from tenants.journal.sweeping import chores
from tests.cast import ApiClient
from tests.walls.addresses import filled
from tests.walls.driving import CALLERS, Caller, fingerprint, leaks
from tests.walls.urls import ADMIN, READ_HERE
from tests.walls.world import WORKERS, World, word

pytestmark = pytest.mark.django_db

# Celery's tasks, with what a forged or stale message may say to them: an agency that is not, or no number at all.
TASKS = {
    "soc.celery.answer": (
        ("nothing-like-it", None), ("nothing-like-it", 1), ("deliveries", 999_999_999), ("runs", -1), ("intake", None),
        ("backtests", 999_999_999), ("backtests", None),
    ),
}  # fmt: skip
# Chores of the sweep: whose rows each works on. Central ones see every agency, each with its reason.
CHORES = dict.fromkeys(("intake", "deliveries", "clocks", "scorecards", "timers", "approvals", "runs", "backtests"), "one agency")
CENTRAL = {
    "standings": "compares all agencies, and writes each reader's rows apart",
    "seal": "seals the journal and the audit of everyone: hashes only",
    "anchor": "takes the seals outside: hashes only",
}
TOPICS = {
    **{f"agency.{{agency}}.{aspect}": READ_HERE for aspect in ("queue", "approvals", "scorecard")},
    "agency.{agency}.intake": READ_HERE | {ADMIN},
    "case.{case}": READ_HERE,
    "run.{run}": READ_HERE,
    "standings": READ_HERE,
}


def test_every_task_and_chore_is_declared() -> None:
    tasks = {name for name in app.tasks if not name.startswith("celery.")}
    assert tasks == set(TASKS), f"Say in {__name__} what a forged message may say to these: {sorted(tasks ^ set(TASKS))}"
    there = {chore.name for chore in chores()}
    assert there == set(CHORES) | set(CENTRAL), f"Say in {__name__} whose rows these work on: {sorted(there ^ {*CHORES, *CENTRAL})}"


def arrive(world: World, agency: str) -> None:
    """Work of every kind for one agency: alerts that wait, one that nobody understands, a question about its past."""
    sensor = ApiClient(world.bearers[f"{agency}_key"])
    host = {"type": "host", "value": f"{word(agency, 'shown')}-ws-9"}
    later = {"title": f"Later {word(agency, 'shown')}", "severity": "high", "rule": "later", "entities": [host]}
    assert sensor.send("/api/v1/alerts", [later, {"odd": 1}]).status_code == 202
    by = world.actors[WORKERS[agency]]
    with opened(by):
        ask_backtest(book="malware-on-a-host", days=30, way="all", agencies=[agency], by=by)


def test_a_chore_of_one_agency_works_for_that_agency_alone(
    world: World, savepoint: Callable[[], AbstractContextManager[None]], record_property: Callable[[str, Any], None]
) -> None:
    arrive(world, "north")
    arrive(world, "south")
    north, south = world.agency_ids["north"], world.agency_ids["south"]
    before = fingerprint(south)
    done, there = dict.fromkeys(CHORES, 0), {chore.name: chore for chore in chores()}
    # Clocks run out, approvals lapse and figures are counted in the days that follow.
    for days in (0, 1, 30):
        with scope.floor(None):
            Approval.objects.filter(agency_id=north).update(expires_at=datetime.now(UTC) + timedelta(days=1 - days))
        with clock_set_to(lambda days=days: datetime.now(UTC) + timedelta(days=days)):  # type: ignore[misc]
            for name in (*CHORES, *CHORES):
                while pieces := there[name].work(north):
                    done[name] += pieces
                assert fingerprint(south) == before, f"the chore {name} of the north moved something of the south"
    idle = [name for name, pieces in done.items() if not pieces and name != "timers"]  # no book of the library waits for a time
    assert not idle, f"These had nothing to do, so this test says nothing of them: {idle}"
    for name in CHORES:
        with savepoint():
            assert there[name].work(999_999_999) == 0, f"the chore {name} found work of an agency that is not"
            assert fingerprint(south) == before
    record_property("tasks", 2 * len(CHORES))


def test_a_forged_message_does_nothing(world: World, record_property: Callable[[str, Any], None]) -> None:
    arrive(world, "south")
    before = fingerprint()
    for arguments in TASKS["soc.celery.answer"]:
        answer(*arguments)  # type: ignore[arg-type]
        assert fingerprint() == before, f"a message that says {arguments} moved something"
    record_property("tasks", len(TASKS["soc.celery.answer"]))


def test_a_message_that_names_no_number_is_a_ring_like_any_other(world: World) -> None:
    arrive(world, "south")
    north = fingerprint(world.agency_ids["north"])
    answer("intake", "1 OR 1=1; DROP TABLE cases_case")  # type: ignore[arg-type]
    with scope.floor(None):
        waiting = Receipt.objects.filter(state="pending").count()
    assert waiting == 0, "what was due is done"
    assert fingerprint(world.agency_ids["north"]) == north


def actor_of(caller: Caller, world: World) -> Actor | None:
    """Who a socket takes the caller for: sockets know sessions, and neither keys nor tokens."""
    headers = [(b"cookie", f"{settings.SESSION_COOKIE_NAME}={world.sessions.get(caller.short, 'x' * 32)}".encode())]
    if bearer := world.bearers.get(caller.short):
        headers.append((b"authorization", f"Bearer {bearer}".encode()))
    return socket_actor(headers)


def test_every_topic_is_declared(world: World) -> None:
    """Those that the names' grammar knows, and every one that ever rang in this world."""
    assert {f"agency.{{agency}}.{aspect}" for aspect in topics.ASPECTS} < set(TOPICS), f"Say in {__name__} who joins each aspect."
    with scope.floor(None), connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT topic FROM live_topiccount")
        rang = {row[0] for row in cursor.fetchall()}
    shapes = {re.sub(r"^(case|run)\..*", lambda m: f"{m[1]}.{{{m[1]}}}", re.sub(r"^agency\.[^.]+", "agency.{agency}", one)) for one in rang}
    assert shapes - {"standings"} <= set(TOPICS), f"Say in {__name__} who joins these: {sorted(shapes - set(TOPICS))}"
    assert len(shapes) > 4
    assert topics.understood("agency.north.nothing-like-it") is None


@pytest.mark.parametrize("caller", CALLERS, ids=lambda caller: caller.label)
def test_another_agencys_topic_is_an_unknown_one(
    caller: Caller, world: World, ids: dict[bytes, str], record_property: Callable[[str, Any], None]
) -> None:
    actor = actor_of(caller, world)
    if caller.role is None or caller.short.endswith("_key"):
        assert actor is None, "only a live session opens a socket"
        record_property("topics", len(TOPICS))
        return
    assert actor is not None
    home = str(caller.home if caller.home in world.agency_ids else "north")
    own = {filled(name, world.things[home]): roles for name, roles in TOPICS.items()}
    others = [world.things["unknown"], *([world.things[caller.foreign]] if caller.foreign else [])]
    nothings = [filled(name, things) for things in others for name in TOPICS if name != "standings"]
    if caller.short == "nia":
        nothings.append(f"case.{world.things[home]['restricted']}")
    seats, counts = consumers.join([*own, *nothings], actor)
    assert {seat.topic for seat in seats} == set(counts) == {name for name, roles in own.items() if caller.role in roles}
    said = repr(counts).encode()
    assert not leaks(said, caller, ids)
    record_property("topics", len(own) + len(nothings))
