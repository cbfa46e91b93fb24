"""Sensor keys and API tokens: made, shown once, rotated, revoked at once."""

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction

from tenants.actors import Actor
from tenants.credentials import KEY_PREFIX, TOKEN_PREFIX
from tenants.errors import Invalid, NotAllowed, Unknown, require
from tenants.events import KeyMade, KeyRevoked
from tenants.journal.recording import record
from tenants.models import ApiToken, Person, SensorKey
from tenants.operations.agencies import locked_agency
from tenants.policies import may_handle_keys

TWO_LIVE = 2


def new_secret(kind: str) -> tuple[str, str, bytes]:
    """A secret, its public prefix and its SHA-256: `wfk_<prefix>_<secret>`."""
    prefix = secrets.token_hex(6)
    whole = f"{kind}_{prefix}_{secrets.token_urlsafe(32)}"
    return whole, prefix, hashlib.sha256(whole.encode()).digest()


def create_sensor_key(*, agency: str, name: str, by: Actor, days: int = 365) -> tuple[SensorKey, str, list[SensorKey]]:
    """Make a key that may post alerts of one agency. Returns the key, its secret (shown once) and the keys that it retired.

    Two live keys per (agency, name); a third retires the oldest. Raises Unknown, NotAllowed, Invalid (name, days).
    """
    with transaction.atomic():
        one = locked_agency(agency)
        require(may_handle_keys(by), NotAllowed())
        require(
            bool(name.strip()) and len(name) <= 80,
            Invalid("The name is missing or too long.", field="name", cure="Use 1 to 80 characters."),
        )
        require(1 <= days <= 3650, Invalid("The lifetime is out of range.", field="days", cure="Use 1 to 3650 days."))
        now = by.now()
        live = list(SensorKey.objects.filter(agency=one, name=name, revoked_at=None, expires_at__gt=now).order_by("created_at", "id"))
        retired = live[: max(0, len(live) - TWO_LIVE + 1)]
        SensorKey.objects.filter(pk__in=[k.pk for k in retired]).update(revoked_at=now)
        secret, prefix, digest = new_secret(KEY_PREFIX)
        key = SensorKey.objects.create(
            agency=one,
            name=name,
            prefix=prefix,
            digest=digest,
            scopes=["alerts:post"],
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
        record(KeyMade(prefix=prefix, name=name), agency_id=one.pk, subject=f"agency:{one.pk}", by=by)
    return key, secret, retired


def revoke_sensor_key(*, prefix: str, by: Actor) -> SensorKey:
    """End a key; it acts on the next request. Raises Unknown, NotAllowed."""
    with transaction.atomic():
        key = SensorKey.objects.select_for_update(of=("self",)).select_related("agency").filter(prefix=prefix, revoked_at=None).first()
        if key is None:
            raise Unknown()
        require(may_handle_keys(by), NotAllowed())
        key.revoked_at = by.now()
        key.save(update_fields=["revoked_at"])
        record(KeyRevoked(prefix=key.prefix, name=key.name), agency_id=key.agency_id, subject=f"agency:{key.agency_id}", by=by)
    return key


def create_token(*, email: str, by: Actor, days: int = 30, name: str = "token") -> tuple[ApiToken, str, list[ApiToken]]:
    """Make a token with exactly that person's rights: by an admin, or by the person. Two live ones; a third retires the oldest.

    Raises Unknown, NotAllowed, Invalid (days).
    """
    with transaction.atomic():
        person = Person.objects.select_for_update(no_key=True).filter(email=email.strip().lower(), is_active=True).first()
        if person is None:
            raise Unknown("There is no active person with this address.", field="email")
        require(may_handle_keys(by) or by.person_id == person.pk, NotAllowed())
        require(1 <= days <= 365, Invalid("The lifetime is out of range.", field="days", cure="Use 1 to 365 days."))
        now = by.now()
        live = list(ApiToken.objects.filter(person=person, revoked_at=None, expires_at__gt=now).order_by("created_at", "id"))
        retired = live[: max(0, len(live) - TWO_LIVE + 1)]
        ApiToken.objects.filter(pk__in=[t.pk for t in retired]).update(revoked_at=now)
        secret, prefix, digest = new_secret(TOKEN_PREFIX)
        token = ApiToken.objects.create(
            person=person, name=name[:80], prefix=prefix, digest=digest, created_at=now, expires_at=now + timedelta(days=days)
        )
    return token, secret, retired


def revoke_token(*, prefix: str, by: Actor) -> ApiToken:
    """End a token, one's own or as an admin. Raises Unknown."""
    with transaction.atomic():
        token = ApiToken.objects.select_for_update(of=("self",)).select_related("person").filter(prefix=prefix, revoked_at=None).first()
        if token is None or not (may_handle_keys(by) or token.person_id == by.person_id):
            raise Unknown()
        token.revoked_at = by.now()
        token.save(update_fields=["revoked_at"])
    return token
