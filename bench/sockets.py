"""One message to many sockets: the product's beside a bare Channels consumer, on the same server and Redis, in the same run."""

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from bench.floor import PYTHON, ROOT, Floor

ROUNDS = 5
APART = 1.5  # seconds between two messages: the product says at most one a second about a topic


def figures(floor: Floor, listeners: list[int]) -> Iterator[dict[str, Any]]:
    """Milliseconds from the ring to the last listener, in turn for both."""
    stage = floor.script("bench.stage", {"agencies": 1, "analyst": True})
    about = {
        "agency": stage["keys"][0]["agency"],
        "slug": stage["keys"][0]["slug"],
        "cookie": f"{stage['cookie']}={stage['session']}",
        "redis": floor.environment()["REDIS_URL"],
    }
    with floor.web("asgi") as ours, floor.web("asgi", "bench.minimal", address=floor.login("app_floor", "postgres")) as theirs:
        for count in listeners:
            bare, own = (_told(floor, kind, port, count, about) for kind, port in (("bare", theirs), ("own", ours)))
            yield {"figure": f"bare Channels, one message to the last of {count:,} sockets", "value": bare, "unit": "ms", "ratio": 1.0,
                   "to": "itself"}  # fmt: skip
            yield {"figure": f"the bell, one message to the last of {count:,} sockets", "value": own, "unit": "ms", "ratio": own / bare,
                   "to": "bare Channels"}  # fmt: skip


def _told(floor: Floor, kind: str, port: int, count: int, about: dict[str, Any]) -> float:
    orders = json.dumps({"kind": kind, "port": port, "count": count, **about})
    done = subprocess.run(
        [str(PYTHON), "-m", "bench.sockets"], cwd=ROOT, env=floor.environment(), input=orders, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"bench.sockets failed\n{done.stderr[-3000:]}")
    return float(json.loads(done.stdout)["median_ms"])


async def listen(orders: dict[str, Any]) -> float:
    """Open the sockets, ring `ROUNDS` times, and take the median of the time until the last one heard."""
    import websockets
    from channels_redis.pubsub import RedisPubSubChannelLayer

    own, path = orders["kind"] == "own", "/ws/live/" if orders["kind"] == "own" else "/ws/"
    prefix = "watchfloor" if own else "minimal"
    layer = RedisPubSubChannelLayer(hosts=[orders["redis"]], prefix=prefix)
    topic = f"agency.{orders['slug']}.queue"
    headers = {"Cookie": orders["cookie"]} if own else {}
    address, open_at_once = f"ws://localhost:{orders['port']}{path}", asyncio.Semaphore(20)
    start = 0

    async def join() -> Any:
        nonlocal start
        async with open_at_once:
            socket = await websockets.connect(address, additional_headers=headers, compression=None, ping_interval=None, open_timeout=60)
            if own:
                await socket.send(json.dumps({"join": [topic]}))
            start = max(start, json.loads(await socket.recv())["joined"][topic] if own else int(await socket.recv() == "hi"))
            return socket

    sockets = await asyncio.gather(*(join() for _ in range(orders["count"])))
    took = []
    for turn in range(ROUNDS + 1):
        await asyncio.sleep(APART)
        began, n = time.perf_counter(), start + 1_000_000 + turn
        group = f"live.{orders['agency']}.{topic}" if own else "all"
        message = {"type": "live.moved", "group": group, "topic": topic, "n": n, "told": n} if own else {"type": "tell", "n": n}
        heard = asyncio.gather(*(_hear(socket, n) for socket in sockets))
        await layer.group_send(group, message)
        ends = await asyncio.wait_for(heard, 60)
        took.append((max(ends) - began) * 1000)
    for socket in sockets:
        socket.transport.abort()
    return statistics.median(took[1:])


async def _hear(socket: Any, n: int) -> float:
    while json.loads(await socket.recv()).get("n") != n:
        pass
    return time.perf_counter()


if __name__ == "__main__":
    print(json.dumps({"median_ms": asyncio.run(listen(json.load(sys.stdin)))}))
