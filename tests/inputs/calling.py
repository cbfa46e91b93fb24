"""Calling the site as a WSGI server does, with bytes that no well-behaved client sends, inside the test's own transaction."""

import io
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection
from django.test import Client

from soc.wsgi import application
from tenants.isolation import scope
from tests.cast import Cast

ROLES = {
    "anonymous": "",
    "sensor key": "north_key",
    "liaison": "nia",
    "analyst": "ana",
    "watch lead": "lee",
    "auditor": "aud",
    "admin": "ada",
}
CSRF = "c" * 32


@dataclass(frozen=True)
class Ask:
    """One request, as it goes over the wire: `path` and `query` are written as they stand in the request line."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    what: str = ""  # what is hostile about it

    def __str__(self) -> str:
        address = f"{self.path}?{self.query}" if self.query else self.path
        return f"{self.method[:20]} {address[:200]} {dict(self.headers)!r:.300} {self.body[:120]!r} ({self.what})"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float  # of processor time

    @property
    def kind(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0]


def environ(ask: Ask) -> dict[str, Any]:
    """The request as PEP 3333 has it."""
    found: dict[str, Any] = {
        "REQUEST_METHOD": ask.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(ask.path).decode("latin-1"),
        "QUERY_STRING": ask.query.encode("utf-8", "replace").decode("latin-1"),
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.7",
        "HTTP_HOST": "localhost",
        "CONTENT_LENGTH": str(len(ask.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(ask.body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in ask.headers.items():
        key = name.upper().replace("-", "_")
        found[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value.encode("utf-8", "replace").decode("latin-1")
    return found


def answer_to(app: Callable[..., Any], ask: Ask) -> Answer:
    """Call and read all of the answer."""
    head: list[Any] = []
    began = time.process_time()
    result = app(environ(ask), lambda status, headers, exc_info=None: head.append((status, headers)))
    try:
        body = b"".join(result)
    finally:
        if hasattr(result, "close"):
            result.close()
    status, headers = head[-1]
    return Answer(int(status.split()[0]), {name.lower(): value for name, value in headers}, body, time.process_time() - began)


@contextmanager
def in_one_transaction() -> Iterator[None]:
    """A request's end does not close the test's own connection, as with Django's own test client."""
    ends = (request_started, request_finished)
    for end in ends:
        end.disconnect(close_old_connections)
    try:
        yield
    finally:
        for end in ends:
            end.connect(close_old_connections)


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens inside is rolled back: every case finds the same world."""
    saved = connection.savepoint()
    try:
        yield
    finally:
        connection.needs_rollback = False
        connection.savepoint_rollback(saved)
        connection.run_on_commit.clear()


def moved() -> tuple[int, int]:
    """Facts and changed rows so far; refusals and looks do not count."""
    connection.needs_rollback = False  # a refusal before any scope marks the test's own transaction
    with scope.floor(None), connection.cursor() as cursor:
        rows = "SELECT count(*) FROM tenants_auditrow WHERE table_name NOT IN ('', 'playbooks_refusedvote')"
        cursor.execute(f"SELECT (SELECT count(*) FROM tenants_entry), ({rows})")
        found: tuple[int, int] = cursor.fetchone()
        return found


@dataclass(frozen=True)
class Caller:
    """One role at the doors: by bearer at the API, by session on the pages."""

    role: str
    app: Callable[..., Any]
    bearer: str
    cookies: str

    def headers(self, path: str) -> dict[str, str]:
        """What this caller always sends."""
        if path.startswith("/api/") or not self.cookies:
            return {"Authorization": f"Bearer {self.bearer}"} if self.bearer else {}
        return {"Cookie": self.cookies, "X-CSRFToken": CSRF}

    def send(self, ask: Ask) -> Answer:
        """Send it as this caller; headers of its own win."""
        headers = {**self.headers(ask.path), **ask.headers}
        return answer_to(self.app, Ask(ask.method, ask.path, ask.query, headers, ask.body, ask.what))


def caller(role: str, cast: Cast) -> Caller:
    """The caller of a role."""
    who = ROLES[role]
    app = application
    if not who:
        return Caller(role, app, "", f"csrftoken={CSRF}")
    if who.endswith("_key"):
        return Caller(role, app, getattr(cast, who), "")
    client = Client()
    with scope.lobby():
        client.force_login(cast.people[who])
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    return Caller(role, app, cast.tokens[who], f"{settings.SESSION_COOKIE_NAME}={session}; csrftoken={CSRF}")
