"""Every end of access closes the sockets that it opened, within the minute in which each looks at its session again."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

import soc.live.consumers as consumers
from soc.cases.events import AlertsArrived
from tenants.isolation import scope
from tenants.models import Membership
from tenants.operations.people import add_person, deactivate, end_role, grant
from tests.cast import PASSWORD, Cast
from tests.soc.live.test_socket import in_thread, joined, socket, tell

pytestmark = pytest.mark.django_db(transaction=True)

SIGNED_OUT = 4401
TOPIC = "agency.south.intake"
store = import_module(settings.SESSION_ENGINE).SessionStore


def test_a_socket_looks_at_its_session_again_within_a_minute() -> None:
    assert consumers.LOOK_AGAIN_SECONDS <= 60


def change(key: str, **minutes_ago: float) -> None:
    with scope.lobby():
        session = store(key)
        for name, minutes in minutes_ago.items():
            session[name] = (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()
        session.save()


def end(cast: Cast, person: Any, agency: str | None = None) -> None:
    with scope.floor(None):
        held = Membership.objects.filter(person=person, ended_at=None)
        one = held.get(agency__slug=agency) if agency else held.get()
        end_role(membership=one.public_id, by=cast.ada)


def another_role(cast: Cast, person: Any) -> None:
    end(cast, person)
    with scope.floor(None):
        grant(person=person.public_id, role="auditor", agency=None, by=cast.ada)


def stop(cast: Cast, person: Any) -> None:
    with scope.floor(None):
        deactivate(person=person.public_id, by=cast.ada)


def sign_out(key: str) -> None:
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = key
    client.post("/accounts/logout/")


def change_password(person: Any) -> None:
    client = Client()
    client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    new = {"oldpassword": PASSWORD, "password1": "quite another long password", "password2": "quite another long password"}
    assert client.post("/accounts/password/change/", new).status_code == 302


# Each end of access, of a person of their own.
ENDS: dict[str, Callable[[Cast, Any, str], None]] = {
    "idle": lambda cast, person, key: change(key, began=60, seen=settings.SESSION_IDLE_SECONDS / 60 + 1),
    "absolute end": lambda cast, person, key: change(key, began=settings.SESSION_ABSOLUTE_SECONDS / 60 + 1, seen=0),
    "signed out": lambda cast, person, key: sign_out(key),
    "changed password": lambda cast, person, key: change_password(person),
    "deactivated": lambda cast, person, key: stop(cast, person),
    "role ended": lambda cast, person, key: end(cast, person),
    "other role": lambda cast, person, key: another_role(cast, person),
    "assignment withdrawn": lambda cast, person, key: end(cast, person, "north"),
}


def people_of(cast: Cast) -> dict[str, tuple[Any, str]]:
    """One analyst and their session for each end, and one whom nothing ends."""
    found = {}
    for i, name in enumerate((*ENDS, "nothing")):
        with scope.floor(None):
            person = add_person(email=f"p{i}@watchfloor.example", name=f"P {name}", password=PASSWORD, by=cast.ada)
            for agency in ("north", "south") if name == "assignment withdrawn" else (None,):
                grant(person=person.public_id, role="analyst", agency=agency, by=cast.ada)
        with scope.lobby():
            client = Client()
            client.force_login(person)
            key = client.cookies[settings.SESSION_COOKIE_NAME].value
        change(key, began=1, seen=1)
        found[name] = (person, key)
    return found


async def closing_code(page: Any, seconds: float) -> Any:
    """The code that the socket is closed with within so many seconds, else `open`. Counts that moved before are passed over."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not await page.hears_nothing(0.2):
            said = await page.wire.receive_output(1)
            if said["type"] == "websocket.close":
                return said["code"]
    return "open"


async def test_every_end_of_access_closes_its_sockets_and_no_other(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "LOOK_AGAIN_SECONDS", 0.5)
    people = await in_thread(lambda: people_of(cast))
    closed: dict[str, Any] = {}

    async def listen(name: str, begun: asyncio.Barrier) -> None:
        async with socket(people[name][1]) as page:
            assert list((await joined(page, TOPIC))["joined"]) == [TOPIC]
            await begun.wait()
            closed[name] = await closing_code(page, seconds=3)
            if closed[name] == "open":
                return
            # Nothing is said after the end, whatever moves.
            await tell(AlertsArrived(count=1), cast.south)
            assert await page.hears_nothing(0.2)

    begun = asyncio.Barrier(len(people) + 1)
    listening = [asyncio.create_task(listen(name, begun)) for name in people]
    await begun.wait()
    for name, happens in ENDS.items():
        await in_thread(lambda name=name, happens=happens: happens(cast, *people[name]))
    await asyncio.gather(*listening)
    assert closed == {**dict.fromkeys(ENDS, SIGNED_OUT), "nothing": "open"}
