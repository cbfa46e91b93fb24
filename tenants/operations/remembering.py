"""Remembering answers under an idempotency key, in the transaction of the effect itself."""

from dataclasses import dataclass
from typing import Any

import orjson
from django.db import connection

from tenants.actors import Actor
from tenants.errors import Conflict, require

# By caller and not by agency: what a person of the floor is answered belongs to no agency, whichever of them they are assigned to.
TAKE = """
INSERT INTO tenants_rememberedanswer (agency_id, caller, key, route, fingerprint, status, body, at)
VALUES (%s, %s, %s, %s, %s, 0, NULL, %s) ON CONFLICT (caller, key) DO NOTHING RETURNING id
"""
RECALL = "SELECT route, fingerprint, status, body::text FROM tenants_rememberedanswer WHERE caller = %s AND key = %s"
KEEP = "UPDATE tenants_rememberedanswer SET status = %s, body = %s::jsonb WHERE caller = %s AND key = %s"


@dataclass(frozen=True)
class Remembered:
    """What the first call under a key was answered."""

    status: int
    body: Any


def begin_answer(*, key: str, route: str, fingerprint: bytes, by: Actor) -> Remembered | None:
    """Take the key for this call, or return the answer that was given before.

    A parallel call with the same key waits here for the first to end. Raises Conflict (409,
    `idempotency_conflict`) when the key was used with another body or route.
    """
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [by.agency_id, by.name, key, route, fingerprint, by.now()])
        if cursor.fetchone() is not None:
            return None
        cursor.execute(RECALL, [by.name, key])
        its_route, its_fingerprint, status, body = cursor.fetchone()
    clash = Conflict(
        "This idempotency key was used with another request.", field="Idempotency-Key", cure="Use a new key for a new request."
    )
    clash.code = "idempotency_conflict"
    require(bytes(its_fingerprint) == fingerprint and its_route == route, clash)
    return Remembered(status, None if body is None else orjson.loads(body))


def keep_answer(*, key: str, status: int, body: Any, by: Actor) -> None:
    """Store what the first call was answered."""
    with connection.cursor() as cursor:
        cursor.execute(KEEP, [status, orjson.dumps(body, default=str).decode(), by.name, key])
