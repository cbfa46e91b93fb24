"""Celery as a doorbell: it carries no work, only the news that rows may wait."""

import logging
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "soc.settings")
if Path(sys.argv[0]).name == "celery":
    os.environ.setdefault("WATCHFLOOR_PROCESS", "beat" if "beat" in sys.argv else "worker")

import django
from celery import Celery
from celery.signals import celeryd_after_setup, setup_logging, task_postrun, task_prerun, worker_shutting_down
from django.conf import settings
from django.db import connections
from kombu import Exchange, Queue

from soc.health.logs import request_id

log = logging.getLogger(__name__)

SWEEP_SECONDS = 1.0
SEALING = ("seal", "anchor")
CONFIRM_SECONDS = 3.0

# A queue of RabbitMQ: replicated, and small, since the oldest ring tells no more than the newest.
QUORUM = {"x-queue-type": "quorum", "x-max-length": 10_000, "x-message-ttl": 60_000}


def queue(name: str) -> Queue:
    """The queue of one deployment's bell."""
    arguments = QUORUM if settings.BROKER_URL.startswith("amqp") else None
    return Queue(name, Exchange(name), routing_key=name, queue_arguments=arguments)


app = Celery("watchfloor")
app.conf.update(settings.CELERY, task_queues=[queue(settings.CELERY["task_default_queue"])])
stopping = threading.Event()


@app.task(name="soc.celery.answer", expires=30)
def answer(work: str | None = None, agency_id: int | None = None) -> None:
    """Someone rang: do what waits, of one kind and agency when the ring names them."""
    from tenants.journal.sweeping import sweep

    if work is None:
        sweep()
    else:
        sweep(names=(work,), agency_id=agency_id)


class Bell:
    """Rings Celery after a commit, from a thread of its own: whoever committed waits for no broker, however slow or dead.

    What was not rung yet is rung once. A broker that is away is left in peace for a while.
    """

    QUIET_SECONDS = 5.0
    # A stream of commits is rung together: the first at once, what comes within this time after it with the next ring.
    APART_SECONDS = 0.1
    MOST_WAITING = 10_000

    def __init__(self) -> None:
        self.waiting: dict[tuple[str, int | None], str] = {}
        self.changed = threading.Condition()
        self.thread: threading.Thread | None = None
        self.quiet_until = 0.0

    def __call__(self, work: str, agency_id: int | None) -> None:
        """Tell the workers that rows may wait. Returns at once and never raises for a broker."""
        with self.changed:
            if time.monotonic() < self.quiet_until or len(self.waiting) >= self.MOST_WAITING:
                return
            self.waiting.setdefault((work, agency_id), request_id.get())
            if self.thread is None or not self.thread.is_alive():  # none yet, or this process was forked
                self.thread = threading.Thread(target=self._ring_on, name="doorbell", daemon=True)
                self.thread.start()
            self.changed.notify()

    def _ring_on(self) -> None:
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self.waiting)
                rings, self.waiting = self.waiting, {}
            try:
                for (work, agency_id), identity in rings.items():
                    ring_once(work, agency_id, identity)
            except Exception as error:
                self.quiet_until = time.monotonic() + self.QUIET_SECONDS
                log.warning("the doorbell did not ring; the sweep will find the work", extra={"error": repr(error)})
            time.sleep(self.APART_SECONDS)


def ring_once(work: str, agency_id: int | None, identity: str) -> None:
    """Publish one ring to the deployment that does such work. Raises what the broker's client raises, after a few seconds at most."""
    from tenants.journal.sweeping import home_of

    how: dict[str, Any] = {"headers": {"request_id": identity}, "retry": False, "confirm_timeout": CONFIRM_SECONDS}
    if settings.DEPLOYMENT != "both":
        how["queue"] = queue(f"doorbell-{home_of(work, agency_id)}")
    answer.apply_async((work, agency_id), **how)


ring = Bell()


@setup_logging.connect
def keep_our_logs(**_: Any) -> None:
    """Celery would set up logging its own way; Django's settings have done it."""
    django.setup()


@task_prerun.connect
def take_the_request_id(task: Any = None, **_: Any) -> None:
    """The lines of a task carry the id of the request that rang."""
    request_id.set((getattr(task.request, "headers", None) or {}).get("request_id") or getattr(task.request, "request_id", "") or "")


@task_postrun.connect
def forget_the_request_id(**_: Any) -> None:
    """A thread serves many."""
    request_id.set("")


@celeryd_after_setup.connect
def sweep_from_now_on(**_: Any) -> None:
    """A worker's own timer: from its start, since a worker counts as ready only when it has found a broker."""
    start_sweeping()


@worker_shutting_down.connect
def stop_sweeping(**_: Any) -> None:
    """What is being done is finished; nothing new begins."""
    stopping.set()


def start_sweeping() -> list[threading.Thread]:
    """The worker's timers, until it stops: each second all work, and beside it the seals, which no queue may hold up."""
    timers = {"sweep": None, "seal": SEALING}
    threads = [threading.Thread(target=_sweep_on, args=(names,), name=name, daemon=True) for name, names in timers.items()]
    for thread in threads:
        thread.start()
    return threads


def _sweep_on(names: tuple[str, ...] | None) -> None:
    from soc.scorecards.survival import prepare
    from tenants.journal.sweeping import sweep
    from tenants.journal.timekeeping import keep_time

    if names is None:
        prepare()
    while not stopping.wait(SWEEP_SECONDS):
        try:
            keep_time()
            sweep(names)
        except Exception:
            log.exception("a sweep failed; the next one tries again")
            connections.close_all()
