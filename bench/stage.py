"""Agencies with sensor keys for a bench, made through operations: reads {"agencies": n}, prints keys, an analyst's token and session."""

import json
import os
import sys
from typing import Any


def keys(count: int) -> list[dict[str, Any]]:
    """A new key of each of `count` agencies, which are made where they are missing."""
    from soc.clocks.operations.loading import load_facts
    from tenants.actors import system
    from tenants.isolation import scope
    from tenants.models import Agency
    from tenants.operations.agencies import move_agency, register_agency
    from tenants.operations.keys import create_sensor_key

    by, made = system("bench"), []
    with scope.floor(None, actor=by.name):
        load_facts(by=by)
        for at in range(count):
            slug = f"bench-{at}"
            if not Agency.objects.filter(slug=slug).exists():
                register_agency(slug=slug, name=f"Bench Agency {at}", acronym=f"B{at:02d}", by=by, invented=True)
                move_agency(slug=slug, state="onboarding", version=1, by=by)
                move_agency(slug=slug, state="live", version=2, by=by)
            key, secret, _ = create_sensor_key(agency=slug, name="bench", by=by)
            made.append({"slug": slug, "agency": key.agency_id, "key": secret})
    return made


def analyst() -> dict[str, str]:
    """A new token and a new session of the bench's analyst."""
    from datetime import UTC, datetime
    from importlib import import_module

    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from tenants.actors import system
    from tenants.isolation import scope
    from tenants.models import Person
    from tenants.operations.keys import create_token
    from tenants.operations.people import add_person, grant

    by, email = system("bench"), "analyst@bench.example"
    with scope.floor(None, actor=by.name):
        person = Person.objects.filter(email=email).first()
        if person is None:
            person = add_person(email=email, name="Bench Analyst", by=by)
            grant(person=person.public_id, role="analyst", agency=None, by=by)
        _, token, _ = create_token(email=email, by=by)
    now = datetime.now(UTC).isoformat()
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session.update({SESSION_KEY: str(person.pk), BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0], "began": now, "seen": now})
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    with scope.lobby():
        session.create()
    from allauth.mfa.models import Authenticator

    with scope.lobby():  # where staff must have a second factor, a page asks for one
        Authenticator.objects.get_or_create(user_id=person.pk, type=Authenticator.Type.TOTP, defaults={"data": {"secret": "bench"}})
    return {"token": token, "session": session.session_key, "cookie": settings.SESSION_COOKIE_NAME}


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "soc.settings")
    import django

    django.setup()
    asked = json.load(sys.stdin)
    print(json.dumps({"keys": keys(asked["agencies"]), **(analyst() if asked.get("analyst") else {})}))
