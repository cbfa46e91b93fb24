"""Receiving alerts: how much a key may send, and storing every item before it is answered."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any
from uuid import uuid4

import orjson
from django.conf import settings
from django.db import ProgrammingError, connection, transaction
from psycopg import Cursor
from psycopg.errors import InsufficientPrivilege

from soc.cases.events import AlertDied
from soc.cases.intake.problems import Problem
from soc.cases.intake.reading import clean
from soc.cases.intake.recognising import recognise
from soc.cases.intake.splitting import Item
from soc.cases.policies import may_post_alerts
from tenants.actors import Actor
from tenants.errors import NotAllowed, TooFast, require
from tenants.isolation.once import Statement, opened_by
from tenants.isolation.scope import TENANT, Scope
from tenants.journal import doorbell
from tenants.journal.recording import record

INTAKE = "intake"  # the subject of the journal's facts about the intake, and the name of the work that follows

_FILLED = "LEAST(%(burst)s::float8, held.items + %(rate)s::float8 * GREATEST(0, extract(epoch FROM %(now)s - held.at)))"

TAKE = f"""
INSERT INTO cases_intakeallowance AS held (agency_id, key_id, items, at)
VALUES (%(agency)s, %(key)s, %(burst)s::float8 - %(count)s, %(now)s)
ON CONFLICT (agency_id, key_id) DO UPDATE SET items = {_FILLED} - %(count)s, at = GREATEST(held.at, EXCLUDED.at)
WHERE {_FILLED} >= LEAST(%(count)s, %(burst)s)
RETURNING held.items
"""  # noqa: S608 (constants only)
LEFT = f"SELECT {_FILLED} FROM cases_intakeallowance held WHERE agency_id = %(agency)s AND key_id = %(key)s"  # noqa: S608 (constants only)

# Binary arrays (%b) cost Python a tenth of text ones. The rows come sorted by key: unsorted, two overlapping batches deadlock.
GIVEN = """
SELECT * FROM unnest(%(ids)s::uuid[], %(keys)s::text[], %(digests)b::bytea[], %(raws)b::bytea[], %(problems)s::text[],
                     %(positions)s::int[]) AS g(public_id, key, digest, raw, problem, position)
"""
STORED = """
stored AS (
  INSERT INTO cases_receipt (agency_id, public_id, source, key, digest, state, why, problem, received_at, position, settled_at,
                             repeats, attempts)
  SELECT %(agency)s, public_id, %(source)s, key, digest, CASE WHEN problem IS NULL THEN 'pending' ELSE 'dead' END, '',
         problem::jsonb, %(at)s::timestamptz, position, CASE WHEN problem IS NULL THEN NULL ELSE %(at)s::timestamptz END, 0, 0
  FROM given
  ON CONFLICT (agency_id, key) DO NOTHING RETURNING id, public_id, key),
bodies AS (
  INSERT INTO cases_body (agency_id, receipt_id, raw)
  SELECT %(agency)s, stored.id, given.raw FROM stored JOIN given ON given.public_id = stored.public_id)
"""
STORE = f"WITH given AS ({GIVEN}), {STORED} SELECT key, public_id::text FROM stored"  # noqa: S608 (constants only)

# The same with what may be sent: all that one post of good alerts does. No row at all: too fast.
TAKE_AND_STORE = f"""
WITH taken AS ({TAKE}),
given AS ({GIVEN} WHERE EXISTS (SELECT FROM taken)), {STORED}
SELECT key, public_id::text FROM stored UNION ALL SELECT NULL, NULL FROM taken
"""  # noqa: S608 (constants only)

# A plan that was made while a table was empty reads all of it, and a session keeps the plans of its foreign keys' checks.
PREFER_INDEXES = "SELECT set_config('enable_seqscan', 'off', true)"

# A statement of its own sees what a parallel winner has just committed; the storing one, with its older snapshot, would not.
RECALL = """
WITH known AS (
  SELECT id, key, digest, public_id, state, problem FROM cases_receipt
  WHERE agency_id = %(agency)s AND key = ANY(%(keys)s) ORDER BY key FOR UPDATE),
given AS (SELECT * FROM unnest(%(given_keys)s::text[], %(digests)b::bytea[], %(times)s::int[]) AS g(key, digest, times)),
counted AS (
  UPDATE cases_receipt r SET repeats = r.repeats + given.times
  FROM known JOIN given ON given.key = known.key AND given.digest = known.digest
  WHERE r.agency_id = %(agency)s AND r.id = known.id)
SELECT key, public_id::text, digest, CASE WHEN state = 'dead' THEN problem::text END FROM known
"""


@dataclass(frozen=True, slots=True)
class ItemAnswer:
    """What became of one item. `problem` says why it was not understood; a conflict has no receipt."""

    index: int
    receipt: str | None
    status: str  # accepted | repeated | conflict | refused
    problem: dict[str, str] | None = None


def admit(*, count: int, by: Actor) -> None:
    """Take `count` items from what the sensor key may send now.

    A bucket of `INTAKE_BURST` items fills by `INTAKE_RATE` a second. A batch larger than the bucket passes when the bucket
    is full, and is paid off later. One atomic statement; call it in a transaction of its own, since it holds the key's row.
    Raises TooFast (429).
    """
    if by.key_id is None or count == 0:
        return
    given = _allowance(count, by)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(TAKE, given)
        if cursor.fetchone() is not None:
            return
        cursor.execute(LEFT, given)
        (left,) = cursor.fetchone()
    wanted = min(count, settings.INTAKE_BURST) - left
    raise TooFast(retry_after=max(1, math.ceil(wanted / settings.INTAKE_RATE)))


def receive(*, items: Iterable[Item], by: Actor) -> tuple[ItemAnswer, ...]:
    """Store a receipt and the bytes of each item that the agency has not sent before, in one statement.

    What is not of a known form is stored too, dead from the start. The same key with the same content is a repeat, with
    another content a conflict, which is not stored. Raises NotAllowed. The work that follows is in the rows.
    """
    items = tuple(items)
    with transaction.atomic():
        require(may_post_alerts(by), NotAllowed())
        first = _first_of_each(items)
        problems = {key: _problem(item) for key, item in first.items()}
        stored = _store(first, problems, by) if first else {}
        known = _recall(items, first, stored, by)
        _tell(stored, problems, by)
        return tuple(_answer(item, first, problems, stored, known) for item in items)


def take(*, items: Iterable[Item], opening: Statement, by: Actor) -> tuple[ItemAnswer, ...] | None:
    """Admit and receive good alerts of a sensor in one round trip; `opening` opens the agency's transaction if its key is alive.

    None, and nothing is done, where more must be said: an item with a problem, too many at once, a key that died. Then
    look the key up, and call `admit` and `receive`. Raises NotAllowed.
    """
    require(may_post_alerts(by), NotAllowed())
    items = tuple(items)
    first = _first_of_each(items)
    nothing_wrong: dict[str, dict[str, str] | None] = dict.fromkeys(first)
    if not items or any(_problem(item) for item in first.values()):
        return None
    within = Scope(TENANT, agency=by.agency_id, actor=by.name)
    given = {**_allowance(len(items), by), **_rows(first, nothing_wrong, by)}
    try:
        rows = opened_by(opening, (TAKE_AND_STORE, given), within=within, implied=True)
        if not rows:
            return None
        stored = {key: receipt for key, receipt in rows if key is not None}
        if stored:
            doorbell.ring(INTAKE, by.agency_id)
        # In a transaction of its own, which sees what a parallel winner has just committed.
        repeated = _repeated(items, first, stored)
        known = _by_key(opened_by(opening, (RECALL, _asked(repeated, by)), within=within)) if repeated else {}
    except ProgrammingError as error:
        if isinstance(error.__cause__, InsufficientPrivilege):
            return None
        raise
    return tuple(_answer(item, first, nothing_wrong, stored, known) for item in items)


def _first_of_each(items: tuple[Item, ...]) -> dict[str, Item]:
    first: dict[str, Item] = {}
    for item in items:
        first.setdefault(_key(item), item)
    return first


def _key(item: Item) -> str:
    # A good alert must not count as a repeat of one that was refused for its key alone.
    unusable = item.problem is not None and item.problem.code == "bad_idempotency_key"
    return f"unusable:{item.content_key}" if unusable else item.idempotency_key


def _digest(item: Item) -> bytes:
    return bytes.fromhex(item.content_key)


def as_document(problem: Problem) -> dict[str, str]:
    """A problem as it is stored and shown; text that PostgreSQL cannot hold is replaced."""
    return {name: clean(value) for name, value in asdict(problem).items()}


def _problem(item: Item) -> dict[str, str] | None:
    found = item.problem or recognise(item.alert)
    return as_document(found) if isinstance(found, Problem) else None


def _allowance(count: int, by: Actor) -> dict[str, Any]:
    return {
        "agency": by.agency_id,
        "key": by.key_id,
        "count": count,
        "rate": settings.INTAKE_RATE,
        "burst": settings.INTAKE_BURST,
        "now": by.now(),
    }


def _rows(first: dict[str, Item], problems: dict[str, dict[str, str] | None], by: Actor) -> dict[str, Any]:
    keys = sorted(first)
    return {
        "agency": by.agency_id,
        "source": by.label[:80],
        "at": by.now(),
        "ids": [uuid4() for _ in keys],
        "keys": keys,
        "digests": [_digest(first[key]) for key in keys],
        "raws": [first[key].raw for key in keys],
        "positions": [first[key].index for key in keys],
        "problems": [orjson.dumps(found).decode() if (found := problems[key]) else None for key in keys],
    }


def _store(first: dict[str, Item], problems: dict[str, dict[str, str] | None], by: Actor) -> dict[str, str]:
    """Insert what is new; the receipt's public id for each key that was."""
    with connection.cursor() as cursor:
        cursor.execute(PREFER_INDEXES)
    return dict(_binary(STORE, _rows(first, problems, by)))


def _repeated(items: tuple[Item, ...], first: dict[str, Item], stored: dict[str, str]) -> dict[tuple[str, bytes], int]:
    """How often each key and content came beyond the one that was stored, sorted."""
    if len(stored) == len(items):
        return {}
    times = Counter((_key(item), _digest(item)) for item in items)
    for key in stored:
        times[key, _digest(first[key])] -= 1
    return {pair: count for pair, count in sorted(times.items()) if count > 0}


def _asked(repeated: dict[tuple[str, bytes], int], by: Actor) -> dict[str, Any]:
    return {
        "agency": by.agency_id,
        "keys": sorted({key for key, _ in repeated}),
        "given_keys": [key for key, _ in repeated],
        "digests": [digest for _, digest in repeated],
        "times": list(repeated.values()),
    }


def _recall(items: tuple[Item, ...], first: dict[str, Item], stored: dict[str, str], by: Actor) -> dict[str, tuple[Any, ...]]:
    """Count the repeats, and bring what is known of the keys that were there before: receipt, digest, problem."""
    repeated = _repeated(items, first, stored)
    return _by_key(_binary(RECALL, _asked(repeated, by))) if repeated else {}


def _by_key(rows: Iterable[tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
    return {key: (receipt, bytes(digest), orjson.loads(problem) if problem else None) for key, receipt, digest, problem in rows}


def _answer(
    item: Item,
    first: dict[str, Item],
    problems: dict[str, dict[str, str] | None],
    stored: dict[str, str],
    known: dict[str, tuple[Any, ...]],
) -> ItemAnswer:
    key = _key(item)
    if key in stored and first[key] is item:
        problem = problems[key]
        return ItemAnswer(item.index, stored[key], "refused" if problem else "accepted", problem)
    receipt, digest, problem = known[key]
    if digest == _digest(item):
        return ItemAnswer(item.index, receipt, "repeated", problem)
    return ItemAnswer(item.index, None, "conflict", as_document(CONFLICT))


CONFLICT = Problem(
    code="idempotency_conflict",
    field="idempotency_key",
    detail="This idempotency key was used with another alert.",
    cure="Use a new key for a new alert.",
)


def _tell(stored: dict[str, str], problems: dict[str, dict[str, str] | None], by: Actor) -> None:
    if not stored:
        return
    dead = [(problem["code"], stored[key]) for key in stored if (problem := problems[key])]
    tell_of_deaths(dead, agency_id=by.agency_id, by=by)
    if len(dead) < len(stored):
        transaction.on_commit(partial(doorbell.ring, INTAKE, by.agency_id))


def tell_of_deaths(dead: list[tuple[str, str]], *, agency_id: int | None, by: Actor) -> None:
    """Record one fact for each code among (code, receipt): a thousand broken lines are no thousand facts."""
    counts, last = Counter(code for code, _ in dead), dict(dead)
    for code, count in counts.items():
        record(AlertDied(receipt=last[code], code=code, count=count), agency_id=agency_id, subject=INTAKE, by=by)


def _binary(sql: str, params: dict[str, Any]) -> list[Any]:
    """Run a statement with the driver's own binding, which alone sends binary arrays. In the caller's transaction."""
    if not connection.in_atomic_block:
        raise RuntimeError("the intake writes inside a transaction")
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        return cursor.execute(sql, params).fetchall()
