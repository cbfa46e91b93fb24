"""The sealer: batches of the journal and of the audit table under Merkle roots, each root over the last.

Only rows that no running transaction can still precede are sealed: one pass remembers the newest row, the next one the
transactions that run, and the pass that finds all of those ended seals up to that row.
"""

import threading
from dataclasses import dataclass
from typing import Any

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
    """The newest row that a pass saw of a stream, and which of the transactions that ran a pass later have not ended yet."""

    newest: int
    running: set[str] | None = None


# Of this database only: another one on the same server may keep a transaction open for hours.
RUNNING = """
SELECT l.transactionid::text FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'transactionid' AND l.granted AND l.mode = 'ExclusiveLock'
AND a.datname = current_database() AND l.pid <> pg_backend_pid()
"""

_seen: dict[str, _Horizon] = {}
_server: list[Any] = []  # since when the server runs whose rows were seen
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
        # After a restore numbers are given out again: what was seen of them before says nothing any more.
        cursor.execute("SELECT pg_postmaster_start_time()")
        if _server != (since := [cursor.fetchone()[0]]):
            _seen.clear()
            _server[:] = since
        return sum(_seal_stream(stream) for stream in COLUMNS)


def _settled(stream: str, newest: int, running: set[str]) -> int:
    """Up to which row the stream can be sealed now; 0 while one of the remembered transactions still runs."""
    horizon = _seen.get(stream)
    if horizon is None:
        _seen[stream] = _Horizon(newest)  # a pass later every insert that had taken its number has a transaction id
        return 0
    horizon.running = running if horizon.running is None else horizon.running & running
    if horizon.running:
        return 0
    _seen[stream] = _Horizon(newest)
    return horizon.newest


def _seal_stream(stream: str) -> int:
    table, _ = COLUMNS[stream]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COALESCE(max(id), 0) FROM {table}")  # noqa: S608 our own names
        (newest,) = cursor.fetchone()
        cursor.execute(RUNNING)
        settled = _settled(stream, newest, {row[0] for row in cursor.fetchall()})
        if not settled:
            return 0
        cursor.execute("SELECT last_id, chained FROM tenants_seal WHERE stream = %s ORDER BY first_id DESC LIMIT 1", [stream])
        last = cursor.fetchone() or (0, START)
        first, previous = last[0] + 1, bytes(last[1])
        # By rows and not by numbers: rolled-back transactions may leave a gap of any length.
        batch = f"SELECT id FROM {table} WHERE id BETWEEN %s AND %s ORDER BY id LIMIT {MOST_ROWS}"  # noqa: S608 our own names
        cursor.execute(f"SELECT max(id) FROM ({batch}) AS batch", [first, settled])  # noqa: S608 our own names
        (upto,) = cursor.fetchone()
        if upto is None:
            return 0
        rows = leaves_of(stream, first, upto)
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
