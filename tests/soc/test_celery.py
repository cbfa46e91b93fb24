"""The doorbell: it carries news, not work, and nothing depends on it."""

import threading
import time

import pytest
from celery.contrib.testing.worker import start_worker
from django.conf import settings

from soc import celery
from soc.health.logs import request_id
from tenants.journal import sweeping


def test_a_ring_reaches_a_worker_with_the_id_of_its_request(monkeypatch):
    heard = []
    done = threading.Event()

    def listen(names=None, agency_id="any", rounds=20):
        heard.append((names, agency_id, request_id.get()))
        if names:
            done.set()

    monkeypatch.setattr(sweeping, "sweep", listen)
    monkeypatch.setattr(celery, "SWEEP_SECONDS", 3600.0)
    with start_worker(celery.app, pool="threads", concurrency=1, perform_ping_check=False, shutdown_timeout=10):
        token = request_id.set("the-request-1")
        celery.ring("deliveries", 7)
        request_id.reset(token)
        assert done.wait(10)
    assert (("deliveries",), 7, "the-request-1") in heard


def test_a_broker_that_is_away_costs_one_short_wait_and_then_none(monkeypatch):
    bell = celery.Bell()
    calls = []

    def refuse(*args, **kwargs):
        calls.append(kwargs)
        raise ConnectionRefusedError

    monkeypatch.setattr(celery.answer, "apply_async", refuse)
    with pytest.raises(ConnectionRefusedError):
        bell("deliveries", None)
    for _ in range(100):
        bell("deliveries", None)
    assert len(calls) == 1
    assert calls[0]["retry"] is False


def test_ringing_a_closed_port_gives_up_within_two_seconds():
    started = time.monotonic()
    with celery.app.connection_for_write(url="redis://127.0.0.1:1/0") as nowhere, pytest.raises(Exception, match="refused"):
        celery.answer.apply_async(("deliveries", None), retry=False, connection=nowhere)
    assert time.monotonic() - started < 2


def test_the_sweep_goes_on_after_a_failure_and_ends_with_its_worker(monkeypatch):
    swept = []

    def fail_once():
        swept.append(time.monotonic())
        if len(swept) == 1:
            raise RuntimeError("the database went away")

    monkeypatch.setattr(sweeping, "sweep", fail_once)
    monkeypatch.setattr(celery, "SWEEP_SECONDS", 0.01)
    monkeypatch.setattr(celery, "stopping", threading.Event())
    thread = celery.start_sweeping()
    deadline = time.monotonic() + 5
    while len(swept) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    celery.stop_sweeping()
    thread.join(5)
    assert len(swept) >= 3
    assert not thread.is_alive()


def test_work_is_acknowledged_late_and_results_are_kept_nowhere():
    assert settings.CELERY["task_acks_late"]
    assert settings.CELERY["task_reject_on_worker_lost"]
    assert settings.CELERY["task_ignore_result"]
    assert settings.CELERY["worker_prefetch_multiplier"] == 1
    assert settings.CELERY["accept_content"] == ["json"]
    assert settings.CELERY["broker_connection_max_retries"] is None
