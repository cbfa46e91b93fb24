"""Another agency's thing in a filter, a body, a cursor, a bulk or a header is nothing's: same answer, and nothing moves."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings

from soc.cases.api.cases import VERBS as API_VERBS
from soc.cases.pages.offers import VERBS as PAGE_VERBS
from tenants.queries.paging import encode
from tests.walls.addresses import filled, path_of
from tests.walls.driving import CALLERS, Answer, Caller, differing, fingerprint, leaks, send
from tests.walls.inputs import NAMING, PLACES, VERBS, Place
from tests.walls.urls import WALLS
from tests.walls.world import World

pytestmark = pytest.mark.django_db

ROWS = {str(wall).partition("?")[0]: wall for wall in WALLS}
BY = {caller.short: caller for caller in CALLERS}
# What is new with each call, where a call makes something.
NEW = re.compile(rb"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{64}|\d{4}-\d\d-\d\dT[\d:.+Z]+")


def test_every_verb_that_there_is_is_declared() -> None:
    there = set(API_VERBS) | set(PAGE_VERBS)
    assert there == set(VERBS), f"Say in tests/walls/inputs.py who may do each verb: {sorted(there ^ set(VERBS))}"


def test_every_input_of_a_verb_that_can_name_a_thing_has_a_place() -> None:
    placed = {(place.operation, place.verb, place.what) for place in PLACES}
    read = [("POST case-verb-api", verb, name) for verb, (_, names) in API_VERBS.items() for name in names]
    read += [("POST case-verb", verb, name) for verb, one in PAGE_VERBS.items() for name in one.fields]
    missing = [one for one in read if one[2] in NAMING and one not in placed]
    assert not missing, f"Put another agency's thing there, in tests/walls/inputs.py: {missing}"


def test_every_place_is_of_an_operation() -> None:
    gone = [str(place) for place in PLACES if place.operation not in ROWS or any(short not in BY for short in place.by)]
    assert not gone, f"These operations or callers are gone: {gone}"


def put(text: Any, things: dict[str, Any]) -> Any:
    """A template with things in it; `{cursor:a:b}` is a cursor over those order values."""
    if not isinstance(text, str):
        return filled(text, things)

    def cursor(found: re.Match[str]) -> str:
        values = [things[name] for name in found[1].split(":")]
        return encode([values[0], encode([1, *values])] if found[1] == "opened_at:case" else values)

    return filled(re.sub(r"\{cursor:([\w:]+)\}", cursor, text), things)


def attempt(place: Place, caller: Caller, world: World, whose: str) -> tuple[Answer, list[Any]]:
    """One call with the things of `whose` in the place, and what was sent of them."""
    home = caller.home if caller.home in world.agency_ids else "north"
    own = world.things[str(home)] | {"verb": place.verb}
    theirs = world.things[whose] | {f"own_{name}": value for name, value in own.items()}
    wall = ROWS[place.operation]
    query = put(place.query, theirs)
    path = path_of(wall, own | filled(place.of, theirs)).partition("?")[0] + query
    headers = {name: str(put(value, theirs)) for name, value in place.header.items()}
    if wall.method == "POST" and wall.anonymous == 401 and "verb" in wall.of:
        headers.setdefault("If_Match", str(own["version"]))
    body = filled(place.body, theirs)
    if isinstance(body, dict) and wall.anonymous == 302 and "verb" in place.operation + "release":
        body = {"version": own["version"], **body}
    answer = send(caller, world, wall.method, path, body, headers)
    named = re.findall(r"\{(\w+)\}", f"{place.query}{place.body}{place.header}{place.of}")
    return answer, [*headers.values(), query.rpartition("=")[2], *(theirs[name] for name in named if not name.startswith("own_"))]


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_anothers_thing_is_nothings(
    place: Place,
    world: World,
    ids: dict[bytes, str],
    before: dict[Any, dict[str, str]],
    savepoint: Callable[[], Any],
    record_property: Callable[[str, Any], None],
) -> None:
    record_property("place", {"where": place.where, "calls": 2 * len(place.by)})
    wrong = []
    for short in place.by:
        caller = BY[short]
        foreign = caller.foreign or "south"
        with savepoint():
            answer, sent = attempt(place, caller, world, foreign)
            if fingerprint(world.agency_ids[foreign]) != before[foreign]:
                wrong.append(f"{caller.label} moved something of the {foreign}")
        with savepoint():
            unknown, sent_too = attempt(place, caller, world, "unknown")
        if answer.status >= 500 or answer.status != unknown.status:
            wrong.append(f"{caller.label}: {answer.status} for another's, {unknown.status} for nothing's")
        said, nothing = answer.neutral(sent), unknown.neutral(sent_too)
        if place.alike:
            said, nothing = NEW.sub(b"", said), NEW.sub(b"", nothing)
        if place.same and said != nothing:
            wrong.append(f"{caller.label}: the answers can be told apart: {differing(said, nothing)}")
        if caller.foreign:
            wrong += [f"{caller.label} reads {leak}" for leak in leaks(answer.neutral(sent), caller, ids)]
    assert not wrong, f"{place}: " + "; ".join(wrong)


@pytest.mark.parametrize("path", ["/api/v1/cases", "/api/v1/runs", "/api/v1/approvals"])
def test_a_bearer_beside_anothers_session_is_the_bearer_alone(path: str, world: World, ids: dict[bytes, str]) -> None:
    wrong = []
    for bearer, session in (("nor", "zoe"), ("sol", "nor"), ("north_key", "zoe"), ("revoked", "nor"), ("expired", "aud")):
        caller = next(one for one in CALLERS if one.short == bearer)
        cookie = f"{settings.SESSION_COOKIE_NAME}={world.sessions[session]}"
        both, alone = send(caller, world, "GET", path, headers={"Cookie": cookie}), send(caller, world, "GET", path)
        if both.neutral(()) != alone.neutral(()):
            wrong.append(f"{bearer} with the session of {session}: {both.status}, alone {alone.status}")
        wrong += [f"{bearer} reads {leak}" for leak in leaks(both.said, caller, ids)]
    assert not wrong, "; ".join(wrong)
