"""Building the simulated floor once: what stands, a week of history, and the files that name its sign-ins."""

import logging
import socket
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from multiprocessing import get_context

import django
from django.conf import settings
from django.db import connections

from soc.demo import places
from soc.demo.operations.founding import Troupe, found_the_floor, list_the_real_agencies
from soc.demo.operations.playing import Stage
from soc.demo.people import AGENCIES
from soc.demo.scenario import DAYS, Plan, PlannedCase, plan
from soc.demo.stand_in import serve_in_background
from tenants.actors import Actor
from tenants.errors import Conflict, NotAllowed, require
from tenants.isolation import scope
from tenants.journal import doorbell
from tenants.journal.sweeping import sweep
from tenants.models import Agency

logger = logging.getLogger(__name__)

SEED = 20261124
PROCESSES = 2
DAYS_BEFORE = timedelta(days=DAYS, hours=12)


def build(*, seed: int = SEED, by: Actor, say: Callable[[str], None], week: Plan | None = None, processes: int = PROCESSES) -> bool:
    """Build the floor unless it stands; returns whether it was built. The same seed and moment give the same week.

    `week` is another plan than that of the seed; `processes` how many play it at once (0: this one alone).

    Raises NotAllowed, Conflict where the clock may not be set: production has no simulated floor.
    """
    require(settings.SETTABLE_CLOCK, Conflict("A simulated floor needs a clock that can be set; there is none in production."))
    require(by.is_machine, NotAllowed())
    if floor_stands():
        if not places.floor().exists():
            say("simulated floor: an earlier build was cut short, its history has gaps; `make reset` starts over")
        return False
    say("simulated floor: agencies, people, keys")
    _be_silent()
    week = week or plan(seed, by.now())
    before = week.now - DAYS_BEFORE
    times = told_at(week)
    product = serve_in_background(_free_port(), places.stand_in_memory(), lambda host: times.get(host) or by.now())
    try:
        troupe = found_the_floor(at=before, stand_in=product.address)
        places.keep(places.sign_ins(), troupe.sign_ins)
        places.keep(places.trickle_keys(), troupe.keys)
        real = list_the_real_agencies(at=before)
        say(f"simulated floor: {len(week.cases)} cases of {len(AGENCIES)} invented agencies; {real} real ones are listed as prospective")
        play(week, troupe, processes=processes)
        # Last, for it says that the floor is whole.
        places.keep(places.floor(), {"stand_in": product.address})
    finally:
        product.shutdown()
        product.server_close()
    say("simulated floor: ready")
    return True


def floor_stands() -> bool:
    """Whether a simulated floor was built here, or begun."""
    with scope.floor(None, actor="system:demo"):
        return Agency.objects.filter(invented=True).exists()


def play(week: Plan, troupe: Troupe, *, processes: int) -> None:
    """Every agency's week, then what it left to do, in so many processes (0: in this one). Raises what the first failing one raised."""
    longest_first = sorted((a.slug for a in AGENCIES), key=lambda slug: -len(week.of(slug)))
    if not processes:
        for slug in longest_first:
            play_one(slug, troupe, week.of(slug), week.now)
        settle()
        return
    connections.close_all()
    # Spawned, not forked: a fork would share connections and whatever lock a thread happens to hold.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=django.setup) as pool:
        weeks = [pool.submit(play_one, slug, troupe, week.of(slug), week.now) for slug in longest_first]
        for done in weeks:
            done.result()
        for done in [pool.submit(settle) for _ in range(processes)]:
            done.result()


def play_one(slug: str, troupe: Troupe, cases: tuple[PlannedCase, ...], until: datetime) -> None:
    """One agency's week."""
    _be_silent()
    try:
        Stage(slug, troupe).play(cases, until)
    finally:
        connections.close_all()


def settle() -> None:
    """What the history left to do, as workers do it."""
    _be_silent()
    try:
        sweep(rounds=500)
    finally:
        connections.close_all()


def told_at(week: Plan) -> dict[str, datetime]:
    """When the stand-in product is told about a host, so that it remembers the history's times and not those of its telling."""
    return {
        case.entity.lower(): act.at + timedelta(seconds=2)
        for case in week.cases
        for act in case.acts
        if act.verb == "vote" and act.args["vote"] == "approve"
    }


def _be_silent() -> None:
    # Nobody else works yet: whoever plays does all the work that rows hold.
    doorbell.wire(lambda work, agency_id: None)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
