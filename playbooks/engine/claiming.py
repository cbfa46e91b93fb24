"""Taking a run for a while: a lease that ends by itself, and a fence that shuts out whoever held it before."""

import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import orjson
from django.db import connection
from psycopg import Cursor

from playbooks.definition.graph import Graph
from playbooks.engine.hand import Claim, FencedOff, Hand, Known, revived
from playbooks.engine.turns import Waiting
from playbooks.models import Approval, Frame, Run, StepAttempt
from playbooks.queries.books import graph_at
from playbooks.states import Lane
from tenants.actors import playbook_run
from tenants.isolation import scope
from tenants.isolation.once import Rows, Statement, once
from tenants.isolation.scope import TENANT, Scope, current

# Longer than asking and calling may take together (twice connectors.speaking.DEADLINE_SECONDS), and short enough that a killed
# worker's run goes on soon.
LEASE_SECONDS = 30

LAPSED = """(SELECT id FROM playbooks_run WHERE agency_id = %(agency)s AND state = 'running' AND lease_until < statement_timestamp()
      ORDER BY lease_until, id LIMIT 1 FOR UPDATE SKIP LOCKED)"""
READY = """(SELECT id FROM playbooks_run WHERE agency_id = %(agency)s AND state = 'ready' AND lane = {lane} AND wake_at <= %(now)s
      ORDER BY wake_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)"""
# Each is looked for only when the one before it finds nothing, by one probe of an index.
CLAIM = f"""
WITH taken AS (
  UPDATE playbooks_run SET state = 'running', waits_for = '', fence = fence + 1, lease_owner = %(owner)s,
    lease_until = statement_timestamp() + make_interval(secs => %(lease)s)
  WHERE agency_id = %(agency)s AND id = COALESCE(
    {LAPSED},
    {READY.format(lane="%(first)s")},
    {READY.format(lane="%(then)s")}){{room}}
  RETURNING id)
SELECT set_config('app.taken', COALESCE((SELECT id::text FROM taken), ''), true)
"""  # noqa: S608 (our own text)
# Claims of an agency with a bound come one after the other, and each sees what the one before it took.
BOUND = "SELECT 1 FROM playbooks_share WHERE agency_id = %(agency)s FOR UPDATE"
ROOM = """
    AND (SELECT count(*) FROM playbooks_run WHERE agency_id = %(agency)s AND state = 'running' AND lease_until >= statement_timestamp())
      < %(most)s"""
AGAIN = """
WITH taken AS (
  UPDATE playbooks_run SET lease_until = statement_timestamp() + make_interval(secs => %s)
  WHERE agency_id = %s AND id = %s AND fence = %s AND state = 'running' RETURNING id)
SELECT set_config('app.taken', COALESCE((SELECT id::text FROM taken), ''), true)
"""
# A statement of its own, in the same round trip: it sees what was committed while the one before waited for the row.
RUN_FIELDS = [one.attname for one in Run._meta.concrete_fields]
LOAD = f"""
SELECT {", ".join(f"r.{one}" for one in RUN_FIELDS)}, r.xmin::text, b.name, b.slug, blocks.open, COALESCE(asks.require, 'none'),
  CASE WHEN asks.require <> 'none' THEN (SELECT jsonb_agg(to_jsonb(s) ORDER BY s.id) FROM playbooks_signer s) END
FROM playbooks_run r JOIN playbooks_book b ON b.id = r.book_id
LEFT JOIN playbooks_signaturepolicy asks ON asks.agency_id = r.agency_id
CROSS JOIN LATERAL (
  SELECT jsonb_agg(jsonb_build_object('frame', to_jsonb(f), 'attempt', to_jsonb(tried), 'approval', asked.row, 'withdrawn', asked.withdrawn,
    'timers', clocks.set, 'child', child.row) ORDER BY f.id) AS open
  FROM playbooks_frame f
  LEFT JOIN LATERAL (
    SELECT a.* FROM playbooks_stepattempt a WHERE a.agency_id = f.agency_id AND a.run_id = f.run_id AND a.frame_id = f.id
      AND a.step_id = f.cursor AND a.iteration = COALESCE((f.visits ->> f.cursor)::int, 1)
    ORDER BY a.id DESC LIMIT 1) tried ON true
  LEFT JOIN LATERAL (
    SELECT to_jsonb(p) AS row, c.withdrawn_at IS NOT NULL AS withdrawn FROM playbooks_approval p
    LEFT JOIN playbooks_standingconsent c ON c.agency_id = p.agency_id AND c.id = p.consent_id
    WHERE p.agency_id = f.agency_id AND p.subject = r.subject AND p.run_id = f.run_id AND p.frame_id = f.id
      AND p.step_id = f.cursor AND p.iteration = tried.iteration
    ORDER BY p.id DESC LIMIT 1) asked ON true
  LEFT JOIN LATERAL (
    SELECT jsonb_object_agg(t.purpose, t.fired_at IS NOT NULL) AS set FROM playbooks_timer t
    WHERE t.agency_id = f.agency_id AND t.run_id = f.run_id AND t.frame_id = f.id) clocks ON true
  LEFT JOIN LATERAL (
    SELECT jsonb_build_object('state', o.state, 'detail', o.detail, 'variables', o.variables) AS row FROM playbooks_run o
    WHERE tried.kind = 'book' AND o.agency_id = f.agency_id AND o.parent_attempt_id = tried.id) child ON true
  WHERE f.agency_id = r.agency_id AND f.run_id = r.id AND f.ended_at IS NULL) blocks
WHERE r.agency_id = %s AND r.id = (SELECT NULLIF(current_setting('app.taken', true), '')::bigint)
"""  # noqa: S608 (our own names)


def worker_name() -> str:
    """This thread of this process of this machine."""
    return f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"[:120]


def executed(agency_id: int, actor: str, *statements: Statement) -> Rows:
    """Rows of the last statement: in the transaction that is open, else in one of their own, in one round trip."""
    if current.get() is None:
        return once(Scope(TENANT, agency=agency_id, actor=actor), *statements, implied=True)
    with connection.wrap_database_errors:
        cursor = Cursor(connection.connection)
        for one in statements:
            cursor.execute(*one)
        return cursor.fetchall() if cursor.description else []


def claim(agency_id: int, *, clock: Callable[[], datetime], first: Lane = Lane.EMERGENCY, most_at_once: int | None = None) -> Hand | None:
    """Take a run of the agency and read it: one whose lease ran out, else the one that waits longest in the lane `first`, else in the
    other. None when nothing waits, or when workers hold `most_at_once` of its runs. One round trip.
    """
    then = Lane.NORMAL if first == Lane.EMERGENCY else Lane.EMERGENCY
    values = {"owner": worker_name(), "lease": LEASE_SECONDS, "agency": agency_id, "now": clock(), "first": first, "then": then}
    if most_at_once is None:
        return _read(agency_id, "system:playbooks", [(CLAIM.format(room=""), values)], clock)
    bounded = [(BOUND, values), (CLAIM.format(room=ROOM), {**values, "most": most_at_once})]
    return _read(agency_id, "system:playbooks", bounded, clock)


def again(claim: Claim, *, clock: Callable[[], datetime]) -> Hand:
    """The claimed run as it stands now, its lease begun anew. Raises FencedOff. One round trip."""
    wanted = (AGAIN, [LEASE_SECONDS, claim.agency_id, claim.run_id, claim.fence])
    hand = _read(claim.agency_id, claim.actor, [wanted], clock)
    if hand is None:
        raise FencedOff
    return hand


def agencies_waiting() -> list[Waiting]:
    """Every agency with runs to work now. From the lobby; one query."""
    with scope.lobby("system:sweep"), connection.cursor() as cursor:
        cursor.execute("SELECT agency_id, weight, most_at_once, urgent, normal FROM turns_of_runs()")
        return [Waiting(*row) for row in cursor.fetchall()]


def graph_in(hand: Hand) -> Graph:
    """The graph of the version that the run began with. Raises ContentChanged. No query once this process knows it."""
    return graph_at(hand.run.version_hash, lambda: content_of(hand))


def content_of(hand: Hand) -> str:
    """The content of the version that the run began with, in canonical form. One query."""
    taken = hand.claim
    wanted = ("SELECT canonical FROM playbooks_version WHERE id = %s", [hand.run.version_id])
    return str(executed(taken.agency_id, taken.actor, wanted)[0][0])


def _read(agency_id: int, actor: str, taking: Sequence[Statement], clock: Callable[[], datetime]) -> Hand | None:
    sent = time.monotonic()
    rows = executed(agency_id, actor, *taking, (LOAD, [agency_id]))
    if not rows:
        return None
    values, (seen, name, slug, blocks, *standing) = rows[0][: len(RUN_FIELDS)], rows[0][len(RUN_FIELDS) :]
    run = Run.from_db("default", RUN_FIELDS, values)
    run.variables, run.policies = orjson.loads(run.variables), orjson.loads(run.policies)
    run.told = run.variables
    taken = Claim(agency_id, run.pk, run.fence, str(run.public_id))
    open_blocks = orjson.loads(blocks or "[]")
    return Hand(
        claim=taken,
        run=run,
        slug=slug,
        by=playbook_run(taken.run, label=name, agency_id=agency_id, clock=clock),
        seen=seen,
        sure_until=sent + LEASE_SECONDS,
        frames={one["frame"]["id"]: Frame(**one["frame"]) for one in open_blocks},
        known={one["frame"]["id"]: _known(one) for one in open_blocks},
        standing=(standing[0], standing[1]),
    )


def _known(block: dict[str, Any]) -> Known:
    return Known(
        attempt=revived(StepAttempt, block["attempt"]),
        approval=revived(Approval, block["approval"]),
        withdrawn=bool(block["withdrawn"]),
        timers=block["timers"] or {},
        child=block["child"] or {},
    )
