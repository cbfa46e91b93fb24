"""Every operation x everyone x one's own, another's and an unknown thing: every cell is declared, and nothing leaks through any.

The operations come from the URL configuration and the API's schema, what may be done from `urls.py`. `python -m tests.walls.matrix`
prints the table.
"""

import base64
import logging
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from soc.health.logs import JsonLines
from tests.walls.addresses import OURS, SIGN_IN, filled, methods_of, path_of, words_of
from tests.walls.driving import CALLERS, Answer, Caller, differing, fingerprint, inputs_read, leaks, send, words_in
from tests.walls.inputs import NAMING, PLACES, PLAIN, SHOWS, VERBS
from tests.walls.urls import ADMIN, AUDITOR, EVERYONE, KEY, LIAISON, OPEN, WALLS, Wall
from tests.walls.world import World

pytestmark = pytest.mark.django_db

# The verbs are operations of their own behind two addresses.
ROWS = [(wall, "") for wall in WALLS if not (wall.method == "POST" and "verb" in wall.of)]
ROWS += [
    (replace(wall, may=may, refused=frozenset({AUDITOR, LIAISON}) - may), verb)
    for wall in WALLS
    if wall.method == "POST" and "verb" in wall.of
    for verb, may in VERBS.items()
]
SHARED = {"verb", "book", "draft", "instrument", "signer"}  # of no agency: laws, books, signers and verbs are everybody's
MAY = "may"
MARKS = {MAY: "+", 403: "3", 404: ".", 302: "s", 401: "s"}


def test_every_address_and_method_has_a_row() -> None:
    declared = {(wall.name, wall.method) for wall in WALLS}
    missing = [
        f"{method} {name}"
        for name, pattern in OURS.items()
        if name not in OPEN
        for method in sorted(methods_of(pattern))
        if (name, method) not in declared
    ]
    assert not missing, f"Say in tests/walls/urls.py who may use these, who is refused, and what they name: {missing}"
    unknown = [str(wall) for wall in WALLS if wall.name not in OURS]
    assert not unknown, f"These addresses are gone: {unknown}"
    nobody = [str(wall) for wall in WALLS if not wall.may or not wall.may <= EVERYONE | {KEY}]
    assert not nobody, f"These rows name no role that there is: {nobody}"


def test_every_route_and_method_of_the_schema_has_a_row() -> None:
    declared = {(str(OURS[wall.name].pattern), wall.method) for wall in WALLS}
    declared |= {(str(OURS[name].pattern), "GET") for name in OPEN}
    schema = Client().get("/api/schema/", headers={"Accept": "application/json"}).json()
    missing = [
        f"{method.upper()} {path}"
        for path, operations in schema["paths"].items()
        for method in operations
        if (path.lstrip("/").replace("{", "<str:").replace("<str:verb", "<slug:verb").replace("}", ">"), method.upper()) not in declared
    ]
    assert len(schema["paths"]) > 10
    assert not missing, f"The schema promises these and tests/walls/urls.py says nothing of them: {missing}"


def named_by(wall: Wall) -> set[str]:
    """The words of the things that a row names, in its path, its query and its body."""
    return {*words_of(wall), *re.findall(r"\{(\w+)\}", f"{wall.query} {wall.post}")}


def objects(wall: Wall, caller: Caller, world: World, verb: str) -> dict[str, dict[str, Any]]:
    """Whose things are asked for: one's own, another agency's, none that is; `-` where nothing is named."""
    home = caller.home if caller.home in world.agency_ids else "north"
    foreign = caller.foreign
    own = world.things[str(home)] | {"verb": verb or "claim", "token": world.tokens.get(caller.short, world.tokens["nia"])}
    own |= {"draft": world.drafts.get(caller.short, world.drafts["nor"])}
    named = named_by(wall)
    if not named:
        return {"-": own}
    found = {"own": own}
    if foreign and named - SHARED:
        whose = "zoe" if foreign == "south" else "nor"
        found["foreign"] = world.things[foreign] | {"verb": own["verb"], "token": world.tokens[whose]}
    if caller.short == "nia" and "case" in named:
        found["hidden"] = own | {"case": own["restricted"]}
    if named - {"verb"}:
        found["unknown"] = world.things["unknown"] | {"verb": own["verb"]}
    return found


def expected(wall: Wall, caller: Caller, which: str) -> str | int:
    """What a cell declares: `may`, or the status of a refusal."""
    is_api = wall.anonymous == 401
    if caller.role is None or (caller.role == KEY and not is_api):
        return wall.anonymous
    if which in ("foreign", "hidden", "unknown"):
        return 404
    if caller.role in wall.may | wall.asked:
        return MAY
    return 403 if caller.role in wall.refused else 404


class Logs(logging.Handler):
    """What the process writes down meanwhile, as it stands in the log."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(JsonLines())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def logs() -> Any:
    handler, root = Logs(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def read() -> Any:
    """The inputs that the operation reads."""
    with inputs_read() as names:
        yield names


@pytest.mark.parametrize(("wall", "verb"), ROWS, ids=[f"{wall} {verb}".strip() for wall, verb in ROWS])
def test_the_row_of_the_matrix(
    wall: Wall,
    verb: str,
    world: World,
    ids: dict[bytes, str],
    before: dict[Any, dict[str, str]],
    logs: Logs,
    record_property: Callable[[str, Any], None],
    savepoint: Callable[[], Any],
    read: set[str],
) -> None:
    wrong: list[str] = []
    shown: set[str] = set()
    row: dict[str, str] = {}
    changing: list[tuple[Caller, str, dict[str, Any]]] = []

    def sent(things: dict[str, Any]) -> list[Any]:
        return [things[name] for name in named_by(wall)]

    def ask(caller: Caller, which: str, things: dict[str, Any]) -> Answer:
        seen = {"If_Match": str(things["version"])} if verb else {}
        answer = send(caller, world, wall.method, path_of(wall, things), filled(wall.post, things), seen)
        wants = expected(wall, caller, which)
        fits = answer.status not in (401, 403, 404) and answer.status < 500 if wants == MAY else answer.status == wants
        if not fits:
            wrong.append(f"{caller.label}, {which}: {wants} is declared, and {answer.status} came")
        said = answer.said if wants == MAY else answer.neutral(sent(things))
        wrong.extend(f"{caller.label}, {which}: reads {leak}" for leak in leaks(said, caller, ids))
        if wants == MAY:
            shown.update(kind for _, kind in words_in(answer.said))
        return answer

    for caller in CALLERS:
        asked = objects(wall, caller, world, verb)
        row[caller.label] = "".join(MARKS[expected(wall, caller, which)] for which in asked)
        nothing: dict[str, bytes] = {}
        for which, things in asked.items():
            if expected(wall, caller, which) == MAY and wall.method == "POST":
                changing.append((caller, which, things))
                continue
            answer = ask(caller, which, things)
            if answer.status == 404:
                nothing[which] = answer.neutral(sent(things))
        if len(set(nothing.values())) > 1:
            apart = differing(*sorted(set(nothing.values()))[:2])
            wrong.append(f"{caller.label}: {' and '.join(nothing)} are different answers, so one can be told from the other: {apart}")
    if fingerprint() != before[None]:
        moved = [table for table, rows in fingerprint().items() if rows != before[None][table]]
        wrong.append(f"something moved though everyone was refused or only read: {moved}")
    for caller, which, things in changing:
        with savepoint():
            ask(caller, which, things)
            if caller.foreign and fingerprint(world.agency_ids[caller.foreign]) != before[caller.foreign]:
                wrong.append(f"{caller.label} moved something of the {caller.foreign}")
    wrong += [f"the log says {word}: {line[:200]}" for line in logs.lines for word in words_in(line.encode())]
    wrong += [f"a mail was sent: {one.subject}" for one in mail.outbox]
    wrong += unplaced(wall, read)
    operation = f"{wall.method} {wall.name} {verb}".strip()
    record_property("matrix", {"operation": operation, "row": row})
    assert not wrong, f"{operation}: " + "; ".join(wrong)
    declared = set(SHOWS.get(operation, "").split())
    assert shown == declared, (
        f"{operation} shows its own agency the words {sorted(shown)}, declared {sorted(declared)}: say in tests/walls/inputs.py (SHOWS) "
        "what it is meant to show. What is declared and not found: this test no longer sees what it guards."
    )


def unplaced(wall: Wall, read: set[str]) -> list[str]:
    """Inputs that the operation reads and that nobody declared, or that can name a thing and have no place."""
    names = [name for name in read if not name.startswith("map_")]
    wrong = [f"it reads `{name}`: say in tests/walls/inputs.py what that can name" for name in names if name not in NAMING | PLAIN.keys()]
    operation = f"{wall.method} {wall.name}"
    placed = {place.what for place in PLACES if place.operation == operation}
    placed |= {name for name in NAMING if f"'{name}'" in str(wall.post) or f"{name}=" in wall.query}
    if wall.may | wall.asked <= {ADMIN, AUDITOR}:  # who read every agency
        return wrong
    return wrong + [f"it reads `{name}`: give it a place in tests/walls/inputs.py" for name in names if name in NAMING - placed]


def test_the_pages_of_sign_in_know_no_agency(world: World, ids: dict[bytes, str], before: dict[Any, dict[str, str]]) -> None:
    """allauth's pages stand in the lobby: whoever asks, they answer, and of no agency but the reader's own name."""
    wrong = []
    given: dict[str, list[Any]] = {
        "account_confirm_email": ["x:y"],
        "account_reset_password_from_key": ["1", "2-3"],
        "mfa_remove_webauthn": [1],
        "mfa_edit_webauthn": [1],
    }
    for name in SIGN_IN:
        path = reverse(name, args=given.get(name, []))
        for caller in (one for one in CALLERS if one.label in ("anonymous", "analyst", "liaison")):
            for method in ("GET", "POST"):
                answer = send(caller, world, method, path)
                if answer.status >= 500:
                    wrong.append(f"{method} {path}, {caller.label}: {answer.status}")
                wrong += [f"{method} {path}, {caller.label}: reads {leak}" for leak in leaks(answer.said, caller, ids)]
    people = {table: rows for table, rows in fingerprint().items() if table != "tenants_person"}
    assert people == {table: before[None][table] for table in people}
    assert not wrong, "; ".join(wrong)


@pytest.mark.parametrize(
    "said",
    [
        b"<p>Malware zqsouthshown</p>",
        b"X-Host: ZQSOUTHRAW",
        *(base64.b64encode(b"\0" * before + b'{"nothing": "known zqsouthraw"}') for before in range(3)),
        b"see SOUTH-2026-000001",
        b"restricted south-2026-r00001",
        b"the Office of Southern Tides",
        b"sol@watchfloor.example",
        b"/runs/00000000-0000-4000-8000-000000000007/",
    ],
)
def test_the_reader_of_answers_sees_a_leak_in_every_spelling(said: bytes) -> None:
    ids = {b"00000000-0000-4000-8000-000000000007": "south"}
    by = {caller.label: caller for caller in CALLERS}
    assert all(leaks(said, by[label], ids) for label in ("anonymous", "analyst", "watch lead", "liaison", "sensor key", "expired token"))
    assert not leaks(said, by["auditor"], ids)
    assert leaks(b"zqnorthinside", by["liaison"], ids), "what nobody released is no liaison's, in their own agency too"


@pytest.mark.parametrize("path", ["/api/v1/nowhere", "/api/v1/cases/NOPE-1/nothing-like-it/deeper"])
def test_an_unknown_address_of_the_api_is_a_problem_too(path: str, world: World) -> None:
    answer = send(CALLERS[2], world, "GET", path)
    assert (answer.status, answer.media) == (404, "application/problem+json")
