"""A load generator: keep-alive HTTP/1.1 over asyncio in a process of its own. It reads its orders as JSON and prints what it saw.

Its limits: it sends the next request of a connection when the last one is answered (closed loop), reads the status and the length
of an answer and not its content, and takes 20 to 40 µs of a core a request, which on two cores the servers lack.
"""

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import uvloop

PLACE = b"@@MARK@@"  # replaced in each post, so that no two alerts are the same


@dataclass
class Seen:
    """What all connections saw. Times in seconds."""

    times: list[float] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    last: str = ""


class Sender(asyncio.Protocol):
    """One connection: sends, waits for the whole answer, sends again until the time is over."""

    def __init__(self, head: bytes, bodies: list[bytes], mark: bytes, until: float, seen: Seen, done: asyncio.Future[None]) -> None:
        self.head, self.bodies, self.mark, self.until, self.seen, self.done = head, bodies, mark, until, seen, done
        self.turn, self.began, self.buffer, self.wanted, self.chunked = 0, 0.0, b"", -1, False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.send()

    def send(self) -> None:
        if time.perf_counter() >= self.until:
            self.transport.close()
            return
        body = self.bodies[self.turn % len(self.bodies)]
        self.turn += 1
        body = body.replace(PLACE, self.mark + b"%08x" % self.turn)
        self.began = time.perf_counter()
        self.transport.write(self.head % len(body) + body)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if self.wanted < 0:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self.buffer[:end].lower()
            at = head.find(b"content-length:")
            self.chunked = b"transfer-encoding: chunked" in head
            self.wanted = end + 4 + (int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0)
        if self.buffer.endswith(b"0\r\n\r\n") if self.chunked else len(self.buffer) >= self.wanted:
            self.seen.times.append(time.perf_counter() - self.began)
            status = self.buffer[9:12].decode()
            self.seen.statuses[status] = self.seen.statuses.get(status, 0) + 1
            self.seen.last = self.buffer[:400].decode(errors="replace")
            self.buffer, self.wanted = b"", -1
            self.send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


async def drive(orders: dict[str, Any]) -> dict[str, Any]:
    """Send as ordered: port, path, bearers, kind, bodies, connections, seconds."""
    loop, seen = asyncio.get_running_loop(), Seen()
    bodies = [body.encode() for body in orders["bodies"]]
    began = time.perf_counter()
    until, ends = began + orders["seconds"], []
    for at in range(orders["connections"]):
        bearer = orders["bearers"][at % len(orders["bearers"])]
        head = (
            f"POST {orders['path']} HTTP/1.1\r\nHost: localhost:{orders['port']}\r\nAuthorization: Bearer {bearer}\r\n"
            f"Content-Type: {orders['kind']}\r\nContent-Length: %d\r\n\r\n"
        ).encode()
        done: asyncio.Future[None] = loop.create_future()
        mark = b"%03x%02x" % (orders["run"] % 4096, at)
        ends.append(done)
        await loop.create_connection(lambda h=head, m=mark, d=done: Sender(h, bodies, m, until, seen, d), "127.0.0.1", orders["port"])
    await asyncio.wait_for(asyncio.gather(*ends), orders["seconds"] + 30)
    took = time.perf_counter() - began
    times = sorted(seen.times)
    return {
        "answers": len(times),
        "seconds": took,
        "statuses": seen.statuses,
        "p50_ms": times[len(times) // 2] * 1000 if times else None,
        "p95_ms": times[int(len(times) * 0.95)] * 1000 if times else None,
        "cpu_seconds": time.process_time(),
        "last": seen.last if set(seen.statuses) - {"202"} else "",
    }


if __name__ == "__main__":
    print(json.dumps(uvloop.run(drive(json.load(sys.stdin)))))
