"""The fixed characters of every test: two agencies, the people of the floor and of each agency, keys, a stranger."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from tenants.actors import Actor, system
from tenants.gates.identifying import actor_of
from tenants.gates.opening import opened
from tenants.isolation import scope
from tenants.journal import sweeping
from tenants.models import Agency, Person
from tenants.operations.agencies import move_agency, register_agency
from tenants.operations.keys import create_sensor_key, create_token
from tenants.operations.people import add_person, grant

PASSWORD = "a long enough password"


@dataclass(frozen=True)
class Cast:
    """Who is on stage. Actors act in operations; people sign in; keys and tokens call the API."""

    north: Agency
    south: Agency
    ana: Actor  # analyst, every agency
    zoe: Actor  # analyst, south only
    lee: Actor  # watch lead
    ada: Actor  # admin
    aud: Actor  # auditor
    nia: Actor  # liaison of north
    sol: Actor  # liaison of south
    people: dict[str, Person]
    tokens: dict[str, str]
    north_key: str
    south_key: str
    north_sensor: Actor
    south_sensor: Actor


PEOPLE = {
    "ana": ("Ana Diaz", [("analyst", None)]),
    "zoe": ("Zoe Lind", [("analyst", "south")]),
    "lee": ("Lee Okafor", [("watch_lead", None)]),
    "ada": ("Ada Brook", [("admin", None)]),
    "aud": ("Aud Berg", [("auditor", None)]),
    "nia": ("Nia Park", [("liaison", "north")]),
    "sol": ("Sol Reyes", [("liaison", "south")]),
    "stranger": ("Stan Stranger", []),
}


def set_the_stage() -> Cast:
    """Make the cast through operations."""
    made = system("cast")
    with scope.floor(None, actor="system:cast"):
        agencies = {}
        for slug, name, acronym in (("north", "Bureau of Northern Lights", "NORTH"), ("south", "Office of Southern Tides", "SOUTH")):
            register_agency(slug=slug, name=name, acronym=acronym, by=made, invented=True)
            move_agency(slug=slug, state="onboarding", version=1, by=made)
            agencies[slug] = move_agency(slug=slug, state="live", version=2, by=made)
        people, tokens = {}, {}
        for short, (name, roles) in PEOPLE.items():
            person = add_person(email=f"{short}@watchfloor.example", name=name, password=PASSWORD, by=made)
            for role, agency in roles:
                grant(person=person.public_id, role=role, agency=agency, by=made)
            people[short] = person
            tokens[short] = create_token(email=person.email, by=made)[1]
        north_sensor, north_key, _ = create_sensor_key(agency="north", name="edr", by=made)
        south_sensor, south_key, _ = create_sensor_key(agency="south", name="edr", by=made)
    with scope.lobby():
        actors = {short: actor_of(person) for short, person in people.items() if short != "stranger"}

    def sensor(key: Any) -> Actor:
        return Actor(kind="sensor", name=f"key:{key.pk}", label=key.name, role="sensor", key_id=key.pk, agency_id=key.agency_id)

    return Cast(
        north=agencies["north"],
        south=agencies["south"],
        people=people,
        tokens=tokens,
        north_key=north_key,
        south_key=south_key,
        north_sensor=sensor(north_sensor),
        south_sensor=sensor(south_sensor),
        **actors,  # type: ignore[arg-type]
    )


class StageClock:
    """A clock that a test sets and winds."""

    def __init__(self) -> None:
        self.time = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.time

    def wind(self, **by: float) -> datetime:
        """Move on by a timedelta's arguments."""
        self.time += timedelta(**by)
        return self.time


@pytest.fixture
def cast(db: Any) -> Cast:
    """The cast, in the test's own transaction. A test of committed rows marks itself django_db(transaction=True)."""
    return set_the_stage()


@pytest.fixture
def clock() -> StageClock:
    """A clock to give to actors: `cast.ana.at(clock)`."""
    return StageClock()


@pytest.fixture
def in_scope() -> Callable[[Actor], AbstractContextManager[Any]]:
    """`with in_scope(cast.ana): ...`: the actor's own scope, as a gate opens it."""
    return opened


@pytest.fixture
def central() -> Callable[[], AbstractContextManager[Any]]:
    """`with central(): ...`: every agency, to look at what is stored."""

    @contextmanager
    def look() -> Iterator[Any]:
        with scope.floor(None, actor="test") as found:
            yield found

    return look


@pytest.fixture
def client_of(cast: Cast) -> Callable[[str], Client]:
    """`client_of("ana")`: a signed-in browser (without its forms' CSRF check)."""

    def sign_in(short: str) -> Client:
        client = Client()
        with scope.lobby():
            client.force_login(cast.people[short])
        return client

    return sign_in


class ApiClient(Client):
    """A program with a bearer; sends and reads JSON."""

    def __init__(self, bearer: str) -> None:
        super().__init__(headers={"Authorization": f"Bearer {bearer}"})

    def send(self, path: str, data: Any = None, *, version: int | str | None = None, key: str = "", **extra: Any) -> Any:
        """POST JSON, with If-Match and Idempotency-Key where given."""
        headers = {"If-Match": str(version)} if version is not None else {}
        if key:
            headers["Idempotency-Key"] = key
        return self.post(path, data={} if data is None else data, content_type="application/json", headers=headers, **extra)


@pytest.fixture
def api_of(cast: Cast) -> Callable[[str], ApiClient]:
    """`api_of("ana")` by token, `api_of("north_key")` by sensor key."""

    def caller(short: str) -> ApiClient:
        return ApiClient(getattr(cast, short) if short.endswith("_key") else cast.tokens[short])

    return caller


@pytest.fixture
def deliver_all() -> Callable[[], int]:
    """Do all work that rows hold, as workers do, until nothing is left."""

    def work() -> int:
        return sweeping.sweep(rounds=200)

    return work


def narrowed(actor: Actor, *agencies: Agency) -> Actor:
    """The same floor member, assigned to these agencies only."""
    return replace(actor, agencies=frozenset(a.pk for a in agencies))
