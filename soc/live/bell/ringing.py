"""Ringing: hands counts to the channel layer from a thread of its own, so that no transaction ever waits for it.

The layer may be slow or gone. What is not sent is dropped: every socket compares with the database each few seconds.
"""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Iterable
from typing import Any

from channels.layers import get_channel_layer

from soc.live.bell.names import group_of, person_group
from soc.live.topics import Moved

logger = logging.getLogger(__name__)

MOST_WAITING = 10_000
SEND_SECONDS = 1.0
QUIET_SECONDS = 3.0

_waiting: "queue.Queue[tuple[str, dict[str, Any]]]" = queue.Queue(MOST_WAITING)
_starting = threading.Lock()
_thread: threading.Thread | None = None


def push(moved: Iterable[Moved]) -> None:
    """Tell listeners the new counts. Returns at once and never raises."""
    for one in moved:
        group = group_of(one.agency_id, one.topic)
        _put(group, {"type": "live.moved", "group": group, "topic": one.topic, "n": one.n, "told": one.told})


def look_again(person_id: int) -> None:
    """Tell a person's sockets that their session may have ended. Returns at once and never raises."""
    group = person_group(person_id)
    _put(group, {"type": "live.look_again", "group": group})


def _put(group: str, message: dict[str, Any]) -> None:
    try:
        _waiting.put_nowait((group, message))
    except queue.Full:
        return
    _start()


def _start() -> None:
    global _thread
    with _starting:
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_send_on, name="bell", daemon=True)
            _thread.start()


def _send_on() -> None:
    """Send what waits, forever, on one event loop: the layer keeps its connection with the loop."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    quiet_until = 0.0
    while True:
        batch = _batch()
        if time.monotonic() < quiet_until:
            continue
        try:
            loop.run_until_complete(_send(batch))
        except Exception as error:
            quiet_until = time.monotonic() + QUIET_SECONDS
            logger.warning("the bell did not ring; sockets compare with the database", extra={"error": repr(error)})


def _batch() -> dict[str, dict[str, Any]]:
    """All that waits, the last message of each group only."""
    group, message = _waiting.get()
    batch = {group: message}
    while True:
        try:
            group, message = _waiting.get_nowait()
        except queue.Empty:
            return batch
        batch[group] = message


async def _send(batch: dict[str, dict[str, Any]]) -> None:
    layer = get_channel_layer()
    if layer is None:
        return
    for group, message in batch.items():
        await asyncio.wait_for(layer.group_send(group, message), SEND_SECONDS)
