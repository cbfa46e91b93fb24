"""A small endpoint product for the simulated floor: real HTTP, isolates hosts of nobody, remembers what it was told."""

import json
import logging
import re
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

logger = logging.getLogger(__name__)

MOST_BYTES = 64 * 1024
_ORDER = re.compile(r"/hosts/([^/]{1,600})/(isolate|release)")

Clock = Callable[[str], datetime]


def server_time(host: str) -> datetime:
    """Now, whatever the host."""
    return datetime.now(UTC)


@dataclass
class Order:
    """What one key was used for. `requests` counts how often it was asked for under this key; it was done once."""

    host: str
    key: str
    at: str
    requests: int
    what: str = "isolate"

    def as_isolation(self) -> dict[str, Any]:
        return {"host": self.host, "key": self.key, "at": self.at, "requests": self.requests}


class Memory:
    """Every order by its key, in a file, so that a restart forgets nothing. Safe to use from many threads."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.lock = threading.Lock()
        kept = json.loads(file.read_text()) if file.exists() else []
        self.orders: dict[str, Order] = {one["key"]: Order(**one) for one in kept}

    def take(self, *, what: str, host: str, key: str, at: datetime) -> Order | None:
        """Carry an order out, once for a key. The same key again is counted; None when it was used for another order."""
        with self.lock:
            known = self.orders.get(key)
            if known is not None and (known.host, known.what) != (host, what):
                return None
            if known is None:
                known = self.orders[key] = Order(host, key, at.isoformat(timespec="seconds").replace("+00:00", "Z"), 0, what)
            known.requests += 1
            self._keep()
            return known

    def isolations(self, key: str | None = None) -> list[dict[str, Any]]:
        """The isolations it was told, oldest first; of one key only when it is given."""
        with self.lock:
            return [o.as_isolation() for o in self.orders.values() if o.what == "isolate" and key in (None, o.key)]

    def told(self) -> list[Order]:
        """Every order, the newest first."""
        with self.lock:
            return sorted(self.orders.values(), key=lambda order: order.at, reverse=True)

    def _keep(self) -> None:
        fresh = self.file.with_suffix(".new")
        fresh.write_text(json.dumps([asdict(order) for order in self.orders.values()]))
        fresh.replace(self.file)


class StandIn(ThreadingHTTPServer):
    """Listens on the loopback address only."""

    daemon_threads = True

    def __init__(self, port: int, file: Path, clock: Clock = server_time) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.memory, self.clock = Memory(file), clock

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: StandIn
    protocol_version = "HTTP/1.1"
    server_version = "StandIn"

    def do_GET(self) -> None:
        """`/isolations`, and at `/` a page that people can read."""
        url = urlsplit(self.path)
        if url.path == "/isolations":
            keys = parse_qs(url.query, keep_blank_values=True).get("key")
            self.answer(HTTPStatus.OK, self.server.memory.isolations(keys[0] if keys else None))
        elif url.path == "/":
            self.send(HTTPStatus.OK, "text/html; charset=utf-8", page(self.server.memory.told()).encode())
        else:
            self.answer(HTTPStatus.NOT_FOUND, {"error": "There is no such address."})

    def do_POST(self) -> None:
        """`/hosts/<host>/isolate` and `/hosts/<host>/release`, each under an Idempotency-Key."""
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > MOST_BYTES:
            self.close_connection = True
            self.answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"error": "The body is too large."})
            return
        self.rfile.read(int(length))
        match = _ORDER.fullmatch(urlsplit(self.path).path)
        if match is None:
            self.answer(HTTPStatus.NOT_FOUND, {"error": "There is no such address."})
            return
        key = self.headers.get("Idempotency-Key", "").strip()
        if not key or len(key) > 200:
            self.answer(HTTPStatus.BAD_REQUEST, {"error": "Send an Idempotency-Key of 1 to 200 characters."})
            return
        host, what = unquote(match[1]).lower(), match[2]
        order = self.server.memory.take(what=what, host=host, key=key, at=self.server.clock(host))
        if order is None:
            self.answer(HTTPStatus.CONFLICT, {"error": "This key was used for another order."})
            return
        self.answer(HTTPStatus.OK, {**order.as_isolation(), "state": "isolated" if what == "isolate" else "released"})

    def answer(self, status: HTTPStatus, what: Any) -> None:
        """Answer as JSON."""
        self.send(status, "application/json", json.dumps(what).encode())

    def send(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        """Answer with bytes."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", "default-src 'none'; base-uri 'none'; frame-ancestors 'none'")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """To the log, not to standard error."""
        logger.info("stand-in: %s", format % args)


def page(orders: list[Order]) -> str:
    """What the product was told, for people."""
    rows = "".join(
        f"<tr><td>{escape(o.at)}</td><td>{escape(o.host)}</td><td>{'Isolated' if o.what == 'isolate' else 'Released'}</td>"
        f"<td><code>{escape(o.key)}</code></td><td>{o.requests}</td></tr>"
        for o in orders
    )
    table = (
        f"<table><thead><tr><th scope='col'>At</th><th scope='col'>Host</th><th scope='col'>Order</th><th scope='col'>Key</th>"
        f"<th scope='col'>Requests</th></tr></thead><tbody>{rows}</tbody></table>"
        if orders
        else "<p>Nobody has told it anything yet.</p>"
    )
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
        "<title>Stand-in endpoint product</title></head><body><main><h1>Stand-in endpoint product</h1>"
        "<p>Simulated data. This stands for an agency's endpoint product and shows what it was told; no host is touched. "
        f"An order is carried out once for a key, however often it is sent.</p>{table}</main></body></html>"
    )


def serve_in_background(port: int, file: Path, clock: Clock = server_time) -> StandIn:
    """A stand-in that listens on a thread of its own; `server.shutdown()` ends it. Raises OSError when the port is taken."""
    server = StandIn(port, file, clock)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="stand-in", daemon=True).start()
    return server
