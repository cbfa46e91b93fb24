"""Open sockets of every role while both agencies move: each hears its own, and no byte of another's."""

import asyncio
import json
from typing import Any

import pytest
from channels.db import database_sync_to_async

import soc.live.consumers as consumers
from tenants.journal.sweeping import sweep
from tests.cast import ApiClient
from tests.soc.live.test_socket import socket
from tests.walls.addresses import filled
from tests.walls.driving import CALLERS, ids_by_agency, leaks
from tests.walls.test_tasks_and_topics import TOPICS, arrive
from tests.walls.urls import KEY
from tests.walls.world import AGENCIES, World, build

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = [caller for caller in CALLERS if caller.role is not None and caller.role != KEY]


def in_thread(call: Any) -> Any:
    return database_sync_to_async(call, thread_sensitive=False)()


def move(world: World) -> None:
    """Something of every kind, in both agencies at once."""
    for agency, worker in (("north", "nor"), ("south", "zoe")):
        arrive(world, agency)
        number = world.things[agency]["case"]
        program = ApiClient(world.bearers[worker])
        version = program.get(f"/api/v1/cases/{number}").json()["version"]
        assert program.send(f"/api/v1/cases/{number}/claim", version=version).status_code == 200
    sweep(rounds=50)


async def test_every_role_hears_its_own_and_nothing_of_anothers(db: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_EDR", "the-secret-of-the-product")
    monkeypatch.setattr(consumers, "COMPARE_SECONDS", 0.5)
    world: World = await in_thread(build)
    ids = await in_thread(lambda: ids_by_agency(world))
    names = sorted({filled(name, world.things[agency]) for agency in AGENCIES for name in TOPICS})
    heard: dict[str, list[bytes]] = {caller.label: [] for caller in PEOPLE}

    async def listen(caller: Any, begun: asyncio.Barrier) -> None:
        async with socket(world.sessions[caller.short]) as page:
            await page.say({"join": names})
            joined = await page.hear(20)
            heard[caller.label].append(json.dumps(joined["joined"]).encode())
            await begun.wait()
            while not moved.is_set() or not await page.hears_nothing(1.5):
                if not await page.hears_nothing(0.1):
                    heard[caller.label].append(json.dumps(await page.hear()).encode())

    begun, moved = asyncio.Barrier(len(PEOPLE) + 1), asyncio.Event()
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        for caller in PEOPLE:
            group.create_task(listen(caller, begun))
        await begun.wait()
        await in_thread(lambda: move(world))
        moved.set()
    wrong = [f"{caller.label} hears {leak}" for caller in PEOPLE for frame in heard[caller.label] for leak in leaks(frame, caller, ids)]
    assert not wrong, "; ".join(wrong)
    silent = [label for label, frames in heard.items() if len(frames) < 2]
    assert not silent, f"these heard nothing at all, so this test says nothing of them: {silent}"
