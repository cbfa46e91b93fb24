"""A hundred sockets that drop, come back and read slowly end with the last count of every topic they joined, and hear no other."""

import threading
import time
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import uvicorn
from django.conf import settings
from django.db import connections

from soc.asgi import application
from soc.cases.events import AlertsArrived
from soc.scorecards.events import ScorecardMoved, StandingsChanged
from tenants.actors import system
from tenants.isolation import scope
from tenants.journal.recording import record
from tenants.journal.sweeping import sweep
from tests.falls.instance import free_port, until
from tests.falls.sockets import COUNTS, Hall, Listener, audience, counted, figures
from tests.falls.stage import make

SECONDS = 12.0


@contextmanager
def a_web_server():
    """A real server on a loopback port."""
    server = uvicorn.Server(uvicorn.Config(application, host="127.0.0.1", port=free_port(), lifespan="off", log_config=None))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert until(lambda: server.started, 20)
    yield server.config.port
    server.should_exit = True
    thread.join(20)


def stir(ids):
    """Changes of every agency and of the programme, delivered as a worker does, for a while."""
    ends, by = time.monotonic() + SECONDS, system("test")
    try:
        while time.monotonic() < ends:
            for agency_id in ids:
                with scope.agency(agency_id, actor=by.name):
                    record(AlertsArrived(count=1), agency_id=agency_id, subject="intake", by=by)
                    record(ScorecardMoved(period="2026-11"), agency_id=agency_id, subject="scorecard", by=by)
            with scope.floor(None, actor=by.name):
                record(StandingsChanged(period="2026-11"), agency_id=None, subject="standings", by=by)
            sweep(names=("deliveries",))
            time.sleep(0.05)
    finally:
        connections.close_all()


def stand():
    try:
        with scope.floor(None), connections["default"].cursor() as cursor:
            cursor.execute(COUNTS)
            return counted(cursor.fetchall())
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
async def test_a_hundred_sockets_end_with_the_last_counts_and_hear_nothing_foreign():
    import asyncio

    stage = await asyncio.to_thread(make, 3, "http://127.0.0.1:9")
    readers = audience(stage, 100, seed=1)
    with a_web_server() as port:
        last, _ = await Hall(port, settings.SESSION_COOKIE_NAME, readers).hold(lambda: stir(stage.ids.values()), stand)
    found = figures(readers, last)
    assert found["lacking"] == 0, {topic for one in readers for topic in one.lacking(last)}
    assert found["strangers"] == 0
    assert found["drops"] > 20, "the lines did drop"
    assert found["words"] > found["joins"], "something was told"
    assert all(n > 0 for (_, topic), (n, _) in last.items() if topic.endswith((".intake", ".scorecard")))


def a_reader(**about):
    given = {"session": "", "agency": "north", "topics": ("agency.north.intake", "standings"), "foreign": (), "slow": False}
    return Listener(chance=None, **{**given, **about})


def test_a_reader_who_missed_the_last_word_is_found():
    one = a_reader()
    one.take('{"joined": {"agency.north.intake": 3, "standings": 0}, "refused": []}')
    counts = {("north", "agency.north.intake"): (5, 4)}
    assert one.lacking(counts) == ["agency.north.intake"]
    one.take('{"topic": "agency.north.intake", "n": 4}')
    assert one.lacking(counts) == []
    assert figures([one], counts)["strangers"] == 0


@pytest.mark.parametrize(
    "said",
    [
        '{"topic": "agency.south.intake", "n": 4}',
        '{"joined": {"agency.south.intake": 4}, "refused": ["agency.south.queue"]}',
        '{"joined": {}, "refused": []}',
    ],
)
def test_a_word_about_anothers_topic_is_found(said):
    one = a_reader(foreign=("agency.south.queue",))
    one.take(said)
    assert figures([one], {})["strangers"] == 1


def test_one_reader_in_twenty_is_slow_and_every_agency_listens():
    stage = SimpleNamespace(keys={"a": "", "b": "", "c": ""}, sessions={"a": "1", "b": "2", "c": "3"}, analyst_session="0")
    readers = audience(stage, 100, seed=1)
    assert sum(one.slow for one in readers) == 5
    assert {one.agency for one in readers} == {"", "a", "b", "c"}
