"""The anchor: each new root leaves the database, to an append-only file and by mail, where the database's owner cannot change it.

How far a place has come is a row, so a restart goes on; what is told twice is told the same. Telling happens outside any transaction.
"""

import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import orjson
from django.conf import settings
from django.core.mail import send_mail
from django.db import connection

from tenants.isolation import scope
from tenants.journal.merkle import START
from tenants.journal.sweeping import Chore, register

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 2000

BEGIN = "INSERT INTO tenants_anchormark (place, seal_id, tried_at) VALUES (%s, 0, 'epoch') ON CONFLICT DO NOTHING"
# Taking a turn: not twice within the pause of a place, by whichever worker, and only when there is something to tell.
TAKE = """
UPDATE tenants_anchormark m SET tried_at = clock_timestamp()
WHERE place = %s AND tried_at <= clock_timestamp() - make_interval(secs => %s)
AND EXISTS (SELECT 1 FROM tenants_seal s WHERE s.id > m.seal_id) RETURNING seal_id
"""
NEW = """
SELECT s.id, s.at, s.stream, s.first_id, s.last_id, s.count, s.root, s.chained, (
  SELECT b.chained FROM tenants_seal b WHERE b.stream = s.stream AND b.first_id < s.first_id ORDER BY b.first_id DESC LIMIT 1)
FROM tenants_seal s WHERE s.id > %s ORDER BY s.id LIMIT %s
"""


@dataclass(frozen=True)
class Root:
    """One root as it stands outside: a batch of a stream, its root, and `chained`, the root over `previous` and it (hex)."""

    at: str
    stream: str
    first: int
    last: int
    count: int
    root: str
    chained: str
    previous: str


@dataclass(frozen=True)
class Place:
    """Somewhere outside the database: how it is told, and how long it is left in peace after that (seconds)."""

    name: str
    pause: int
    tell: Callable[[list[Root]], None]


def append(path: Path, roots: Iterable[Root]) -> None:
    """Add one line a root to the end of a file, and return when the disk has them. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = b"".join(orjson.dumps(root) + b"\n" for root in roots)
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        size = os.fstat(handle).st_size
        torn = size and os.pread(handle, 1, size - 1) != b"\n"  # a power cut left half a line
        os.write(handle, b"\n" + text if torn else text)
        os.fsync(handle)
    finally:
        os.close(handle)


def mail(roots: list[Root]) -> None:
    """Send the roots as the lines of one message. Raises OSError or smtplib's errors."""
    lines = "\n".join(orjson.dumps(root).decode() for root in roots)
    subject = f"Watchfloor: {len(roots)} new roots of the journal and the audit table"
    send_mail(subject, lines + "\n", settings.DEFAULT_FROM_EMAIL, settings.ANCHOR_MAIL_TO)


def places() -> list[Place]:
    """Where this instance anchors, by its settings."""
    found = []
    if settings.ANCHOR_FILE:
        found.append(Place("file", 5, lambda roots: append(Path(settings.ANCHOR_FILE), roots)))
    if settings.ANCHOR_MAIL_TO:
        found.append(Place("mail", 60, mail))
    return found


def anchor_pass() -> int:
    """Tell each place what it does not know yet; returns how many roots were told. A place that fails is tried again."""
    return sum(_bring(place) for place in places())


def _bring(place: Place) -> int:
    # Not `every_agency`: its line in the audit table would make the next root, and so on without an end.
    with scope.floor(None, actor="system:anchor"), connection.cursor() as cursor:
        cursor.execute(BEGIN, [place.name])
        cursor.execute(TAKE, [place.name, place.pause])
        taken = cursor.fetchone()
        if taken is None:
            return 0
        cursor.execute(NEW, [taken[0], MOST_AT_ONCE])
        rows = cursor.fetchall()
    try:
        place.tell([_root(*row[1:]) for row in rows])
    except Exception:
        logger.exception("the anchor was not written; it is tried again", extra={"place": place.name})
        return 0
    with scope.floor(None, actor="system:anchor"), connection.cursor() as cursor:
        cursor.execute("UPDATE tenants_anchormark SET seal_id = GREATEST(seal_id, %s) WHERE place = %s", [rows[-1][0], place.name])
    return len(rows)


def _root(at, stream, first, last, count, root, chained, before):  # type: ignore[no-untyped-def]  # a row of NEW
    return Root(at.isoformat(), stream, first, last, count, bytes(root).hex(), bytes(chained).hex(), bytes(before or START).hex())


def _anchor(_: int | None) -> int:
    anchor_pass()
    return 0  # like sealing, never a reason for another round


register(Chore("anchor", lambda: [None] if places() else [], _anchor))
