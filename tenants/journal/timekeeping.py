"""One clock for all: a worker whose own is wrong lives by the database's, or its timers and facts would be of another hour."""

import logging
from datetime import UTC, datetime, timedelta

from django.db import connection

from tenants.actors import set_right
from tenants.isolation import scope

logger = logging.getLogger(__name__)

# Less than this apart, a process keeps its own clock: the way to the database takes time too.
NEAR = timedelta(seconds=2)
QUICK = timedelta(seconds=1)

_known = timedelta()


def own_time() -> datetime:
    """What the clock of this machine says."""
    return datetime.now(UTC)


def keep_time() -> timedelta:
    """Compare with the database's clock and live by it when ours is wrong. Returns what ours lacks (0 when it is near enough).

    An answer that took long says too little; then what was known before stays.
    """
    global _known
    with scope.lobby("system:clock"), connection.cursor() as cursor:
        before = own_time()
        cursor.execute("SELECT clock_timestamp()")
        (theirs,) = cursor.fetchone()
        took = own_time() - before
    if timedelta() <= took < QUICK:
        lacks = theirs - before - took / 2
        lacks = lacks if abs(lacks) > NEAR else timedelta()
        if abs(lacks - _known) > NEAR:
            logger.warning("this machine's clock is wrong; the database's holds", extra={"lacks_seconds": round(lacks.total_seconds())})
        _known = lacks
        set_right(lacks)
    return _known
