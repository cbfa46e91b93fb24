"""Remembering answers under an idempotency key, in the transaction of the effect itself."""

from typing import Any

import orjson
from django.db import connection

from tenants.actors import Actor
from tenants.errors import Conflict, require
from tenants.models import RememberedAnswer


def begin_answer(*, key: str, route: str, fingerprint: bytes, by: Actor) -> RememberedAnswer | None:
    """Take the key for this call, or return the answer that was given before.

    A parallel call with the same key waits here for the first to end. Raises Conflict (409,
    `idempotency_conflict`) when the key was used with another body or route.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tenants_rememberedanswer (agency_id, caller, key, route, fingerprint, status, body, at) "
            "VALUES (%s, %s, %s, %s, %s, 0, NULL, %s) ON CONFLICT (caller, key) DO NOTHING RETURNING id",
            [by.agency_id, by.name, key, route, fingerprint, by.now()],
        )
        if cursor.fetchone() is not None:
            return None
    known: RememberedAnswer = RememberedAnswer.objects.get(caller=by.name, key=key)
    clash = Conflict(
        "This idempotency key was used with another request.", field="Idempotency-Key", cure="Use a new key for a new request."
    )
    clash.code = "idempotency_conflict"
    require(bytes(known.fingerprint) == fingerprint and known.route == route, clash)
    return known


def keep_answer(*, key: str, status: int, body: Any, by: Actor) -> None:
    """Store what the first call was answered."""
    RememberedAnswer.objects.filter(caller=by.name, key=key).update(status=status, body=orjson.loads(orjson.dumps(body, default=str)))
