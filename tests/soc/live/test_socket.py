"""The socket of a page: what it joins, what it hears, when it is closed."""

import asyncio
import json
import time
from contextlib import asynccontextmanager

import pytest
from asgiref.testing import ApplicationCommunicator
from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore

import soc.live.consumers as consumers
from soc.asgi import application
from soc.cases.events import AlertsArrived
from soc.scorecards.events import ScorecardMoved, StandingsChanged
from tenants.actors import system
from tenants.isolation import scope
from tenants.journal.recording import record
from tenants.journal.sweeping import sweep
from tenants.operations.people import deactivate

pytestmark = pytest.mark.django_db(transaction=True)

LOCAL = [(b"host", b"localhost"), (b"origin", b"http://localhost:8000")]


def in_thread(call):
    return database_sync_to_async(call, thread_sensitive=False)()


async def session_of(client_of, who):
    return await in_thread(lambda: client_of(who).cookies[settings.SESSION_COOKIE_NAME].value)


class Page:
    """A page's end of the socket (channels' own test client asks for a server that we do not use)."""

    def __init__(self, headers):
        self.wire = ApplicationCommunicator(
            application, {"type": "websocket", "path": "/ws/live/", "query_string": b"", "headers": headers, "subprotocols": []}
        )

    async def connect(self):
        await self.wire.send_input({"type": "websocket.connect"})
        return (await self.wire.receive_output(5))["type"] == "websocket.accept"

    async def say(self, what=None, **frame):
        await self.wire.send_input({"type": "websocket.receive", **(frame or {"text": json.dumps(what)})})

    async def hear(self, seconds=5):
        return json.loads((await self.wire.receive_output(seconds))["text"])

    async def hears_nothing(self, seconds):
        return await self.wire.receive_nothing(timeout=seconds)

    async def is_closed_with(self):
        said = await self.wire.receive_output(5)
        assert said["type"] == "websocket.close"
        return said["code"]


@asynccontextmanager
async def socket(key, headers=LOCAL):
    page = Page([*headers, (b"cookie", f"{settings.SESSION_COOKIE_NAME}={key}".encode())])
    page.accepted = await page.connect()
    try:
        yield page
    finally:
        await page.wire.send_input({"type": "websocket.disconnect", "code": 1000})
        await page.wire.wait(5)


async def joined(one, *topics):
    await one.say({"join": list(topics)})
    return await one.hear()


def tell(event, agency, subject="test"):
    """A fact, delivered as a worker does."""

    def work():
        if agency is None:
            with scope.floor(None):
                record(event, agency_id=None, subject=subject, by=system("test"))
        else:
            with scope.agency(agency.pk):
                record(event, agency_id=agency.pk, subject=subject, by=system("test"))
        sweep(names=("deliveries",))

    return in_thread(work)


async def test_a_page_hears_within_two_seconds_that_its_agency_moved(cast, client_of):
    async with socket(await session_of(client_of, "ana")) as page:
        answer = await joined(page, "agency.north.intake", "agency.south.intake", "standings")
        assert answer == {"joined": {"agency.north.intake": 0, "agency.south.intake": 0, "standings": 0}, "refused": []}
        began = time.monotonic()
        await tell(AlertsArrived(count=1), cast.north)
        assert await page.hear() == {"topic": "agency.north.intake", "n": 1}
        assert time.monotonic() - began < 2


async def test_what_comes_in_one_second_is_one_word_with_the_last_count(cast, client_of):
    async with socket(await session_of(client_of, "ana")) as page:
        await joined(page, "agency.north.intake")
        for _ in range(5):
            await tell(AlertsArrived(count=1), cast.north)
        said = [await page.hear()]
        while said[-1]["n"] < 5:
            said.append(await page.hear())
        assert said[-1] == {"topic": "agency.north.intake", "n": 5}
        assert len(said) <= 3
        assert await page.hears_nothing(1.2)


async def test_a_liaison_joins_their_own_agency_and_their_own_row_of_the_standings(cast, client_of):
    async with socket(await session_of(client_of, "nia")) as page:
        own = ["agency.north.queue", "agency.north.approvals", "agency.north.scorecard", "agency.north.intake", "standings"]
        foreign = ["agency.south.queue", "agency.south.intake", "agency.nowhere.queue", "case.SOUTH-2026-000001"]
        answer = await joined(page, *own, *foreign)
        assert list(answer["joined"]) == own
        assert answer["refused"] == foreign
        await tell(StandingsChanged(period="2026-11"), None)
        await tell(StandingsChanged(period="2026-11"), cast.south)
        await tell(ScorecardMoved(period="2026-11"), cast.south)
        assert await page.hears_nothing(1.5)
        await tell(StandingsChanged(period="2026-11"), cast.north)
        assert await page.hear() == {"topic": "standings", "n": 1}


async def test_the_floor_hears_the_standings_of_the_programme_and_not_those_of_one_agency(cast, client_of):
    async with socket(await session_of(client_of, "zoe")) as page:
        await joined(page, "standings")
        await tell(StandingsChanged(period="2026-11"), cast.south)
        assert await page.hears_nothing(1.5)
        await tell(StandingsChanged(period="2026-11"), None)
        assert await page.hear() == {"topic": "standings", "n": 1}


@pytest.mark.parametrize(
    ("who", "allowed"),
    [
        ("zoe", ["agency.south.queue", "agency.south.intake", "standings"]),
        ("ada", ["agency.north.intake", "agency.south.intake"]),
        ("aud", ["agency.north.queue", "agency.north.intake", "agency.south.queue", "agency.south.intake", "standings"]),
        ("lee", ["agency.north.queue", "agency.north.intake", "agency.south.queue", "agency.south.intake", "standings"]),
    ],
)
async def test_each_role_joins_what_it_may_read(cast, client_of, who, allowed):
    asked = ["agency.north.queue", "agency.north.intake", "agency.south.queue", "agency.south.intake", "standings"]
    async with socket(await session_of(client_of, who)) as page:
        answer = await joined(page, *asked)
        assert list(answer["joined"]) == allowed
        assert answer["refused"] == [name for name in asked if name not in allowed]


async def test_without_the_channel_layer_the_comparison_tells_it_later(cast, client_of, monkeypatch):
    monkeypatch.setattr(consumers, "COMPARE_SECONDS", 1.0)
    monkeypatch.setattr("soc.live.bell.ringing.get_channel_layer", lambda: None)
    monkeypatch.setattr("soc.live.bell.hearing.get_channel_layer", lambda: None)
    async with socket(await session_of(client_of, "ana")) as page:
        await joined(page, "agency.north.intake")
        await tell(AlertsArrived(count=1), cast.north)
        assert await page.hear() == {"topic": "agency.north.intake", "n": 1}


async def test_a_deactivated_person_is_cut_at_once(cast, client_of):
    async with socket(await session_of(client_of, "zoe")) as page:
        await joined(page, "agency.south.queue")

        def end():
            with scope.floor(None):
                deactivate(person=cast.people["zoe"].public_id, by=cast.ada)
            sweep(names=("deliveries",))

        await asyncio.sleep(0.3)  # the ear subscribes
        await in_thread(end)
        assert await page.is_closed_with() == 4401


async def test_a_session_that_ended_is_found_when_it_is_looked_at_again(cast, client_of, monkeypatch):
    monkeypatch.setattr(consumers, "LOOK_AGAIN_SECONDS", 0.5)
    key = await session_of(client_of, "ana")
    async with socket(key) as page:
        await joined(page, "agency.south.queue")

        def end():
            with scope.lobby():
                SessionStore(key).flush()

        await in_thread(end)
        assert await page.is_closed_with() == 4401


@pytest.mark.parametrize("key", ["", "nosuchsessionkey0123456789abcdefg", "../../x"])
async def test_nobody_without_a_session_stays(cast, key):
    async with socket(key) as page:
        assert await page.is_closed_with() == 4401


async def test_another_sites_page_is_refused(cast, client_of):
    foreign = [(b"host", b"localhost"), (b"origin", b"https://elsewhere.example")]
    async with socket(await session_of(client_of, "ana"), headers=foreign) as page:
        assert not page.accepted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"leave": []}',
        '{"join": "standings"}',
        '{"join": [1]}',
        "[" * 5000,
        '{"join": ["' + "x" * 65536 + '"]}',
        json.dumps({"join": [f"case.X-{i}" for i in range(201)]}),
    ],
)
async def test_what_is_no_join_closes_the_socket(cast, client_of, text):
    async with socket(await session_of(client_of, "ana")) as page:
        await page.say(text=text)
        assert await page.is_closed_with() == 4400


async def test_bytes_close_the_socket(cast, client_of):
    async with socket(await session_of(client_of, "ana")) as page:
        await page.say(bytes=b'{"join": ["standings"]}')
        assert await page.is_closed_with() == 4400
