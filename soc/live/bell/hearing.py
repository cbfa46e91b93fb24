"""Hearing: one ear on the channel layer for all sockets of a process, which survives that the layer is gone."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from channels.layers import get_channel_layer

logger = logging.getLogger(__name__)

Listener = Callable[[dict[str, Any]], None]

AGAIN_SECONDS = 3.0
CALL_SECONDS = 2.0


class Ear:
    """Which listeners want which groups; a task keeps the layer's memberships equal to that."""

    def __init__(self) -> None:
        self.wanted: dict[str, set[Listener]] = {}
        self.joined: set[str] = set()
        self.changed = asyncio.Event()
        self.channel: str | None = None
        self.tasks: list[asyncio.Task[None]] = []

    def listen(self, group: str, listener: Listener) -> None:
        """From now on `listener(message)` is called, on the loop, for what the group hears."""
        self.wanted.setdefault(group, set()).add(listener)
        self._wake()

    def leave(self, listener: Listener) -> None:
        """The listener is gone."""
        for group in [g for g, heard in self.wanted.items() if listener in heard]:
            self.wanted[group].discard(listener)
            if not self.wanted[group]:
                del self.wanted[group]
        self._wake()

    def _wake(self) -> None:
        self.changed.set()
        if self.wanted and (not self.tasks or self.tasks[0].done()):
            self.tasks = [asyncio.create_task(self._keep())]

    async def _keep(self) -> None:
        """Keep memberships as wanted until nobody listens; a failure waits a little and tries again."""
        receiver: asyncio.Task[None] | None = None
        try:
            while self.wanted:
                self.changed.clear()
                try:
                    if receiver is None or receiver.done():
                        self.joined.clear()
                        self.channel = await asyncio.wait_for(get_channel_layer().new_channel(), CALL_SECONDS)
                        receiver = asyncio.create_task(self._receive(self.channel or ""))
                    await self._join_and_leave(self.channel or "")
                except Exception as error:
                    logger.warning("the bell is not heard; sockets compare with the database", extra={"error": repr(error)})
                    await asyncio.sleep(AGAIN_SECONDS)
                    continue
                try:
                    await asyncio.wait_for(self.changed.wait(), 60)
                except TimeoutError:
                    continue
        finally:
            if receiver is not None:
                receiver.cancel()
            self.joined.clear()

    async def _join_and_leave(self, channel: str) -> None:
        layer = get_channel_layer()
        for group in [g for g in self.wanted if g not in self.joined]:
            await asyncio.wait_for(layer.group_add(group, channel), CALL_SECONDS)
            self.joined.add(group)
        for group in [g for g in self.joined if g not in self.wanted]:
            self.joined.discard(group)
            await asyncio.wait_for(layer.group_discard(group, channel), CALL_SECONDS)

    async def _receive(self, channel: str) -> None:
        layer = get_channel_layer()
        while True:
            message = await layer.receive(channel)
            for listener in tuple(self.wanted.get(message.get("group", ""), ())):
                listener(message)


_ears: "WeakKeyDictionary[asyncio.AbstractEventLoop, Ear]" = WeakKeyDictionary()


def ear() -> Ear:
    """The ear of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _ears:
        _ears[loop] = Ear()
    return _ears[loop]
