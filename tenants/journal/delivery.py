"""Bringing facts to their subscribers: claimed with SKIP LOCKED, effect and "done" in one transaction, in order per subject."""

import json
import logging
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

from django.db import connection

from tenants.actors import server_time
from tenants.isolation import scope
from tenants.isolation.outages import is_outage
from tenants.journal.subscribing import as_event, subscription
from tenants.journal.sweeping import Chore, register
from tenants.models import Entry
from tenants.states import DeliveryState

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 8
BACKOFF_SECONDS = (1, 2, 5, 15, 60, 300, 900, 3600)

# An earlier delivery of the same subscriber and subject that is open or parked holds the later ones back.
CLAIM = """
WITH due AS (
  SELECT d.id, d.entry_id, d.subscriber, d.attempts FROM tenants_delivery d
  WHERE d.agency_id IS NOT DISTINCT FROM %s AND d.state = 'open' AND d.due_at <= %s AND NOT EXISTS (
    SELECT 1 FROM tenants_delivery e WHERE e.agency_id IS NOT DISTINCT FROM d.agency_id AND e.subscriber = d.subscriber
    AND e.subject = d.subject AND e.state IN ('open', 'parked') AND e.id < d.id)
  ORDER BY d.id LIMIT %s FOR UPDATE OF d SKIP LOCKED
)
SELECT due.id, due.subscriber, due.attempts, n.id, n.agency_id, n.kind, n.subject, n.data, n.at, n.actor, n.actor_label
FROM due JOIN tenants_entry n ON n.id = due.entry_id ORDER BY due.id
"""
DONE = """
UPDATE tenants_delivery SET state = 'done', done_at = now(), attempts = attempts + 1, error = ''
WHERE agency_id IS NOT DISTINCT FROM %s AND id = ANY(%s)
"""
FIELDS = ["id", "agency_id", "kind", "subject", "data", "at", "actor", "actor_label"]
# Deliveries that share a transaction. Opening, claiming and committing cost several times what most reactions do.
MOST_TOGETHER = 20


class _Failed(Exception):
    """Carries a reaction's failure out of its transaction."""

    def __init__(self, delivery_id: int, attempts: int, error: str) -> None:
        super().__init__(error)
        self.delivery_id, self.attempts, self.error = delivery_id, attempts, error


def scope_for(agency_id: int | None) -> AbstractContextManager[Any]:
    """The scope in which a fact's reactions work: the agency's own, or central for facts of the programme."""
    if agency_id is None:
        return scope.floor(None, actor="system:delivery")
    return scope.agency(agency_id, actor="system:delivery")


def deliver_one(agency_id: int | None) -> bool:
    """Claim and do one delivery of the agency. False when there is nothing to do.

    Never raises for a failing reaction, only what the database's driver raises when the connection is lost.
    """
    try:
        return _deliver(agency_id, 1) == 1
    except _Failed as failed:
        _remember_failure(agency_id, failed)
        return True


def deliver_some(agency_id: int | None, most: int = 25) -> int:
    """Up to `most` deliveries of one agency, so that no agency keeps a worker from the others.

    Those that go well share transactions; where one fails, nothing of its transaction is kept and each is done by itself.
    """
    done = 0
    while done < most:
        wanted = min(MOST_TOGETHER, most - done)
        try:
            found = _deliver(agency_id, wanted)
        except _Failed:
            found = sum(1 for _ in range(wanted) if deliver_one(agency_id))
        if not found:
            break
        done += found
    return done


def _deliver(agency_id: int | None, most: int) -> int:
    """Claim deliveries and do them, all in one transaction. Returns how many. Raises _Failed, having done none."""
    with scope_for(agency_id):
        with connection.cursor() as cursor:
            cursor.execute(CLAIM, [agency_id, server_time(), most])
            rows = cursor.fetchall()
        if not rows:
            return 0
        for delivery_id, name, attempts, *values in rows:
            values[FIELDS.index("data")] = json.loads(values[FIELDS.index("data")])
            _react(delivery_id, name, attempts, Entry.from_db("default", FIELDS, values))
        with connection.cursor() as cursor:
            cursor.execute(DONE, [agency_id, [row[0] for row in rows]])
        return len(rows)


def _react(delivery_id: int, name: str, attempts: int, entry: Entry) -> None:
    wanted = subscription(name)
    try:
        if wanted is None:
            raise LookupError(f"nothing subscribes as {name} any more")
        wanted.react(as_event(entry.kind, entry.data), entry)
    except Exception as error:
        if is_outage(error) or connection.connection is None or connection.connection.closed:
            raise  # the database went away: that is no failure of the reaction, and the row is as it was
        logger.exception("a reaction failed", extra={"subscriber": name, "entry": entry.pk})
        raise _Failed(delivery_id, attempts, f"{type(error).__name__}: {error}") from error


def _remember_failure(agency_id: int | None, failed: _Failed) -> None:
    attempts = failed.attempts + 1
    state = DeliveryState.PARKED if attempts >= MOST_ATTEMPTS else DeliveryState.OPEN
    due = server_time() + timedelta(seconds=BACKOFF_SECONDS[min(attempts, len(BACKOFF_SECONDS)) - 1])
    with scope_for(agency_id), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tenants_delivery SET state = %s, attempts = %s, due_at = %s, error = %s WHERE id = %s AND state = 'open'",
            [state, attempts, due, failed.error[:2000].replace("\x00", "\ufffd"), failed.delivery_id],
        )


def agencies_with(function: str) -> list[int | None]:
    """The agencies that have due rows of a kind, longest waiting first: one SECURITY DEFINER function answers from the lobby."""
    with scope.lobby("system:sweep"), connection.cursor() as cursor:
        cursor.execute(f"SELECT agency_id FROM {connection.ops.quote_name(function)}()")  # noqa: S608 a name of ours, quoted
        return [row[0] for row in cursor.fetchall()]


register(Chore("deliveries", lambda: agencies_with("agencies_with_deliveries"), deliver_some))
