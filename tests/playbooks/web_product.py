"""A fake of a web API and OpenC2 consumer that speaks real HTTP: it counts every request, and what was done under which key."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.playbooks.books import END, START, book, note

OURS = "security-category--0b1f8a44-8c5e-4d0f-9a51-0f7e5b0c6a01"
API = "http-api--0b1f8a44-8c5e-4d0f-9a51-0f7e5b0c6a02"
ANSWER = {"ticket": "T-9", "count": 3, "tags": ["a", "b"]}


@dataclass(frozen=True)
class Request:
    """One request as it arrived; `key` is the one that it carried, in whichever way."""

    method: str
    path: str
    headers: dict[str, str]
    content: str

    @property
    def key(self) -> str:
        return self.headers.get("idempotency-key") or self.headers.get("x-request-id", "")


class WebProduct:
    """What the product was asked, what it did, and how it should misbehave."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.done: list[str] = []  # the key of each effect; one that is known is not done again
        self.answers: list[tuple[Any, ...]] = []  # status, body and maybe headers to give next, without doing anything
        self.known: dict[str, Any] = {}  # what it tells of a key that it knows
        self.slow = 0.0  # seconds that each answer takes
        self.together = self.most_together = 0  # requests that are being answered, and the most that were at once
        self.arrived: list[float] = []  # when, in seconds of the monotonic clock
        self.counting = threading.Lock()
        self.drop = 0  # so many requests are carried out, but the line is closed without an answer
        self.redirect_to = ""
        self.answer: Any = ANSWER
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _handler(product):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args: object) -> None:
                pass

            def _say(self, status: int, body: Any, **headers: str) -> None:
                raw = b"" if self.command == "HEAD" else json.dumps(body).encode()
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", "Content-Length": str(len(raw)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(raw)

            def _take(self) -> None:
                content = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                one = Request(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, content)
                with product.counting:
                    product.requests.append(one)
                    product.arrived.append(time.monotonic())
                    product.together += 1
                    product.most_together = max(product.most_together, product.together)
                try:
                    time.sleep(product.slow)
                    self._answer(one)
                finally:
                    with product.counting:
                        product.together -= 1

            def _answer(self, one: Request) -> None:
                if product.redirect_to:
                    return self._say(302, {}, Location=product.redirect_to)
                if self.path.startswith("/orders/"):
                    key = self.path.removeprefix("/orders/")
                    return self._say(200, {"key": key, **(product.known or ANSWER)}) if key in product.done else self._say(404, {})
                if product.answers:
                    status, body, *more = product.answers.pop(0)
                    return self._say(status, body, **(more[0] if more else {}))
                if one.method not in ("GET", "HEAD") and one.key not in product.done:
                    product.done.append(one.key)
                if product.drop:
                    product.drop -= 1
                    self.close_connection = True
                    return self.connection.close()
                return self._say(200, product.answer)

            do_GET = do_HEAD = do_PUT = do_DELETE = do_POST = do_PATCH = _take

        return Handler


def calling(
    *commands: dict[str, Any],
    address: dict[str, list[str]] | None = None,
    agent: dict[str, Any] | None = None,
    port: str = "",
    step: dict[str, Any] | None = None,
    **variables: Any,
) -> dict[str, Any]:
    """A book whose step sends `commands` to the address of its target."""
    first = {"type": "action", "name": "Call", "agent": OURS, "targets": [API], "commands": list(commands)}
    ways = {"on_success": "end", "on_failure": "bad"}
    steps: dict[str, dict[str, Any]] = {"start": START, "first": {**first, **ways, **(step or {})}, "end": END}
    steps |= {"bad": note("it failed: __problem__:value", on_completion="end2"), "end2": END}
    made = book(steps, start="start", **variables)
    made["agent_definitions"][OURS] = agent or {"type": "security-category", "name": "We", "category": ["orchestrator"]}
    target = {"type": "http-api", "name": "The API", "address": address or {"ipv4": ["127.0.0.1"]}}
    made["target_definitions"] = {API: {**target, **({"port": port} if port else {})}}
    return made


def command(line: str, **more: Any) -> dict[str, Any]:
    """A request to a web API."""
    return {"type": "http-api", "command": f"{line} HTTP/1.1", **more}


def openc2(content: Any) -> dict[str, Any]:
    """An OpenC2 command."""
    coded = base64.b64encode(json.dumps(content).encode()).decode()
    return {"type": "openc2-http", "command": "POST /openc2 HTTP/1.1", "content_b64": coded}


@contextmanager
def web_product() -> Iterator[WebProduct]:
    """A running fake on a loopback port of its own."""
    product = WebProduct()
    thread = threading.Thread(target=product.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield product
    finally:
        product.server.shutdown()
        product.server.server_close()
        thread.join()
