"""Proving that the journal and the audit table are as they were sealed."""

from dataclasses import dataclass

from django.db import connection

from tenants.journal.merkle import START, chained, root
from tenants.journal.sealing import COLUMNS, leaves_of


@dataclass(frozen=True)
class Verdict:
    """What was checked of one stream, and the first thing that does not fit (empty when all fits)."""

    stream: str
    rows: int
    seals: int
    unsealed: int
    fault: str


def verify(stream: str) -> Verdict:
    """Recompute every root of a stream from its first row. Central scope."""
    table, _ = COLUMNS[stream]
    with connection.cursor() as cursor:
        cursor.execute("SELECT first_id, last_id, count, root, chained FROM tenants_seal WHERE stream = %s ORDER BY first_id", [stream])
        seals = cursor.fetchall()
    rows, previous, expected = 0, START, 1
    for n, (first, last, count, sealed_root, sealed_chain) in enumerate(seals, start=1):
        fault = ""
        found = leaves_of(stream, first, last)
        this = root([one for _, one in found])
        if first != expected:
            fault = f"seal {n} begins at {first}, expected {expected}: a seal is missing"
        elif len(found) != count:
            fault = f"rows {first} to {last}: {len(found)} rows, {count} were sealed"
        elif this != bytes(sealed_root):
            fault = f"rows {first} to {last}: a row is not what was sealed"
        elif chained(previous, this) != bytes(sealed_chain):
            fault = f"seal {n} (rows {first} to {last}) does not stand on the seal before it"
        if fault:
            return Verdict(stream, rows, n - 1, 0, fault)
        rows += count
        previous, expected = bytes(sealed_chain), last + 1
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table} WHERE id >= %s", [expected])  # noqa: S608 our own names
        (unsealed,) = cursor.fetchone()
    return Verdict(stream, rows, len(seals), unsealed, "")
