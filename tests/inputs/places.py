"""Every place where bytes come in: each address and method, its parameters, its form's fields, and a request that it would take."""

import ast
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from django.urls import URLPattern, URLResolver, get_resolver

from soc.cases.models import Case
from soc.cases.pages.offers import VERBS
from tenants.isolation import scope
from tests.architecture.house import calls, python_files, tree

# How the addresses call the north's things.
WORDS = {
    "slug": "agency", "agency": "agency", "number": "case", "verb": "verb", "receipt": "receipt", "letter": "letter", "run": "run",
    "approval": "approval", "suppression": "suppression", "consent": "consent", "person": "person", "membership": "membership",
    "delivery_id": "delivery", "code": "instrument", "step": "step", "book": "book", "prefix": "key", "session": "key",
}  # fmt: skip
QUERY = ("agency", "case", "cursor", "measure", "next", "owner", "period", "q", "severity", "state", "view", "page", "theme")
ADDRESS = re.compile(r"[A-Za-z0-9_./{}-]*")


@dataclass(frozen=True)
class Place:
    """One address and method: `path` with {words} in it."""

    method: str
    path: str

    @property
    def words(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.path)

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/")


def addresses(found: Any, prefix: str = "/") -> Iterator[tuple[str, URLPattern]]:
    """Every address of the site, with {words} for what varies."""
    for one in found:
        written = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(one.pattern).lstrip("^").rstrip("$\\Z"))
        if isinstance(one, URLResolver):
            yield from addresses(one.url_patterns, prefix + written)
        elif ADDRESS.fullmatch(prefix + written):
            yield prefix + written, one


def places() -> list[Place]:
    """Each address with GET and POST, whether it takes them or not."""
    found = {path for path, _ in addresses(get_resolver().url_patterns)}
    return [Place(method, path) for path in sorted(found) for method in ("GET", "POST")]


def form_fields() -> list[str]:
    """Every name that a page reads out of a form, as its code says it."""
    found = set(QUERY) | {"login", "password", "version", "code"} | {field for verb in VERBS.values() for field in verb.fields}
    for path in python_files():
        if "pages" not in path.parts:
            continue
        for call in calls(tree(path)):
            if isinstance(call.func, ast.Attribute) and call.func.attr in ("get", "getlist") and call.args:
                named = call.args[0]
                if isinstance(named, ast.Constant) and isinstance(named.value, str) and named.value.isidentifier():
                    found.add(named.value)
    return sorted(found)


class Sample:
    """Requests that the site would take, about the north's things, so that what is hostile is the only thing wrong."""

    def __init__(self, norths: dict[str, Any], chance: random.Random) -> None:
        self.norths, self.chance = norths, chance
        self.fields = form_fields()
        with scope.floor(None):
            self.version = str(Case.objects.get(number=norths["case"]).version)

    def path(self, place: Place, **hostile: str) -> str:
        """The address with the north's things in it; `hostile` stands as it is written."""
        given = {word: quote(str(self.thing(word))) for word in place.words} | hostile
        return place.path.format(**given)

    def thing(self, word: str) -> Any:
        if word == "verb":
            return self.chance.choice(sorted(VERBS))
        return self.norths.get(WORDS.get(word, ""), "x")

    def headers(self, place: Place) -> dict[str, str]:
        if place.method == "GET":
            return {}
        kind = "application/json" if place.is_api else "application/x-www-form-urlencoded"
        return {"Content-Type": kind, "If-Match": self.version} if place.is_api else {"Content-Type": kind}

    def query(self, place: Place) -> dict[str, str]:
        if place.path.endswith("/balance"):
            return {"agency": "north"}
        return {"measure": "time_to_contain"} if place.path.endswith("/evidence") else {}

    def members(self, place: Place, path: str) -> dict[str, str]:
        """The members of a body that is taken, each as JSON."""
        if place.path.endswith("/alerts"):
            found: dict[str, Any] = self.chance.choice(ALERTS)
        elif place.path.endswith("/vote"):
            found = {"hash": "0" * 64, "vote": "approve", "reason": "Agreed."}
        elif place.path.endswith("/replay"):
            found = self.chance.choice([{"body": ALERTS[0]}, {"mapping": {"title": "/nothing", "entities": ["/nothing"]}}])
        elif place.path.endswith("{verb}"):
            found = {field: TAKEN[field] for field in VERBS[path.rpartition("/")[2]].fields}
        else:
            found = {"agency": "north", "title": "By phone", "severity": "low", "reason": "They called."}
        return {name: json.dumps(value) for name, value in found.items()}

    def form(self) -> dict[str, str]:
        """Every field that any form has, filled as people do."""
        return {name: str(TAKEN.get(name, "x")) for name in self.fields} | {"version": self.version, "agency": "north"}


def as_json(members: dict[str, str]) -> bytes:
    """An object whose members are written already."""
    return ("{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in members.items()) + "}").encode("utf-8", "surrogatepass")


def as_form(fields: dict[str, str]) -> str:
    """Fields as browsers send them; a lone surrogate goes as the bytes that no browser sends."""
    return urlencode(fields, errors="surrogatepass")


TAKEN: dict[str, Any] = {
    "owner": None, "title": "By phone", "summary": "It began at noon.", "text": "Called the owner.", "visibility": "internal",
    "severity": "high", "reason": "They said so.", "at": None, "until": "2026-12-01T00:00:00Z", "task": "x", "items": ["note:x"],
    "kind": "incident", "disposition": "undetermined", "vote": "approve", "hash": "0" * 64,
}  # fmt: skip
ALERTS: list[dict[str, Any]] = [
    {
        "title": "LSASS read", "severity": "high", "rule": {"id": "lsass", "name": "LSASS"}, "happened_at": "2026-11-24T00:00:00Z",
        "entities": [{"type": "host", "value": "north-ws-3"}], "observables": ["10.0.0.1"], "techniques": ["T1003.001"],
        "description": "x", "source_ref": "y",
    },
    {"rule": {"title": "Beacon", "id": "b", "level": "high", "tags": ["attack.t1071"]}, "event": {"Computer": "north-ws-4"}},
    {
        "class_uid": 2004, "severity_id": 4, "time": 1_790_000_000_000, "finding_info": {"title": "Miner", "uid": "m"},
        "resources": [{"name": "north-ws-5", "type": "host"}], "observables": [{"name": "x", "type_id": 2, "value": "10.0.0.2"}],
    },
    {"idempotency_key": "k", "alert": {"title": "Wrapped"}},
]  # fmt: skip
