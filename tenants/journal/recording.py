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


def appending(facts: str) -> str:
    """The expressions `fact` and `deliveries` for a WITH of the caller's own: the one place that knows how a fact is written.

    `facts` is a SELECT of agency_id, kind, subject, data (jsonb), at, actor and actor_label. The values of `heard` go along.
    """
    return f"""
fact AS (
  INSERT INTO tenants_entry (agency_id, kind, subject, data, at, actor, actor_label)
  {facts} RETURNING id, agency_id, kind, subject),
deliveries AS (
  INSERT INTO tenants_delivery (agency_id, entry_id, subscriber, subject, state, attempts, due_at, error)
  SELECT fact.agency_id, fact.id, heard.subscriber, fact.subject, 'open', 0, now(), ''
  FROM fact JOIN unnest(%(heard_kinds)s::text[], %(heard_by)s::text[]) WITH ORDINALITY AS heard(kind, subscriber, n)
    ON heard.kind = fact.kind ORDER BY fact.id, heard.n)"""  # noqa: S608 (our own text)


def heard(*events: type) -> dict[str, list[str]]:
    """Who hears of facts of these classes, as the values of `appending`."""
    pairs = [(kind, one.name) for kind in map(kind_of, events) for one in subscribers_of(kind)]
    return {"heard_kinds": [kind for kind, _ in pairs], "heard_by": [name for _, name in pairs]}


def as_data(event: Any) -> str:
    """An event as the JSON that its entry keeps."""
    return orjson.dumps(asdict(event), option=orjson.OPT_SERIALIZE_UUID | orjson.OPT_NON_STR_KEYS).decode()


APPEND = f"""
WITH {appending("SELECT %(agency)s::bigint, %(kind)s, %(subject)s, %(data)s::jsonb, %(at)s, %(actor)s, %(actor_label)s")}
SELECT id FROM fact
"""  # noqa: S608 (constants only)


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
    given = {"agency": agency_id, "kind": kind, "subject": subject, "data": as_data(event), "at": when}
    told = heard(type(event))
    with connection.cursor() as cursor:
        cursor.execute(APPEND, {**given, **told, "actor": by.name, "actor_label": by.label})
        (position,) = cursor.fetchone()
    if told["heard_by"]:
        transaction.on_commit(lambda: doorbell.ring("deliveries", agency_id))
    return Entry(id=position, agency_id=agency_id, kind=kind, subject=subject, at=when, actor=by.name, actor_label=by.label)
