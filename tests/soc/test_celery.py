"""The doorbell: it carries news, not work, and nothing depends on it."""

import socket
import threading
import time

import pytest
from celery.contrib.testing.worker import start_worker
from django.conf import settings
from django.test import override_settings

from soc import celery
from soc.health.logs import request_id
from tenants.journal import sweeping, timekeeping


def until(true):
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


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


def test_nobody_who_rings_waits_for_a_broker_and_one_that_fails_is_left_in_peace(monkeypatch):
    bell, calls, asked, answered = celery.Bell(), [], threading.Event(), threading.Event()

    def hang_then_refuse(*args, **kwargs):
        calls.append(kwargs)
        asked.set()
        answered.wait(10)
        raise ConnectionRefusedError

    monkeypatch.setattr(celery.answer, "apply_async", hang_then_refuse)
    bell("deliveries", None)
    assert asked.wait(10)
    for _ in range(100):
        bell("deliveries", None)
    assert list(bell.waiting) == [("deliveries", None)]
    answered.set()
    until(lambda: bell.quiet_until > time.monotonic())
    bell("runs", 1)
    assert ("runs", 1) not in bell.waiting
    assert calls[0]["retry"] is False
    until(lambda: len(calls) == 2)  # what came while it hung; the bell of the next test is another


def test_after_a_while_a_broker_is_rung_again(monkeypatch):
    bell, rung = celery.Bell(), []

    def fail_once(arguments, **kwargs):
        rung.append(arguments)
        if len(rung) == 1:
            raise ConnectionRefusedError

    monkeypatch.setattr(celery.answer, "apply_async", fail_once)
    monkeypatch.setattr(celery.Bell, "QUIET_SECONDS", -1.0)
    bell("deliveries", 1)
    until(lambda: len(rung) == 1)
    bell("deliveries", 2)
    until(lambda: len(rung) == 2)
    assert rung == [("deliveries", 1), ("deliveries", 2)]


@pytest.mark.parametrize("kind", ["redis", "amqp"])
def test_a_closed_port_is_given_up_at_once_and_asked_once(kind):
    with celery.app.connection_for_write(url=f"{kind}://127.0.0.1:1") as nowhere, pytest.raises(Exception, match="refused"):
        celery.answer.apply_async(("deliveries", None), retry=False, connection=nowhere)


@pytest.mark.parametrize("kind", ["redis", "amqp"])
def test_a_broker_that_takes_the_call_and_never_speaks_is_given_up(kind):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"{kind}://127.0.0.1:{silent.getsockname()[1]}"
        with celery.app.connection_for_write(url=address, connect_timeout=1) as frozen, pytest.raises(Exception, match=r"(?i)time"):
            celery.answer.apply_async(("deliveries", None), retry=False, connection=frozen)


@pytest.mark.parametrize(
    ("work", "agency_id", "rung"),
    [
        ("deliveries", 7, "doorbell-agencies"),
        ("deliveries", None, "doorbell-floor"),
        ("standings", 7, "doorbell-floor"),
        ("seal", None, "doorbell-floor"),
    ],
)
@pytest.mark.parametrize("deployment", ["floor", "agencies"])
def test_each_deployment_rings_for_the_one_that_does_the_work(deployment, work, agency_id, rung, monkeypatch):
    published = []
    monkeypatch.setattr(celery.answer, "apply_async", lambda arguments, *, queue, **kwargs: published.append((arguments, queue.name)))
    with override_settings(DEPLOYMENT=deployment):
        celery.ring_once(work, agency_id, "")
    assert published == [((work, agency_id), rung)]


def test_the_sweeps_go_on_after_a_failure_and_end_with_their_worker(monkeypatch):
    swept = {None: 0, celery.SEALING: 0}

    def fail_once(names):
        swept[names] += 1
        if swept[names] == 1:
            raise RuntimeError("the database went away")

    monkeypatch.setattr(sweeping, "sweep", fail_once)
    monkeypatch.setattr(timekeeping, "keep_time", lambda: None)
    monkeypatch.setattr(celery, "SWEEP_SECONDS", 0.01)
    monkeypatch.setattr(celery, "stopping", threading.Event())
    threads = celery.start_sweeping()
    deadline = time.monotonic() + 5
    while min(swept.values()) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    celery.stop_sweeping()
    for thread in threads:
        thread.join(5)
    assert min(swept.values()) >= 3
    assert not any(thread.is_alive() for thread in threads)


def test_seals_are_made_while_other_work_holds_the_sweep_up(monkeypatch):
    held, sealed = threading.Event(), threading.Event()

    def work(names):
        if names is None:
            held.wait(5)
        else:
            sealed.set()

    monkeypatch.setattr(sweeping, "sweep", work)
    monkeypatch.setattr(timekeeping, "keep_time", lambda: None)
    monkeypatch.setattr(celery, "SWEEP_SECONDS", 0.01)
    monkeypatch.setattr(celery, "stopping", threading.Event())
    threads = celery.start_sweeping()
    assert sealed.wait(5)
    celery.stop_sweeping()
    held.set()
    for thread in threads:
        thread.join(5)


def test_the_work_of_one_agency_that_fails_holds_up_no_other(monkeypatch):
    done = []

    def work(agency_id):
        if agency_id == 1:
            raise RuntimeError("a fault of one agency")
        done.append(agency_id)
        return 0

    monkeypatch.setattr(sweeping, "_chores", {"test": sweeping.Chore("test", lambda: [1, 2, 3], work)})
    assert sweeping.sweep() == 0
    assert done == [2, 3]


def test_work_is_acknowledged_late_and_results_are_kept_nowhere():
    assert settings.CELERY["task_acks_late"]
    assert settings.CELERY["task_reject_on_worker_lost"]
    assert settings.CELERY["task_ignore_result"]
    assert settings.CELERY["worker_prefetch_multiplier"] == 1
    assert settings.CELERY["accept_content"] == ["json"]
    assert settings.CELERY["broker_connection_max_retries"] is None


def test_a_stream_of_commits_rings_seldom_and_a_single_one_at_once(monkeypatch):
    bell, rung = celery.Bell(), []
    monkeypatch.setattr(celery.answer, "apply_async", lambda arguments, **kwargs: rung.append(arguments))
    bell("intake", 1)
    until(lambda: len(rung) == 1)
    for _ in range(1000):
        bell("intake", 1)
    until(lambda: not bell.waiting)
    assert rung == [("intake", 1)] * len(rung)
    assert len(rung) < 50, "a thousand commits are no thousand messages"
