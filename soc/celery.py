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

from soc.health.logs import request_id

log = logging.getLogger(__name__)

SWEEP_SECONDS = 1.0

app = Celery("watchfloor")
app.conf.update(settings.CELERY)
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
    """Rings Celery after a commit; a broker that is away is left in peace for a while instead of slowing every commit."""

    QUIET_SECONDS = 5.0

    def __init__(self) -> None:
        self.quiet_until = 0.0

    def __call__(self, work: str, agency_id: int | None) -> None:
        """Tell the workers that rows may wait. Raises what the broker's client raises; the caller only notes it."""
        if time.monotonic() < self.quiet_until:
            return
        try:
            answer.apply_async((work, agency_id), headers={"request_id": request_id.get()}, retry=False)
        except Exception:
            self.quiet_until = time.monotonic() + self.QUIET_SECONDS
            raise


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


def start_sweeping() -> threading.Thread:
    """One thread that sweeps each second until the worker stops."""
    thread = threading.Thread(target=_sweep_on, name="sweep", daemon=True)
    thread.start()
    return thread


def _sweep_on() -> None:
    from soc.scorecards.survival import prepare
    from tenants.journal.sweeping import sweep

    prepare()
    while not stopping.wait(SWEEP_SECONDS):
        try:
            sweep()
        except Exception:
            log.exception("a sweep failed; the next one tries again")
            connections.close_all()
