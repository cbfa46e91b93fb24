"""Writing a fact down once, with one delivery for each subscriber, in the caller's transaction."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

import orjson
from django.db import connection, transaction

from tenants.actors import Actor
from tenants.journal import doorbell
from tenants.journal.subscribing import kind_of, subscribers_of
from tenants.models import Entry

APPEND = """
WITH fact AS (
  INSERT INTO tenants_entry (agency_id, kind, subject, data, at, actor, actor_label)
  VALUES (%s, %s, %s, %s::jsonb, %s, %s, %s) RETURNING id, agency_id, subject)
, deliveries AS (
  INSERT INTO tenants_delivery (agency_id, entry_id, subscriber, subject, state, attempts, due_at, error)
  SELECT fact.agency_id, fact.id, subscriber, fact.subject, 'open', 0, now(), '' FROM fact, unnest(%s::text[]) AS subscriber)
SELECT id FROM fact
"""


class OutsideTransaction(RuntimeError):
    """A fact must be written with what it speaks of, or not at all."""


def record(event: Any, *, agency_id: int | None, subject: str, by: Actor, at: datetime | None = None) -> Entry:
    """Append `event` (a frozen dataclass of an app's events) and a delivery per subscriber; ring the doorbell at commit.

    `subject` ("case:42") orders deliveries: lock the subject's row before recording. `at` is the server's time of
    the act (default: the actor's clock). Raises OutsideTransaction. One statement.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction(f"record({type(event).__name__}) outside a transaction")
    kind = kind_of(type(event))
    when = at or by.now()
    data = orjson.dumps(asdict(event), option=orjson.OPT_SERIALIZE_UUID | orjson.OPT_NON_STR_KEYS).decode()
    names = [s.name for s in subscribers_of(kind)]
    with connection.cursor() as cursor:
        cursor.execute(APPEND, [agency_id, kind, subject, data, when, by.name, by.label, names])
        (position,) = cursor.fetchone()
    if names:
        transaction.on_commit(lambda: doorbell.ring("deliveries", agency_id))
    return Entry(id=position, agency_id=agency_id, kind=kind, subject=subject, at=when, actor=by.name, actor_label=by.label)
