"""Who stands on a floor that is going to be hurt: agencies with keys, consents and products, an analyst who votes, sessions.

Runs as a command of the instance (`python -m tests.falls.stage AGENCIES PRODUCT`), so that the proof itself holds no connection.
"""

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from typing import Any

from tests.falls.instance import ROOT, Instance


@dataclass(frozen=True)
class Stage:
    """By agency: its sensor key, its number, and a session of its liaison. Of the analyst of all of them: a token and a session."""

    keys: dict[str, str]
    ids: dict[str, int]
    sessions: dict[str, str]
    analyst_token: str
    analyst_session: str


def set_the_stage(instance: Instance, agencies: int, product: str) -> Stage:
    """Make so many live agencies on the instance, each with an endpoint product at `product` and its standing consent."""
    command = [sys.executable, "-m", "tests.falls.stage", str(agencies), product]
    environment = {**instance.environment, "DJANGO_SETTINGS_MODULE": "soc.settings"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"the stage could not be set\n{done.stdout}{done.stderr}")
    return Stage(**json.loads(done.stdout.splitlines()[-1]))


def make(agencies: int, product: str) -> Stage:
    """The same in this process, which works on the instance's database."""
    from playbooks.operations.connecting import connect
    from playbooks.operations.consenting import give_consent
    from playbooks.operations.publishing import publish_library
    from tenants.actors import system
    from tenants.gates.identifying import actor_of
    from tenants.gates.opening import opened
    from tenants.isolation import scope
    from tenants.operations.agencies import move_agency, register_agency
    from tenants.operations.keys import create_sensor_key, create_token
    from tenants.operations.people import add_person, grant

    by = system("falls")
    keys: dict[str, str] = {}
    ids: dict[str, int] = {}
    liaisons: dict[str, Any] = {}
    with scope.floor(None, actor=by.name):
        analyst = add_person(email="ana@watchfloor.example", name="Ana Diaz", password=None, by=by)
        grant(person=analyst.public_id, role="analyst", agency=None, by=by)
        token = create_token(email=analyst.email, by=by)[1]
        for n in range(1, agencies + 1):
            slug = f"agency-{n}"
            made = register_agency(slug=slug, name=f"Agency {n}", acronym=f"AG{n}", by=by, invented=True)
            move_agency(slug=slug, state="onboarding", version=1, by=by)
            move_agency(slug=slug, state="live", version=2, by=by)
            ids[slug] = made.pk
            keys[slug] = create_sensor_key(agency=slug, name="edr", by=by)[1]
            person = add_person(email=f"liaison-{n}@watchfloor.example", name=f"Liaison {n}", password=None, by=by)
            grant(person=person.public_id, role="liaison", agency=slug, by=by)
            liaisons[slug] = person
        publish_library(by=by)
    place: dict[str, Any] = {"base_url": product, "allowed_hosts": ["127.0.0.1"], "named_networks": ["127.0.0.1/32"]}
    for slug, person in liaisons.items():
        with scope.agency(ids[slug], actor=by.name):
            connect(agency_id=ids[slug], kind="endpoint", name="Endpoint product", by=by, **place)
        with scope.lobby():
            liaison = actor_of(person)
        assert liaison is not None
        with opened(liaison):
            give_consent(actions=["endpoint.isolate"], note="At any hour.", by=liaison)
    sessions = {slug: session_of(person) for slug, person in liaisons.items()}
    return Stage(keys, ids, sessions, token, session_of(analyst))


def session_of(person: Any) -> str:
    """The key of a session in which the person is signed in."""
    from django.conf import settings
    from django.test import Client

    from tenants.isolation import scope

    client = Client()
    with scope.lobby():
        client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[0])
    return str(client.cookies[settings.SESSION_COOKIE_NAME].value)


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(asdict(make(int(sys.argv[1]), sys.argv[2]))))
