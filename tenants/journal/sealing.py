"""The sealer: batches of the journal and of the audit table under Merkle roots, each root over the last.

Only rows that no running transaction can still precede are sealed: a pass remembers the newest row and the next
transaction id, and the pass that finds every transaction of then ended seals up to there.
"""

import threading
from dataclasses import dataclass

from django.db import connection

from tenants.isolation import scope
from tenants.journal.merkle import START, chained, leaf, root
from tenants.journal.sweeping import Chore, register

MOST_ROWS = 5000
LOCK = 7_263_001  # one sealer at a time

# Text of every sealed field, the same for ever: times in microseconds UTC, jsonb as PostgreSQL writes it.
COLUMNS = {
    "journal": (
        "tenants_entry",
        (
            "id::text, COALESCE(agency_id::text, ''), kind, subject, data::text, "
            "to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), actor, actor_label"
        ),
    ),
    "audit": (
        "tenants_auditrow",
        (
            "id::text, COALESCE(agency_id::text, ''), to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), actor, what, "
            "table_name, row_id, COALESCE(before::text, ''), COALESCE(after::text, ''), note"
        ),
    ),
}


@dataclass
class _Horizon:
    """What the last pass saw of a stream."""

    newest: int
    next_transaction: int


_seen: dict[str, _Horizon] = {}
_guard = threading.Lock()


def leaves_of(stream: str, first: int, last: int) -> list[tuple[int, bytes]]:
    """(id, leaf) of the rows first..last of a stream, in order. Central scope."""
    table, columns = COLUMNS[stream]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {table} WHERE id BETWEEN %s AND %s ORDER BY id", [first, last])  # noqa: S608 our own names
        return [(int(row[0]), leaf(row)) for row in cursor.fetchall()]


def seal_pass() -> int:
    """One pass over both streams; returns how many rows it sealed."""
    with _guard, scope.floor(None, actor="system:sealer"), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
        return sum(_seal_stream(stream) for stream in COLUMNS)


def _seal_stream(stream: str) -> int:
    table, _ = COLUMNS[stream]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT COALESCE(max(id), 0), pg_snapshot_xmin(pg_current_snapshot())::text::bigint, "  # noqa: S608 our own names
            f"pg_snapshot_xmax(pg_current_snapshot())::text::bigint FROM {table}"
        )
        newest, oldest_running, next_transaction = cursor.fetchone()
        before = _seen.get(stream)
        settled = before.newest if before is not None and oldest_running >= before.next_transaction else 0
        if before is None or settled:
            _seen[stream] = _Horizon(newest, next_transaction)
        if not settled:
            return 0
        cursor.execute("SELECT last_id, chained FROM tenants_seal WHERE stream = %s ORDER BY first_id DESC LIMIT 1", [stream])
        last = cursor.fetchone() or (0, START)
        first, previous = last[0] + 1, bytes(last[1])
        if settled < first:
            return 0
        upto = min(settled, first + MOST_ROWS - 1)
        rows = leaves_of(stream, first, upto)
        if not rows:
            return 0
        this = root([one for _, one in rows])
        cursor.execute(
            "INSERT INTO tenants_seal (stream, first_id, last_id, count, root, chained, at) VALUES (%s, %s, %s, %s, %s, %s, now())",
            [stream, first, upto, len(rows), this, chained(previous, this)],
        )
        return len(rows)


def _seal(_: int | None) -> int:
    seal_pass()
    return 0  # sealing is never a reason for another round


register(Chore("seal", lambda: [None], _seal))
