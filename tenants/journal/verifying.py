"""Proving that the journal and the audit table are as they were sealed, and the seals as they were anchored."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import connection

from tenants.journal.anchoring import Root
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


@dataclass(frozen=True)
class Anchored:
    """What an anchor says of one stream: how many of its roots fit, how many seals it does not hold yet, and the first fault."""

    stream: str
    roots: int
    later: int
    fault: str


def verify(stream: str) -> Verdict:
    """Recompute every root of a stream from its first row. Central scope."""
    table, _ = COLUMNS[stream]
    seals = _seals(stream)
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
        # Numbers begin at 1, so no seal covers a row below.
        cursor.execute(f"SELECT count(*) FILTER (WHERE id >= %s), min(id) FROM {table} WHERE id >= %s OR id < 1", [expected, expected])  # noqa: S608 our own names
        unsealed, lowest = cursor.fetchone()
    fault = f"row {lowest} stands before the first that was ever written" if lowest is not None and lowest < 1 else ""
    return Verdict(stream, rows, len(seals), unsealed, fault)


def _seals(stream: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT first_id, last_id, count, root, chained FROM tenants_seal WHERE stream = %s ORDER BY first_id", [stream])
        return cursor.fetchall()


def read_anchor(text: str) -> tuple[list[Root], int]:
    """The roots in an anchor's text (a file, or a mail with its header lines), and how many other lines stand there."""
    roots, others = [], 0
    for line in text.splitlines():
        try:
            roots.append(Root(**orjson.loads(line)))
        except (ValueError, TypeError):
            others += bool(line.strip())
    return roots, others


def verify_anchor(stream: str, anchored: Iterable[Root]) -> Anchored:
    """Compare the seals of a stream with the roots that stand outside, lowest rows first. Central scope."""
    sealed = {first: (last, count, bytes(one).hex(), bytes(chain).hex()) for first, last, count, one, chain in _seals(stream)}
    told = sorted((one for one in anchored if one.stream == stream), key=lambda one: one.first)
    fits: set[int] = set()
    for one in told:
        seal = sealed.get(one.first)
        if seal != (one.last, one.count, one.root, one.chained):
            what = "and no seal stands there now: the end was cut" if seal is None else "and their seal is another one now: sealed anew"
            fault = f"rows {one.first} to {one.last} were anchored at {one.at}, {what}"
            return Anchored(stream, len(fits), 0, fault)
        fits.add(one.first)
    return Anchored(stream, len(fits), sum(first > max(fits, default=0) for first in sealed), "")
