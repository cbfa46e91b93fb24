"""A fake of the endpoint product that speaks real HTTP: it keeps isolations by key and counts every request."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit


class EndpointProduct:
    """What the product was told, and how it should misbehave."""

    def __init__(self) -> None:
        self.isolations: dict[str, dict[str, object]] = {}
        self.requests: list[tuple[str, str, dict[str, str], object]] = []
        self.answer_with: list[int] = []  # statuses to answer the next orders with, without doing them
        self.drop: list[bool] = []  # for the next orders: carry it out, but close the line without an answer
        self.redirect_to = ""
        self.hold = 0.0  # seconds before an order is answered
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def orders(self) -> list[str]:
        """The keys of the isolation orders that arrived, in order."""
        return [
            headers.get("idempotency-key", "")
            for method, path, headers, _ in self.requests
            if method == "POST" and path.endswith("/isolate")
        ]

    def asked(self) -> list[str]:
        """The look-ups that arrived."""
        return [path for method, path, _, _ in self.requests if method == "GET"]

    def _handler(product):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args: object) -> None:
                pass

            def _read(self) -> object:
                raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                body = json.loads(raw) if raw else None
                product.requests.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                return body

            def _say(self, status: int, body: object, **headers: str) -> None:
                raw = json.dumps(body).encode()
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", "Content-Length": str(len(raw)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(raw)

            def do_POST(self) -> None:
                self._read()
                if product.redirect_to:
                    self._say(302, {}, Location=product.redirect_to)
                    return
                if product.answer_with:
                    self._say(product.answer_with.pop(0), {"said": self.headers.get("Authorization", "")})
                    return
                _, _, host, verb = urlsplit(self.path).path.split("/")
                key = self.headers.get("Idempotency-Key", "")
                if verb == "isolate":
                    one = product.isolations.setdefault(
                        key, {"host": unquote(host), "key": key, "at": "2026-11-24T14:32:00Z", "requests": 0}
                    )
                    one["requests"] = int(one["requests"]) + 1
                time.sleep(product.hold)
                if product.drop and product.drop.pop(0):
                    self.close_connection = True
                    self.connection.close()
                    return
                self._say(201, {"host": unquote(host), "at": "2026-11-24T14:32:00Z"})

            def do_GET(self) -> None:
                self._read()
                wanted = parse_qs(urlsplit(self.path).query).get("key")
                self._say(200, [one for key, one in product.isolations.items() if not wanted or key in wanted])

        return Handler


@contextmanager
def endpoint_product() -> Iterator[EndpointProduct]:
    """A running fake on a loopback port of its own."""
    product = EndpointProduct()
    thread = threading.Thread(target=product.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield product
    finally:
        product.server.shutdown()
        product.server.server_close()
        thread.join()
