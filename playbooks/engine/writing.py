"""The one statement: the run under its fence, and everything that its moves write, in one round trip and one commit."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
from django.db import connection
from django.db.models import Model

from playbooks.engine.claiming import LEASE_SECONDS, executed
from playbooks.engine.hand import Hand, Moved, Unwritten
from playbooks.engine.limiting import FREE, FREED, IS_ROOM, ROOM, TAKEN, Full, wanted
from playbooks.models import Connector, Effect, Frame, RunEvent, StepAttempt, Timer, Undo
from playbooks.states import RunState
from tenants.isolation import scope
from tenants.journal.recording import appending, heard

# Nothing is written unless the run is the one that was read: same fence, same version of the row, still running.
HELD = """held AS (
  UPDATE playbooks_run r SET state = %(state)s, waits_for = %(waits_for)s, detail = %(detail)s, variables = %(variables)s::jsonb,
    lease_owner = %(lease_owner)s, wake_at = %(wake_at)s, faults = %(faults)s, last_event = %(last_event)s,
    chain = %(chain)s, ended_at = %(ended_at)s,
    lease_until = CASE WHEN %(renewed)s THEN statement_timestamp() + make_interval(secs => %(lease)s::float8) ELSE r.lease_until END
  WHERE r.agency_id = %(agency)s AND r.id = %(run)s AND r.fence = %(fence)s AND r.xmin = %(seen)s::xid AND r.state = 'running'{guard}
  RETURNING r.agency_id, r.id AS run_id, r.xmin::text AS seen)"""
HOLD = """
SELECT 1 FROM playbooks_run r WHERE r.agency_id = %s AND r.id = %s AND r.fence = %s AND r.xmin = %s::xid AND r.state = 'running' FOR UPDATE
"""
# A call stands on its connector and on the standing consent that counted for its vote.
CONNECTED = """
  AND EXISTS (SELECT 1 FROM playbooks_connector c WHERE c.agency_id = r.agency_id AND c.id = %(connector)s AND c.version = %(version)s
    AND c.enabled)"""
CONSENTED = """
  AND NOT EXISTS (SELECT 1 FROM playbooks_standingconsent s WHERE s.agency_id = r.agency_id AND s.id = %(consent)s
    AND s.withdrawn_at IS NOT NULL)"""
FACTS = """SELECT held.agency_id, n.kind, n.subject, n.data, n.at, n.actor, n.actor_label FROM held, jsonb_to_recordset(%(facts)s::jsonb)
  AS n(n int, kind text, subject text, data jsonb, at timestamptz, actor text, actor_label text) ORDER BY n.n"""
APPENDED = appending(FACTS)
KNOWN = """(SELECT e.response FROM playbooks_effect e
  WHERE e.agency_id = held.agency_id AND e.effect_key = %(effect_key)s AND e.request_hash = %(request_hash)s)"""

OWN = ("id", "agency_id", "run_id")  # filled in by the statement
MOVING = ("cursor", "visits", "arrived", "ended_at")
ENDING = ("state", "detail", "fence", "checks", "response", "assigned", "started_at", "ended_at")


@dataclass(frozen=True)
class Call:
    """A call that the write announces, and what it stands on: it is written down only where both are as they were read."""

    attempt: StepAttempt
    connector: Connector | None
    consent_id: int | None = None
    requests: int = 1  # how many it may make


@contextmanager
def transaction_of(hand: Hand) -> Iterator[None]:
    """A transaction in which the run stands still: for moves that write more than the one statement does. Raises Moved."""
    claim = hand.claim
    with scope.agency(claim.agency_id, actor=claim.actor):
        if not executed(claim.agency_id, claim.actor, (HOLD, [claim.agency_id, claim.run_id, claim.fence, hand.seen])):
            raise Moved
        yield


def write(hand: Hand, call: Call | None = None) -> dict[str, Any]:
    """Write down all that was decided, and renew the lease where that is due, or end it. Raises Moved or Full, having written nothing.

    Returns what an earlier worker was answered to the same request as that of `call`, empty when none was.
    """
    some, run, claim = hand.unwritten, hand.run, hand.claim
    hand.seal()
    sent = time.monotonic()
    # The time of the lease stands in an index: while much of it is left, a row that keeps it is cheaper to write.
    renewed = call is not None or run.state != RunState.RUNNING or hand.sure_until - sent < LEASE_SECONDS / 2
    values: dict[str, Any] = {
        "state": str(run.state),
        "waits_for": str(run.waits_for),
        "detail": run.detail,
        "variables": _json(run.variables),
        "lease_owner": run.lease_owner,
        "wake_at": run.wake_at,
        "faults": run.faults,
        "last_event": run.last_event,
        "chain": run.chain,
        "ended_at": run.ended_at,
        "renewed": renewed,
        "lease": LEASE_SECONDS if run.state == RunState.RUNNING else None,
        "agency": claim.agency_id,
        "run": claim.run_id,
        "fence": claim.fence,
        "seen": hand.seen,
    }
    guard = ""
    if call is not None:
        values |= {"effect_key": call.attempt.effect_key, "request_hash": call.attempt.request_hash}
        if call.connector is not None:
            guard, values["connector"], values["version"] = CONNECTED, call.connector.pk, call.connector.version
        if call.consent_id is not None:
            guard, values["consent"] = guard + CONSENTED, call.consent_id
    limits = wanted(call.connector, requests=call.requests) if call is not None else {}
    if limits:
        some.freed = None if some.freed == values["connector"] else some.freed  # its place is taken again
        values |= limits
        guard += ROOM
    parts = [*([FREE] if limits else []), HELD.format(guard=guard), *([TAKEN] if limits else []), *_parts(some, values)]
    told = ("seen", *(["attempts"] if some.attempts else []), *(["opened"] if some.opened else []), *(["known"] if call else []))
    told += ("room",) if limits else ()
    rows = executed(claim.agency_id, claim.actor, (_text(tuple(parts), told), values))
    if limits and not rows[0][-1]:
        assert call is not None and call.connector is not None
        raise Full(call.connector)
    if not rows or rows[0][0] is None:
        raise Moved
    answer = dict(zip(told, rows[0], strict=True))
    hand.seen, hand.sure_until = answer["seen"], sent + LEASE_SECONDS if renewed else hand.sure_until
    _numbered(hand, answer)
    hand.heard = hand.heard or bool(values.get("heard_by"))
    hand.steps += len(some.attempts)
    hand.unwritten = Unwritten()
    known: dict[str, Any] = orjson.loads(answer["known"]) if answer.get("known") else {}
    return known


def _numbered(hand: Hand, answer: dict[str, Any]) -> None:
    """Give new rows the numbers that PostgreSQL gave them."""
    for one, number in zip(hand.unwritten.attempts, answer.get("attempts") or (), strict=True):
        one.pk, one._state.adding = number, False
    for frame, number in zip(hand.unwritten.opened, answer.get("opened") or (), strict=True):
        frame.pk = number
        hand.frames[number] = frame


ANSWERS = {
    "seen": "held.seen",
    "attempts": "(SELECT array_agg(id ORDER BY id) FROM new_attempts)",
    "opened": "(SELECT array_agg(id ORDER BY id) FROM new_frames)",
    "known": KNOWN,
    "room": IS_ROOM,
}


@cache
def _text(parts: tuple[str, ...], told: tuple[str, ...]) -> str:
    """One text for each shape, so that PostgreSQL plans each shape once a connection."""
    source = "free LEFT JOIN held ON true" if "room" in told else "held"
    return f"WITH {', '.join(parts)} SELECT {', '.join(ANSWERS[one] for one in told)} FROM {source}"  # noqa: S608 (our own text)


def _parts(some: Unwritten, values: dict[str, Any]) -> Iterator[str]:
    """The parts of the statement that have something to write; their values go into `values`."""

    def given(name: str, rows: Sequence[dict[str, Any]]) -> bool:
        if rows:
            values[name] = _json([{"n": n, **row} for n, row in enumerate(rows)])
        return bool(rows)

    if given("moved_frames", [_row(one, ("id", *MOVING)) for one in some.frames.values()]):
        yield _updating(Frame, "moved_frames", MOVING)
    if given("new_frames", [_row(one) for one in some.opened]):
        yield _inserting(Frame, "new_frames", "RETURNING id")
    if given("changed_attempts", [_row(one, ("id", *ENDING)) for one in some.changed.values()]):
        yield _updating(StepAttempt, "changed_attempts", ENDING)
    if given("new_attempts", [_row(one) for one in some.attempts]):
        yield _inserting(StepAttempt, "new_attempts", "RETURNING id")
    if given("events", some.events):
        yield _inserting(RunEvent, "events")
    if given("timers", some.timers):
        yield _inserting(Timer, "timers", "ON CONFLICT (agency_id, run_id, frame_id, purpose) DO NOTHING")
    if given("undone", list(some.undone.values())):
        yield _updating(Undo, "undone", ("state", "ended_at"), "undone_by_id")
    if given("undos", some.undos):
        yield _inserting(Undo, "undos")
    if given("effects", some.effects):
        yield _inserting(Effect, "effects", "ON CONFLICT (agency_id, effect_key) DO NOTHING")
    if some.freed is not None:
        values["freed"] = some.freed
        yield FREED
    if given("facts", some.facts):
        values |= heard(*some.fact_classes)
        yield APPENDED


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _row(one: Model, names: Sequence[str] | None = None) -> dict[str, Any]:
    return {name: getattr(one, name) for name in names or _names(type(one))}


@cache
def _names(model: type[Model]) -> tuple[str, ...]:
    return tuple(one.attname for one in model._meta.concrete_fields if one.attname not in OWN)


def _declared(model: type[Model], names: Sequence[str]) -> str:
    """The columns as a row type."""
    fields = {one.attname: one for one in model._meta.concrete_fields if one.attname in names}
    types = {name: one.rel_db_type(connection) if one.is_relation else one.db_type(connection) for name, one in fields.items()}
    return ", ".join(["n int", *(f"{name} {types[name]}" for name in names)])


@cache
def _inserting(model: type[Model], name: str, more: str = "") -> str:
    names, has_run = _names(model), any(one.attname == "run_id" for one in model._meta.concrete_fields)
    own = ("agency_id", "run_id") if has_run else ("agency_id",)
    return (
        f"{name} AS (INSERT INTO {model._meta.db_table} ({', '.join([*own, *names])}) "  # noqa: S608 (our own names)
        f"SELECT {', '.join([*(f'held.{one}' for one in own), *(f'r.{one}' for one in names)])} "
        f"FROM held, jsonb_to_recordset(%({name})s::jsonb) AS r({_declared(model, names)}) ORDER BY r.n {more})"
    )


@cache
def _updating(model: type[Model], name: str, names: Sequence[str], of: str = "run_id") -> str:
    pairs = ", ".join(f"{one} = r.{one}" for one in names)
    return (
        f"{name} AS (UPDATE {model._meta.db_table} t SET {pairs} "  # noqa: S608 (our own names)
        f"FROM held, jsonb_to_recordset(%({name})s::jsonb) AS r({_declared(model, ('id', *names))}) "
        f"WHERE t.agency_id = held.agency_id AND t.{of} = held.run_id AND t.id = r.id)"
    )
