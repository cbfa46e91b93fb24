"""Building the simulated floor once: what stands, a week of history, and the files that name its sign-ins."""

import logging
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connections

from soc.demo import places
from soc.demo.operations.founding import Troupe, found_the_floor, list_the_real_agencies
from soc.demo.operations.playing import Stage
from soc.demo.people import AGENCIES
from soc.demo.scenario import DAYS, Plan, plan
from soc.demo.stand_in import serve_in_background
from tenants.errors import Conflict, require
from tenants.isolation import scope
from tenants.journal import doorbell
from tenants.journal.sweeping import sweep
from tenants.models import Agency

logger = logging.getLogger(__name__)

SEED = 20261124
WORKERS = 2
DAYS_BEFORE = timedelta(days=DAYS, hours=12)


def build(*, seed: int = SEED, say: Callable[[str], None], now: datetime | None = None) -> bool:
    """Build the floor unless it stands; returns whether it was built. The same seed and moment give the same week.

    Raises Conflict where the clock may not be set: production has no simulated floor.
    """
    require(settings.SETTABLE_CLOCK, Conflict("A simulated floor needs a clock that can be set; there is none in production."))
    if floor_stands():
        return False
    now = now or datetime.now(UTC)
    say("simulated floor: agencies, people, keys")
    doorbell.wire(lambda work, agency_id: None)  # nobody else works yet: this process does all of it
    told_at: dict[str, datetime] = {}
    product = serve_in_background(_free_port(), places.stand_in_memory(), lambda host: told_at.get(host, datetime.now(UTC)))
    try:
        troupe = found_the_floor(at=now - DAYS_BEFORE, stand_in=product.address)
        places.keep(places.sign_ins(), troupe.sign_ins)
        places.keep(places.floor(), {"stand_in": product.address})
        places.keep(places.trickle_keys(), troupe.keys)
        real = list_the_real_agencies(at=now - DAYS_BEFORE)
        week = plan(seed, now)
        say(f"simulated floor: {len(week.cases)} cases of {len(AGENCIES)} invented agencies; {real} real ones are listed as prospective")
        play(week, troupe, told_at)
        say("simulated floor: measures and standings")
        settle()
    finally:
        product.shutdown()
        product.server_close()
    say("simulated floor: ready")
    return True


def floor_stands() -> bool:
    """Whether a simulated floor was built here, or begun."""
    with scope.floor(None, actor="system:demo"):
        return Agency.objects.filter(invented=True).exists()


def play(week: Plan, troupe: Troupe, told_at: dict[str, datetime]) -> None:
    """Every agency's week, a few agencies at a time. Raises what the first failing one raised."""

    def one(slug: str) -> None:
        try:
            Stage(slug, troupe, told_at).play(week.of(slug), week.now)
        finally:
            connections.close_all()

    longest_first = sorted((a.slug for a in AGENCIES), key=lambda slug: -len(week.of(slug)))
    with ThreadPoolExecutor(WORKERS) as pool:
        for done in [pool.submit(one, slug) for slug in longest_first]:
            done.result()


def settle() -> None:
    """What the history left to do, as workers do it."""

    def work(_: int) -> None:
        try:
            sweep(rounds=500)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, range(WORKERS)))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
