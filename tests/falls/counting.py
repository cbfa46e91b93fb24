"""A product outside, as a process of its own: it counts requests and effects by key, takes its time, and answers badly at times.

Usage: python -m tests.falls.counting PORT FILE SEED. Each request is a line of JSON in FILE, written before it is answered.
"""

import argparse
import hashlib
import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.falls.shapes import OF

# Of a hundred requests: refused before anything is done, done and then answered 503, done without an answer.
REFUSED, DONE_BUT_503, DROPPED = 3, 2, 2
LONGEST = 0.4  # seconds before something is done, and once more before it is answered


class Product:
    """What was done, and how the next requests fare."""

    def __init__(self, port: int, file: Path, seed: int) -> None:
        self.file, self.seed, self.guard = file, seed, threading.Lock()
        self.effects: dict[str, int] = {}  # by key: how often it was done
        self.asked: dict[str, int] = {}
        self.done = 0
        self.server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self.server.daemon_threads = True
        self.server.request_queue_size = 128

    def luck(self, about: str) -> tuple[int, float, float]:
        """A number below 100 and two waits, by the seed and by how often this was asked."""
        with self.guard:
            self.asked[about] = self.asked.get(about, 0) + 1
            said = f"{self.seed}:{about}:{self.asked[about]}"
        drawn = hashlib.sha256(said.encode()).digest()
        return int.from_bytes(drawn[:4]) % 100, LONGEST * drawn[4] / 256, LONGEST * drawn[5] / 256

    def do(self, part: str, key: str) -> int:
        """The number of the effect, 0 for none: the keyed parts do a thing once under its key, the others each time."""
        with self.guard:
            if part == "read" or (part in ("keyed", "openc2") and key in self.effects):
                return 0
            self.effects[key] = self.effects.get(key, 0) + 1
            self.done += 1
            return self.done

    def note(self, **told: Any) -> None:
        with self.guard, open(self.file, "a") as out:
            out.write(json.dumps(told) + "\n")

    def _handler(product):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args: object) -> None:
                pass

            def say(self, status: int, body: Any) -> None:
                raw = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def left(self) -> bool:
                """Whether whoever asked has gone."""
                try:
                    return self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
                except BlockingIOError:
                    return False
                except OSError:
                    return True

            def take(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                part = self.path.split("/")[1]
                key = self.headers.get("Idempotency-Key") or self.headers.get("X-Request-ID") or ""
                about = str(self.headers.get(OF) or self.path)
                drawn, before, after = product.luck(f"{self.command} {about}")
                told: dict[str, Any] = {"part": part, "method": self.command, "path": self.path, "key": key, "of": about}
                if part == "verifiable" and self.command == "GET":
                    return self.look_up(told, drawn)
                time.sleep(before)
                refused = drawn < REFUSED
                told["did"] = 0 if refused else product.do(part, key or about)
                if told["did"] and part == "idempotent":
                    told["state"] = json.loads(raw)["state"]
                time.sleep(after)
                dropped = not refused and drawn >= 100 - DROPPED
                status = 503 if drawn < REFUSED + DONE_BUT_503 else 200
                product.note(**told, said=0 if dropped else status, gone=self.left(), at=time.time())
                if dropped:
                    self.close_connection = True
                    return self.connection.close()
                turn = about.rpartition("/")[2]
                return self.say(status, {"of": about, "round": int(turn) + 1 if turn.isdigit() else 0})

            def look_up(self, told: dict[str, Any], drawn: int) -> None:
                key = self.path.rpartition("/")[2]
                status = 503 if drawn < REFUSED else 200 if product.effects.get(key) else 404
                product.note(
                    **{**told, "part": "verifiable", "key": key, "looked": True, "did": 0}, said=status, gone=False, at=time.time()
                )
                self.say(status, {"key": key})

            do_GET = do_PUT = do_POST = take

        return Handler


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int)
    parser.add_argument("file", type=Path)
    parser.add_argument("seed", type=int)
    given = parser.parse_args()
    product = Product(given.port, given.file, given.seed)
    product.server.handle_error = lambda *_: None  # type: ignore[method-assign]  # whoever calls may be killed while it does
    product.server.serve_forever(poll_interval=0.5)


if __name__ == "__main__":
    main()
