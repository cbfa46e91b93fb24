"""Taking a run for a while: a lease that ends by itself, and a fence that shuts out whoever held it before."""

import os
import socket
import threading
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from playbooks.models import Run
from playbooks.states import RunState

# Longer than asking and calling may take together (twice connectors.speaking.DEADLINE_SECONDS), and short enough that a killed
# worker's run goes on soon.
LEASE_SECONDS = 30

CLAIM = """
UPDATE playbooks_run SET state = 'running', waits_for = '', fence = fence + 1, lease_owner = %s,
  lease_until = statement_timestamp() + make_interval(secs => %s)
WHERE agency_id = %s AND id = (
  SELECT id FROM playbooks_run
  WHERE agency_id = %s AND ((state = 'ready' AND wake_at <= %s) OR (state = 'running' AND lease_until < statement_timestamp()))
  ORDER BY wake_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, fence, public_id
"""


class FencedOff(Exception):
    """Another worker has taken the run since: what this one holds no longer counts."""


@dataclass(frozen=True)
class Claim:
    """A run in hand, under one fence."""

    agency_id: int
    run_id: int
    fence: int
    run: str  # the outside id


def worker_name() -> str:
    """This thread of this process of this machine."""
    return f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"[:120]


def claim(agency_id: int, *, now: datetime) -> Claim | None:
    """Take the run of the agency that waits longest, or one whose lease ran out. In the agency's scope. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [worker_name(), LEASE_SECONDS, agency_id, agency_id, now])
        row = cursor.fetchone()
    return Claim(agency_id, row[0], row[1], str(row[2])) if row else None


def held(claim: Claim) -> Run:
    """The claimed run, locked, its lease begun anew: every write of the engine starts here. Raises FencedOff."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE playbooks_run SET lease_until = statement_timestamp() + make_interval(secs => %s) "
            "WHERE agency_id = %s AND id = %s AND fence = %s AND state = 'running'",
            [LEASE_SECONDS, claim.agency_id, claim.run_id, claim.fence],
        )
        if cursor.rowcount != 1:
            raise FencedOff
    run: Run = Run.objects.select_related("book", "version").get(pk=claim.run_id)
    return run


def let_go(run: Run, *, waits_for: str, wake_at: datetime | None = None) -> None:
    """Put a run down until something moves it (`wake_at` None), or until a time."""
    run.state = RunState.WAITING if wake_at is None else RunState.READY
    run.waits_for = waits_for
    run.lease_owner = ""
    run.lease_until = None
    if wake_at is not None:
        run.wake_at = wake_at
