"""From a request to an actor: a session, an API token or a sensor key, looked up in the lobby."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings
from django.db.models import Q
from django.utils.dateparse import parse_datetime

from tenants.actors import Actor
from tenants.credentials import KEY_PREFIX, TOKEN_PREFIX
from tenants.isolation import scope
from tenants.models import ApiToken, Membership, Person, SensorKey
from tenants.states import Role

# A person with several roles works in the first of these.
ORDER = (Role.WATCH_LEAD, Role.ANALYST, Role.AUDITOR, Role.ADMIN, Role.LIAISON)
SEEN_EVERY = timedelta(seconds=20)
BELL_HEADER = "X-Watchfloor-Bell"


def served(role: str) -> bool:
    """Whether this deployment serves such callers: liaisons and sensors belong to the agencies' own, everyone else to the floor's."""
    return settings.DEPLOYMENT in ("both", "agencies" if role in (Role.LIAISON, "sensor") else "floor")


class Backend(AuthenticationBackend):  # type: ignore[misc]
    """Sign-in as allauth does it; who comes with a session is read with what they hold, in one query."""

    def get_user(self, user_id: Any) -> Any:
        """The person of a session; whoever holds nothing is read alone."""
        live = list(Membership.objects.filter(person_id=user_id, ended_at=None).select_related("person"))
        if not live:
            return super().get_user(user_id)
        person = live[0].person
        person.just_held = live  # type: ignore[attr-defined]
        return person if self.user_can_authenticate(person) else None


def actor_of(person: Person) -> Actor | None:
    """The actor that `person` is now, or None when they hold no live membership that this deployment serves. Call inside the lobby."""
    # What came with the person is of this very transaction and counts once: who asks again asks the database.
    live = getattr(person, "just_held", None)
    if live is None:
        live = list(Membership.objects.filter(person=person, ended_at=None))
    else:
        del person.just_held  # type: ignore[attr-defined]
    for role in ORDER:
        held = [m for m in live if m.role == role]
        if not held or not served(role):
            continue
        if role == Role.LIAISON:
            ids = sorted(m.agency_id for m in held if m.agency_id)
            one = person.active_agency_id if person.active_agency_id in ids else ids[0]
            return Actor(kind="person", name=f"person:{person.pk}", label=person.name, role=role, person_id=person.pk, agency_id=one)
        whole = any(m.agency_id is None for m in held)
        agencies = None if whole else frozenset(m.agency_id for m in held if m.agency_id)
        return Actor(kind="person", name=f"person:{person.pk}", label=person.name, role=role, person_id=person.pk, agencies=agencies)
    return None


def session_actor(request: Any) -> Actor | None:
    """The actor of the browser's session; ends sessions that are idle, too old, or revoked.

    Idle 15 minutes and 12 hours in all by default (walls.md 4); requests that the bell causes are no activity.
    """
    with scope.lobby():
        user = request.user
        if not user.is_authenticated:
            return None
        now = datetime.now(UTC)
        began = parse_datetime(request.session.get("began", "")) or now
        seen = parse_datetime(request.session.get("seen", "")) or now
        over = (
            not user.is_active
            or now - began > timedelta(seconds=settings.SESSION_ABSOLUTE_SECONDS)
            or now - seen > timedelta(seconds=settings.SESSION_IDLE_SECONDS)
            or (user.sessions_valid_from is not None and began < user.sessions_valid_from)
        )
        actor = None if over else actor_of(user)
        if actor is None:
            request.session.flush()
            return None
        if BELL_HEADER not in request.headers and ("seen" not in request.session or now - seen > SEEN_EVERY):
            request.session["seen"] = now.isoformat()
            request.session.setdefault("began", now.isoformat())
        return actor


def bearer_actor(header: str) -> Actor | None:
    """The actor behind `Authorization: Bearer ...`: a sensor key or a person's token, live ones only."""
    scheme, _, secret = header.partition(" ")
    secret = secret.strip()
    if scheme.lower() != "bearer" or secret.count("_") < 2 or "\x00" in secret:
        return None
    kind, prefix, _ = secret.split("_", 2)
    digest = hashlib.sha256(secret.encode()).digest()
    with scope.lobby():
        now = datetime.now(UTC)
        live = Q(prefix=prefix[:16], revoked_at=None, expires_at__gt=now)
        if kind == KEY_PREFIX and served("sensor"):
            key = SensorKey.objects.filter(live).first()
            if key is None or not hmac.compare_digest(bytes(key.digest), digest):
                return None
            return Actor(kind="sensor", name=f"key:{key.pk}", label=key.name, role="sensor", key_id=key.pk, agency_id=key.agency_id)
        if kind == TOKEN_PREFIX:
            token = ApiToken.objects.filter(live, person__is_active=True).select_related("person").first()
            if token is None or not hmac.compare_digest(bytes(token.digest), digest):
                return None
            return actor_of(token.person)
    return None


def request_actor(request: Any) -> Actor | None:
    """The actor of a request: the bearer when one is sent, else the session."""
    header = request.META.get("HTTP_AUTHORIZATION", "")
    if header:
        return bearer_actor(header)
    return session_actor(request)
