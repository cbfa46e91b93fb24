"""SIGKILL around the one call that touches the outside: exactly one isolation, under one key, asked for before it is repeated."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection

from playbooks.models import Effect, Run, StepAttempt, Undo
from playbooks.operations.voting import vote
from tenants.gates.opening import opened
from tenants.isolation import scope

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[2]


def begin(stage, crash_at=""):
    """A worker process; it reads where to crash from its environment."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "CRASH_AT": crash_at, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(ROOT / "tests/crashes/worker.py"), connection.settings_dict["NAME"], str(stage.cast.north.pk)]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)


def work(stage, crash_at=""):
    """A worker from start to end; returns how it ended."""
    process = begin(stage, crash_at)
    _, said = process.communicate(timeout=60)
    assert process.returncode in (0, -signal.SIGKILL), said
    return process.returncode


def the_lease_runs_out():
    with scope.floor(None):
        assert Run.objects.filter(state="running").update(lease_until="2020-01-01T00:00Z") == 1


@pytest.fixture
def approved(stage):
    run = stage.start()
    stage.work()
    asked = stage.approval(run)
    with opened(stage.cast.ana):
        vote(approval=str(asked.public_id), hash=asked.hash, vote="approve", reason="Yes", by=stage.cast.ana)
    return run


def isolated_once(stage, run):
    over = stage.run(run)
    assert (over.state, over.detail) == ("done", "Isolated")
    assert len(stage.product.isolations) == 1
    with scope.floor(None):
        (attempt,) = StepAttempt.objects.filter(run=run, name="Isolate the host")
        assert attempt.state == "ok"
        assert list(stage.product.isolations) == [attempt.effect_key]
        assert Effect.objects.count() == 1
        assert Undo.objects.count() == 1


def test_killed_just_before_the_call_it_asks_first_and_then_calls_once(stage, approved):
    assert work(stage, "before_call") == -signal.SIGKILL
    assert stage.product.requests == []
    the_lease_runs_out()
    assert work(stage) == 0
    isolated_once(stage, approved)
    assert len(stage.product.orders()) == 1
    assert stage.product.requests[0][0] == "GET", "it asks first"


def test_killed_just_after_the_call_it_asks_first_and_does_not_call_again(stage, approved):
    assert work(stage, "after_call") == -signal.SIGKILL
    assert len(stage.product.orders()) == 1
    the_lease_runs_out()
    assert work(stage) == 0
    isolated_once(stage, approved)
    assert len(stage.product.orders()) == 1


def test_killed_before_and_after_again_and_again_there_is_one_isolation(stage, approved):
    for point in ("before_call", "before_call", "after_call"):
        assert work(stage, point) == -signal.SIGKILL
        the_lease_runs_out()
    assert work(stage) == 0
    isolated_once(stage, approved)
    assert len(stage.product.orders()) == 1


def test_killed_from_outside_in_the_middle_of_the_call(stage, approved):
    stage.product.hold = 1.5
    process = begin(stage)
    ends = time.monotonic() + 30
    while not stage.product.orders() and time.monotonic() < ends:
        time.sleep(0.05)
    process.kill()
    process.communicate()
    the_lease_runs_out()
    assert work(stage) == 0
    isolated_once(stage, approved)
    assert len(set(stage.product.orders())) == 1


def test_while_the_lease_lasts_nobody_else_takes_the_run(stage, approved):
    assert work(stage, "before_call") == -signal.SIGKILL
    assert work(stage) == 0
    assert stage.product.requests == []
    assert stage.run(approved).state == "running"


def test_crash_points_do_nothing_in_production(settings, monkeypatch):
    from playbooks.engine.crashing import crash_point

    monkeypatch.setenv("CRASH_AT", "here")
    settings.WATCHFLOOR_ENV = "production"
    crash_point("here")
