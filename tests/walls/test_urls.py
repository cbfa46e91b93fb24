"""Every address against every character: who may is let in, who may not meets 403 or the 404 of nothing, and nothing moves."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tenants.isolation import scope
from tests.cast import ApiClient, Cast
from tests.walls.urls import EVERYONE, KEY, OPEN, WALLS, Wall

WORDS = {  # how the paths call what the table names
    "slug": "agency", "agency": "agency", "number": "case", "verb": "verb", "receipt": "receipt", "letter": "letter", "run": "run",
    "approval": "approval", "suppression": "suppression", "consent": "consent", "person": "person", "membership": "membership",
    "delivery_id": "delivery", "code": "instrument", "step": "step", "book": "book",
}  # fmt: skip


def patterns(found: Any, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for one in found:
        if isinstance(one, URLResolver):
            yield from patterns(one.url_patterns, prefix + str(one.pattern))
        else:
            yield prefix + str(one.pattern), one


OURS = {one.name: one for path, one in patterns(get_resolver().url_patterns) if not path.startswith("accounts/")}


def methods_of(pattern: URLPattern) -> set[str]:
    """GET where the address shows something, POST where it does something."""
    view = getattr(pattern.callback, "view_class", None) or getattr(pattern.callback, "cls", None)
    found = set()
    allowed = {m.upper() for m in getattr(view, "http_method_names", ["get", "post"])}
    if hasattr(view, "get") and "GET" in allowed:
        found.add("GET")
    own = [cls for cls in view.__mro__ if not cls.__module__.startswith("tenants.gates")]
    posts = any("act" in vars(cls) for cls in own)
    own_post = any("post" in vars(cls) for cls in own)
    if (posts or own_post or (view.__module__ == "tenants.pages.account" and "change" in dir(view))) and "POST" in allowed:
        found.add("POST")
    return found


def test_every_address_and_method_has_a_row():
    declared = {(wall.name, wall.method) for wall in WALLS}
    missing = [
        f"{method} {name}"
        for name, pattern in OURS.items()
        if name not in OPEN
        for method in methods_of(pattern)
        if (name, method) not in declared
    ]
    assert not missing, f"Say in tests/walls/urls.py who may use these, and who meets a wall: {missing}"
    unknown = [str(wall) for wall in WALLS if wall.name not in OURS]
    assert not unknown, f"These addresses are gone: {unknown}"


def path_of(wall: Wall, norths: dict[str, Any]) -> str:
    pattern = OURS[wall.name].pattern
    given = {}
    for word in pattern.converters:
        thing = WORDS.get(word)
        if word == "prefix":
            thing = "key" if "key" in wall.of else "token"
        given[word] = norths[thing]
    return reverse(wall.name, kwargs=given) + wall.query


def moved() -> tuple[int, int]:
    """Facts and changed rows so far; refusals and looks do not count."""
    with scope.floor(None), connection.cursor() as cursor:
        cursor.execute("SELECT (SELECT count(*) FROM tenants_entry), (SELECT count(*) FROM tenants_auditrow WHERE table_name <> '')")
        return cursor.fetchone()


def call(client: Any, wall: Wall, path: str) -> Any:
    if wall.method == "GET":
        return client.get(path)
    if path.startswith("/api/"):
        return client.post(path, data={}, content_type="application/json", headers={"If-Match": "1"})
    return client.post(path, data={"reason": "x", **wall.post})


@pytest.mark.parametrize("wall", WALLS, ids=str)
def test_the_wall_of_an_address(wall: Wall, cast: Cast, norths: dict[str, Any], client_of: Callable[[str], Client]) -> None:
    path = path_of(wall, norths)
    wrong = []
    for who in sorted(EVERYONE | ({KEY} if path.startswith("/api/") else set())):
        bearer = cast.north_key if who == KEY else cast.tokens[who]
        client = ApiClient(bearer) if path.startswith("/api/") else client_of(who)
        before = moved()
        saved = connection.savepoint()
        status = call(client, wall, path).status_code
        if who in wall.may:
            if status in (401, 403, 404, 500):
                wrong.append(f"{who} may, and got {status}")
        else:
            expected = 403 if who in wall.refused else 404
            if status != expected:
                wrong.append(f"{who} should meet {expected}, and got {status}")
            if moved() != before:
                wrong.append(f"{who} was refused, and something moved")
        connection.savepoint_rollback(saved)
        connection.needs_rollback = False
    answer = call(Client(), wall, path)
    if answer.status_code != wall.anonymous:
        wrong.append(f"anonymous should meet {wall.anonymous}, and got {answer.status_code}")
    assert not wrong, f"{wall}: " + "; ".join(wrong)


@pytest.mark.parametrize("path", ["/cases/DOI-2026-000001/", "/nowhere/", "/agencies/nobody/"])
def test_unknown_and_foreign_are_the_same_answer(path: str, cast: Cast, client_of: Callable[[str], Client], norths: dict[str, Any]) -> None:
    sol = client_of("sol")
    foreign = sol.get(f"/cases/{norths['case']}/")
    unknown = sol.get(path)
    assert (foreign.status_code, unknown.status_code) == (404, 404)
    assert norths["case"] not in foreign.content.decode()


@pytest.mark.parametrize("path", ["/api/v1/nowhere", "/api/v1/cases/NOPE-1/nothing-like-it/deeper"])
def test_an_unknown_address_of_the_api_is_a_problem_too(path: str, cast: Cast, api_of: Callable[[str], ApiClient]) -> None:
    answer = api_of("ana").get(path)
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "not_found"
