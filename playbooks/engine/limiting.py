"""A connector's limits: a call takes a slot of each in the statement that announces it, and without one its run is put down."""

import random
from datetime import timedelta
from typing import Any

from playbooks.engine.claiming import executed
from playbooks.engine.hand import Hand
from playbooks.models import Connector
from playbooks.states import Waits

# A second more than its name says: a request leaves a little after its slot was taken, and one more, one less.
MINUTE_SECONDS = 61.0
# Those that wait for a place come back about so often a second for each place, however many they are.
COMING_BACK = 4.0

# Locked here, and taken only by a statement that holds its run: rows of a call that is not announced stay as they were.
# A run that has a place goes on with it.
# A run that has a place goes on with it.
FREE = """free AS MATERIALIZED (SELECT
  ARRAY(SELECT s.id FROM playbooks_slot s WHERE s.agency_id = %(agency)s AND s.connector_id = %(connector)s AND s.purpose = 'at_once'
    AND (s.free_at <= statement_timestamp() OR s.held_by = %(run)s) ORDER BY s.held_by = %(run)s DESC, s.free_at
    LIMIT %(places)s FOR UPDATE SKIP LOCKED) AS places,
  ARRAY(SELECT s.id FROM playbooks_slot s WHERE s.agency_id = %(agency)s AND s.connector_id = %(connector)s AND s.purpose = 'minute'
    AND s.free_at <= statement_timestamp() ORDER BY s.free_at LIMIT %(requests)s FOR UPDATE SKIP LOCKED) AS minute)"""
IS_ROOM = "cardinality(free.places) = %(places)s AND cardinality(free.minute) = %(requests)s"
ROOM = f"""
  AND (SELECT {IS_ROOM} FROM free)"""  # noqa: S608 (our own text)
# The place of a killed worker is free when its lease is over: whatever it called has ended by then.
TAKEN = """taken AS (UPDATE playbooks_slot s SET held_by = held.run_id,
    free_at = statement_timestamp() + make_interval(secs => CASE s.purpose WHEN 'minute' THEN %(minute)s::float8 ELSE %(lease)s::float8 END)
  FROM held, free WHERE s.agency_id = held.agency_id AND s.id = ANY(free.places || free.minute))"""
FREED = """freed AS (UPDATE playbooks_slot s SET free_at = statement_timestamp()
  FROM held WHERE s.agency_id = held.agency_id AND s.connector_id = %(freed)s AND s.purpose = 'at_once' AND s.held_by = held.run_id
    AND s.free_at > statement_timestamp())"""
WHEN = """
SELECT s.purpose, extract(epoch FROM min(s.free_at) - statement_timestamp())::float8, count(*),
  (SELECT count(*) FROM playbooks_run r WHERE r.agency_id = %(agency)s AND r.state = 'ready' AND r.waits_for = 'slot'),
  (SELECT e.kind FROM playbooks_runevent e WHERE e.agency_id = %(agency)s AND e.run_id = %(run)s ORDER BY e.no DESC LIMIT 1)
FROM playbooks_slot s WHERE s.agency_id = %(agency)s AND s.connector_id = %(connector)s GROUP BY s.purpose
"""


class Full(Exception):
    """The connector's limits leave no room for the call now; nothing was written."""

    def __init__(self, connector: Connector) -> None:
        super().__init__(connector.name)
        self.connector = connector


def wanted(connector: Connector | None, *, requests: int) -> dict[str, Any]:
    """What a call of so many requests needs of the connector's limits, as values of the statement; empty when it has no limits."""
    if connector is None or (connector.most_at_once is None and connector.most_a_minute is None):
        return {}
    most = connector.most_a_minute
    return {
        "places": 0 if connector.most_at_once is None else 1,
        "requests": 0 if most is None else min(requests, most),
        "minute": MINUTE_SECONDS,
    }


def put_off(hand: Hand, connector: Connector) -> None:
    """Put the run down until there may be room at the connector, and say so once. To be written by the caller. One query."""
    claim = hand.claim
    asked = {"agency": claim.agency_id, "run": claim.run_id, "connector": connector.pk}
    rows = executed(claim.agency_id, claim.actor, (WHEN, asked))
    seconds = max((_until_room(purpose, free, number, waiting) for purpose, free, number, waiting, _ in rows), default=0.1)
    hand.let_go(waits_for=Waits.SLOT, wake_at=hand.by.now() + timedelta(seconds=seconds))
    if not rows or rows[0][4] != "held":
        hand.tell("held", f"Waits for room at {connector.name}: {_limits(connector)}")


def _until_room(purpose: str, free: float, number: int, waiting: int) -> float:
    """When to look again, in seconds: spread out by how many wait, so that those who come back find about one free slot each."""
    apart = MINUTE_SECONDS if purpose == "minute" else 2 / COMING_BACK
    first = max(0.0, free) if purpose == "minute" else min(max(0.0, free), 1 / COMING_BACK)
    return first + random.random() * apart * (waiting + 1) / number  # noqa: S311 (no secret)


def _limits(connector: Connector) -> str:
    told = [f"{connector.most_at_once} calls at once"] if connector.most_at_once is not None else []
    told += [f"{connector.most_a_minute} calls a minute"] if connector.most_a_minute is not None else []
    return f"it takes {' and '.join(told)}."
