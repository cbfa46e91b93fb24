"""A case's own topic, over the real server: who may join it, and that an open page hears of the work at once."""

import json
import socket
import threading
import time
from contextlib import contextmanager

import pytest
import uvicorn
from django.conf import settings
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from soc.asgi import application
from soc.cases.operations.claiming import claim
from soc.cases.operations.noting import note
from soc.cases.operations.opening import open_by_hand
from tenants.gates.opening import opened
from tenants.journal.sweeping import sweep

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def address():
    """The site on a port of its own, as it runs for people."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(application, log_config=None, lifespan="off", ws_ping_interval=None))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield f"localhost:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@contextmanager
def page_of(client, address):
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
    with connect(f"ws://{address}/ws/live/", additional_headers={"Cookie": cookie}, origin=f"http://{address}") as wire:
        yield wire


def join(wire, *topics):
    wire.send(json.dumps({"join": list(topics)}))
    answer = json.loads(wire.recv(5))
    time.sleep(0.3)  # the layer's subscription is on its way
    return answer


def hear(wire, seconds):
    """Everything that is said within so many seconds."""
    said, until = [], time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        try:
            said.append(json.loads(wire.recv(left)))
        except TimeoutError:
            break
    return said


def by_hand(actor, agency, *, restricted=False):
    with opened(actor):
        case = open_by_hand(agency=agency, title="A call", severity="high", reason="phone", by=actor, restricted=restricted)
    sweep(names=("deliveries",))
    return case


def test_an_open_page_hears_within_two_seconds_that_its_case_was_claimed(cast, client_of, address):
    case = by_hand(cast.ana, "north")
    topics = [f"case.{case.number}", "agency.north.queue"]
    with page_of(client_of("lee"), address) as floor, page_of(client_of("nia"), address) as agency:
        before = join(floor, *topics)["joined"]
        assert list(before) == topics and join(agency, *topics)["refused"] == []
        with opened(cast.ana):
            claim(number=case.number, version=case.version, by=cast.ana)
        sweep(names=("deliveries",))
        for wire in (floor, agency):
            said = {one["topic"]: one["n"] for one in hear(wire, 2)}
            assert said == {topic: before[topic] + 1 for topic in topics}


def test_a_foreign_case_and_an_unknown_one_are_refused_alike(cast, client_of, address):
    case = by_hand(cast.ana, "south")
    for who in ("nia", "ada"):
        with page_of(client_of(who), address) as wire:
            topics = [f"case.{case.number}", "case.SOUTH-2026-999999", "run.00000000-0000-4000-8000-000000000000"]
            assert join(wire, *topics) == {"joined": {}, "refused": topics}


def test_a_restricted_case_rings_for_the_floor_and_is_silent_for_its_agency(cast, client_of, address):
    case = by_hand(cast.ana, "north", restricted=True)
    name = f"case.{case.number}"
    with page_of(client_of("ana"), address) as floor, page_of(client_of("nia"), address) as agency:
        assert name in join(floor, name, "agency.north.queue")["joined"]
        answer = join(agency, name, "agency.north.queue")
        assert answer == {"joined": {"agency.north.queue": 0}, "refused": [name]}
        with opened(cast.ana):
            note(number=case.number, version=case.version, text="quietly", by=cast.ana)
        sweep(names=("deliveries",))
        assert {one["topic"] for one in hear(floor, 2)} == {name, "agency.north.queue"}
        # Also the comparison with the database, which runs every five seconds, tells the agency nothing.
        assert hear(agency, 6) == []


def test_nobody_without_a_session_is_told_anything(cast, client_of, address):
    client = client_of("stranger")
    with page_of(client, address) as wire, pytest.raises(ConnectionClosed) as closed:
        wire.recv(5)
    assert closed.value.rcvd.code == 4401
