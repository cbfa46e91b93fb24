"""Calling every address as everyone, and looking at what came back and at what moved."""

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote, quote_plus

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.http import QueryDict
from django.test import Client
from pytest import MonkeyPatch

from tenants.actors import clock_set_to
from tenants.gates.api import ApiView
from tenants.isolation import scope
from tests.walls.urls import ADMIN, ANALYST, AUDITOR, KEY, LEAD, LIAISON
from tests.walls.world import AGENCIES, World

PROGRAM = "program"  # home of those who work for every agency
LIVE = (ANALYST, LEAD, AUDITOR, ADMIN, LIAISON, KEY)


@dataclass(frozen=True)
class Caller:
    """Who calls: in which role (None: nobody that is known), from which agency, and as whom of the world."""

    label: str
    role: str | None = None
    home: str | None = None
    short: str = ""

    @property
    def foreign(self) -> str | None:
        """The agency that is not theirs; None for those of the whole program and for nobody."""
        return None if self.home in (None, PROGRAM) else AGENCIES[1 - AGENCIES.index(str(self.home))]

    def covers(self, agency: str) -> bool:
        return self.home in (agency, PROGRAM)


CALLERS = (
    Caller("anonymous"),
    Caller("stranger", short="stranger"),
    Caller("analyst", ANALYST, "north", "nor"),
    Caller("analyst elsewhere", ANALYST, "south", "zoe"),
    Caller("watch lead", LEAD, "north", "led"),
    Caller("auditor", AUDITOR, PROGRAM, "aud"),
    Caller("admin", ADMIN, PROGRAM, "ada"),
    Caller("liaison", LIAISON, "north", "nia"),
    Caller("liaison elsewhere", LIAISON, "south", "sol"),
    Caller("sensor key", KEY, "north", "north_key"),
    Caller("sensor key elsewhere", KEY, "south", "south_key"),
    Caller("revoked key", short="revoked"),
    Caller("expired token", short="expired"),
)


@dataclass(frozen=True)
class Answer:
    """What came back: everything that a caller can read of it."""

    status: int
    said: bytes
    body: bytes
    media: str = ""

    def neutral(self, sent: Iterable[Any]) -> bytes:
        """The answer without what was sent and what differs each time."""
        return VOLATILE.sub(b"", without(REFERENCE.sub(b"", self.said), sent))


# An id of three digits may stand in it, so it goes before the caller's own words do.
REFERENCE = re.compile(rb"Reference [0-9a-f]{32}")
VOLATILE = re.compile(
    rb"X-Request-ID: [^\n]*|csrftoken=[^;\n]*|[Ee]xpires(?:=|: )[^;\n]*|X-CSRFToken\": \"[^\"]*|\d\d:\d\d(?::\d\d)?"
    rb"|:\w{6}:[\w-]{43}"  # when the cookie of messages was signed, and its signature
    rb"|name=\"(?:csrfmiddlewaretoken|once)\" value=\"[^\"]*|name=\"server-time\" content=\"[^\"]*|Content-Length: [^\n]*"
)


def without(said: bytes, sent: Iterable[Any]) -> bytes:
    """Without the caller's own words, in the spellings in which an answer repeats them; the longest first."""
    own = {one for value in sent for one in (str(value), quote(str(value)), quote_plus(str(value)), str(value).upper())}
    for one in sorted((one for one in own if len(one) > 2), key=len, reverse=True):
        said = said.replace(one.encode(), b"")
    return said


def differing(one: bytes, other: bytes) -> str:
    """Where two answers part."""
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return f"{one[max(0, at - 60) : at + 60]!r} and {other[max(0, at - 60) : at + 60]!r}"


def client_for(caller: Caller, world: World, *, by_bearer: bool) -> Client:
    """A browser with the caller's session, or a program with their key or token."""
    if by_bearer:
        bearer = world.bearers.get(caller.short)
        client = Client(headers={"Authorization": f"Bearer {bearer}"}) if bearer else Client()
    else:
        client = Client()
        if caller.short in world.sessions:
            client.cookies[settings.SESSION_COOKIE_NAME] = world.sessions[caller.short]
    client.raise_request_exception = False
    return client


def send(caller: Caller, world: World, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
    """One call. Programs send JSON, browsers forms; names of headers may have underscores for hyphens."""
    is_api = path.startswith("/api/")
    client = client_for(caller, world, by_bearer=is_api)
    named = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
    with clock_set_to(lambda: world.at):
        if method == "GET":
            response = client.get(path, headers=named)
        elif is_api:
            named.setdefault("If-Match", "1")
            response = client.post(path, data={} if body is None else body, content_type="application/json", headers=named)
        else:
            response = client.post(path, data={"reason": "x", **(body or {})}, headers=named)
    content = response.content if not response.streaming else b"".join(response.streaming_content)  # type: ignore[attr-defined]
    head = "\n".join(f"{name}: {value}" for name, value in sorted(response.items()))
    cookies = "\n".join(morsel.OutputString() for morsel in response.cookies.values() if morsel.key != settings.SESSION_COOKIE_NAME)
    said = f"{response.status_code}\n{head}\n{cookies}\n".encode() + content
    return Answer(response.status_code, said, content, response.get("Content-Type", ""))


# What only some may read of their own agency's words, by their kind; of another agency's nobody reads any.
READERS = {
    "inside": {ANALYST, LEAD, AUDITOR},  # notes, tasks, observables and restricted cases that nobody released
    "shown": {ANALYST, LEAD, AUDITOR, LIAISON, KEY},  # titles and hosts; a receipt says why in the words that the sensor sent
    "sent": {ANALYST, LEAD, AUDITOR, KEY},  # names of rules
    # call tree, consent, name of a key
    "held": {ANALYST, LEAD, AUDITOR, ADMIN, LIAISON, KEY},
    "raw": {LEAD, AUDITOR, ADMIN},  # dead letters and parked deliveries
}
WORD = re.compile(rb"zq(north|south)(inside|shown|sent|held|raw)")
UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{64}")
NUMBER = re.compile(rb"\b(north|south)-\d{4}-r?\d+")
NAMES = re.compile(rb"\b(north|south)\b|(northern lights|nia park|nia@)|(southern tides|sol reyes|sol@)")


def in_base64(text: str) -> set[bytes]:
    """The middle of a text in base64, at each of the three places where it may begin."""
    found = set()
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + text.encode() + b"\0" * 3)
        found.add(coded[(4 if before else 0) + (before > 0) : -8])
    return found


CODED = {(agency, kind): in_base64(f"zq{agency}{kind}") for agency in AGENCIES for kind in READERS}


def words_in(said: bytes) -> set[tuple[str, str]]:
    """The planted words in some bytes, plain or in base64: (agency, kind)."""
    found = {(a.decode(), k.decode()) for a, k in WORD.findall(said.lower())}
    found |= {which for which, codes in CODED.items() if any(code in said for code in codes)}
    return found


def leaks(said: bytes, caller: Caller, ids: Mapping[bytes, str]) -> list[str]:
    """What of an answer this caller may not read: words, ids, numbers and names of an agency that is not theirs."""
    lowered = said.lower()
    found = [
        f"the word zq{agency}{kind}"
        for agency, kind in sorted(words_in(said))
        if not caller.covers(agency) or caller.role not in READERS[kind]
    ]
    found += [f"the id {one.decode()}" for one in set(UUID.findall(lowered)) if one in ids and not caller.covers(ids[one])]
    found += [f"a case of the {one.decode()}" for one in set(NUMBER.findall(lowered)) if not caller.covers(one.decode())]
    for slug, *theirs in set(NAMES.findall(lowered)):
        agency = slug.decode() or AGENCIES[0 if theirs[0] else 1]
        if not caller.covers(agency):
            found.append(f"the name {(slug or theirs[0] or theirs[1]).decode()}")
    return found


@cache
def owned_tables() -> dict[str, bool]:
    """Every table whose rows belong to an agency, and those of identities and keys; whether it says whose each row is."""
    identities = ("tenants_agency", "tenants_person", "tenants_membership", "tenants_sensorkey", "tenants_apitoken")
    whose = {m._meta.db_table: any(f.column == "agency_id" for f in m._meta.concrete_fields) for m in apps.get_models()}
    kept = {table: says for table, says in sorted(whose.items()) if says or table in identities}
    for written_down in ("tenants_auditrow", "playbooks_refusedvote"):  # a refusal is written down: that is meant
        del kept[written_down]
    return kept


def fingerprint(agency_id: int | None = None) -> dict[str, str]:
    """A hash of each table's rows: of all, or of one agency's (then without the tables that do not say whose a row is)."""
    where = f"WHERE agency_id = {int(agency_id)}" if agency_id is not None else ""
    parts = [
        f"SELECT '{table}', md5(coalesce(string_agg(t::text, chr(10) ORDER BY id), '')) FROM {table} t {where}"
        for table, says in owned_tables().items()
        if says or not where
    ]
    with scope.floor(None), connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        return dict(cursor.fetchall())


@cache
def _id_columns() -> tuple[tuple[str, str], ...]:
    names = ("public_id", "hash", "fingerprint")
    return tuple(
        (model._meta.db_table, f.column)
        for model in apps.get_models()
        if any(x.name == "agency" for x in model._meta.concrete_fields)
        for f in model._meta.concrete_fields
        if f.column in names
    )


def ids_by_agency(world: World) -> dict[bytes, str]:
    """Every id by which an agency's rows are named outside, with whose it is."""
    slugs = {pk: slug for slug, pk in world.agency_ids.items()}
    found: dict[bytes, str] = {}
    with scope.floor(None), connection.cursor() as cursor:
        for table, column in _id_columns():
            cursor.execute(f"SELECT agency_id, {column}::text FROM {table} WHERE agency_id IS NOT NULL")
            found |= {value.lower().encode(): slugs[agency] for agency, value in cursor.fetchall() if value}
    for agency in AGENCIES:
        found[world.things[agency]["person"].encode()] = agency
    return found


class Noting(dict[str, Any]):
    """A body that notes which of its members are asked for."""

    def __init__(self, body: Mapping[str, Any], names: set[str]) -> None:
        super().__init__(body)
        self.names = names

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return super().get(name, default)


@contextmanager
def inputs_read() -> Iterator[set[str]]:
    """The names of all inputs that operations read meanwhile: of queries, forms and bodies."""
    names: set[str] = set()
    body = ApiView.body

    def noting(original: Any) -> Any:
        def read(self: QueryDict, name: str, *more: Any) -> Any:
            names.add(name)
            return original(self, name, *more)

        return read

    with MonkeyPatch.context() as patched:
        for method in ("get", "getlist", "__getitem__", "__contains__"):
            patched.setattr(QueryDict, method, noting(getattr(QueryDict, method)))
        patched.setattr(ApiView, "body", lambda self: Noting(body(self), names))
        yield names
