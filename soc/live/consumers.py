"""The socket of one page: it joins topics, and is told that they moved."""

import asyncio
import logging
import random
import time
from contextlib import suppress
from typing import Any

import orjson
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from soc.live.bell.hearing import ear
from soc.live.bell.names import group_of, person_group
from soc.live.pacing import Pacing
from soc.live.queries.seats import Seat, counts_at, seats_for
from tenants.actors import Actor
from tenants.gates.opening import opened
from tenants.gates.sockets import listening, socket_actor

logger = logging.getLogger(__name__)

MOST_TOPICS = 200
MOST_BYTES = 64 * 1024
COMPARE_SECONDS = 5.0
LOOK_AGAIN_SECONDS = 60.0
# A reader that takes nothing for so long is cut; the page connects again and asks.
SEND_SECONDS = 10.0
SIGNED_OUT = 4401
NOT_UNDERSTOOD = 4400
TRY_AGAIN_LATER = 1013


class LiveConsumer(AsyncWebsocketConsumer):
    """Names and counts, never data. The channel layer makes it quick; the comparison with the database makes it sure."""

    # The ear listens for all sockets of the process, and lives on when the layer is gone.
    channel_layer_alias = "none: see soc.live.bell.hearing"

    async def connect(self) -> None:
        """Accept first: only an accepted socket can be told why it is closed."""
        self.actor: Actor | None = None
        self.seats: dict[str, Seat] = {}
        self.pacing = Pacing()
        self.news = asyncio.Event()
        self.look = asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []
        await self.accept()
        try:
            self.actor = await in_database(socket_actor, self.scope["headers"])
        except Exception:
            logger.exception("a socket's session could not be read")
            await self.close(TRY_AGAIN_LATER)
            return
        if self.actor is None:
            await self.close(SIGNED_OUT)
            return
        if self.actor.person_id is not None:
            ear().listen(person_group(self.actor.person_id), self.hear)
        self.tasks = [asyncio.create_task(work()) for work in (self.speak_on, self.compare_on, self.look_on)]

    async def disconnect(self, code: int) -> None:
        """Leave nothing running."""
        for task in self.tasks:
            task.cancel()
        ear().leave(self.hear)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """`{"join": [...]}`: join what this reader may join, and answer where it stands."""
        names = wanted_names(text_data)
        if self.actor is None:
            return
        if names is None or len(set(names) | set(self.seats)) > MOST_TOPICS:
            await self.close(NOT_UNDERSTOOD)
            return
        try:
            seats, counts = await in_database(join, names, self.actor)
        except Exception:
            logger.exception("topics could not be joined")
            await self.close(TRY_AGAIN_LATER)
            return
        for seat in seats:
            self.pacing.begin(seat.topic, counts[seat.topic])
            self.seats[seat.topic] = seat
            ear().listen(group_of(seat.agency_id, seat.topic), self.hear)
        refused = [name for name in dict.fromkeys(names) if name not in counts]
        await self.say({"joined": counts, "refused": refused})

    def hear(self, message: dict[str, Any]) -> None:
        """From the ear: a topic moved, or the session may have ended."""
        if message["type"] == "live.look_again":
            self.look.set()
        elif self.actor is not None and message["topic"] in self.seats:
            self.take({message["topic"]: message["told"] if self.actor.speaks_for_an_agency else message["n"]})

    def take(self, counts: dict[str, int]) -> None:
        """Counts that came in; what is news is owed from now on."""
        news = [topic for topic, n in counts.items() if self.pacing.hear(topic, n)]
        if news:
            self.news.set()

    async def speak_on(self) -> None:
        """Say what is owed, each topic at most once a second."""
        while True:
            for topic, n in self.pacing.due(time.monotonic()):
                await self.say({"topic": topic, "n": n})
            self.news.clear()
            try:
                await asyncio.wait_for(self.news.wait(), self.pacing.wait(time.monotonic()))
            except TimeoutError:
                continue

    async def compare_on(self) -> None:
        """Compare with the database, so that a message which the layer lost is late and not lost."""
        # Pages that were opened together do not ask together.
        await asyncio.sleep(random.uniform(0, COMPARE_SECONDS))  # noqa: S311
        while True:
            if self.seats and self.actor is not None:
                try:
                    counts = await in_database(compare, list(self.seats.values()), self.actor)
                except Exception as error:
                    logger.warning("counts could not be compared", extra={"error": repr(error)})
                else:
                    self.take(counts)
            await asyncio.sleep(COMPARE_SECONDS)

    async def look_on(self) -> None:
        """Look at the session again each minute and when it was revoked; other rights than at joining end the socket too."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.look.wait(), LOOK_AGAIN_SECONDS)
            self.look.clear()
            try:
                actor = await in_database(socket_actor, self.scope["headers"])
            except Exception as error:
                logger.warning("a session could not be looked at again", extra={"error": repr(error)})
                continue
            if actor != self.actor:
                self.actor, self.seats, self.pacing = None, {}, Pacing()  # what was owed is not said any more
                await self.close(SIGNED_OUT)
                return

    async def say(self, what: dict[str, Any]) -> None:
        """Send, or cut a reader that takes nothing."""
        try:
            await asyncio.wait_for(self.send(text_data=orjson.dumps(what).decode()), SEND_SECONDS)
        except TimeoutError:
            await self.close(TRY_AGAIN_LATER)
        except Exception as error:  # the other end is gone; its disconnect is on the way
            logger.debug("a socket could not be told", extra={"error": repr(error)})


def wanted_names(text: str | None) -> list[str] | None:
    """The names that a message asks to join, None when it is not one of ours."""
    if text is None or len(text) > MOST_BYTES or len(text.encode()) > MOST_BYTES:
        return None
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    names = message.get("join") if isinstance(message, dict) else None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return None
    return names


def join(names: list[str], actor: Actor) -> tuple[list[Seat], dict[str, int]]:
    """In one scope: which of the topics the reader may listen to, and where they stand."""
    with opened(actor, reason="joins topics of the bell"):
        seats = seats_for(dict.fromkeys(names), actor)
        return seats, counts_at(seats, actor)


def compare(seats: list[Seat], actor: Actor) -> dict[str, int]:
    """In one scope: where the joined topics stand."""
    with listening(actor):
        return counts_at(seats, actor)


async def in_database(call: Any, *arguments: Any) -> Any:
    """One look into the database, in a thread: sockets do not wait in line for each other."""
    return await database_sync_to_async(call, thread_sensitive=False)(*arguments)
