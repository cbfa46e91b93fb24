"""The doorbell on RabbitMQ: what no other broker shows. Runs where BROKER_URL names one (deploy/real/real_servers.py starts it)."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from celery.contrib.testing.worker import start_worker
from django.conf import settings
from kombu import Connection, Queue

from soc import celery
from tenants.journal import sweeping

pytestmark = pytest.mark.skipif(not settings.BROKER_URL.startswith("amqp"), reason="BROKER_URL names no RabbitMQ")


@pytest.fixture
def channel() -> Iterator[Any]:
    with Connection(settings.BROKER_URL) as connection:
        yield connection.default_channel


def test_the_queue_is_a_quorum_queue_that_cannot_grow_without_end(channel: Any) -> None:
    with celery.app.pool.acquire(block=True) as connection:
        celery.answer.apply_async(("deliveries", 1), connection=connection, confirm_timeout=3)
    name = settings.CELERY["task_default_queue"]
    with pytest.raises(Exception, match="PRECONDITION_FAILED"):
        Queue(name, channel=channel, queue_arguments={"x-queue-type": "classic"}).declare()
    with Connection(settings.BROKER_URL) as again:
        Queue(name, channel=again, queue_arguments=celery.QUORUM).queue_declare()
        again.default_channel.queue_purge(name)


def test_a_ring_is_confirmed_and_reaches_a_worker(monkeypatch: Any) -> None:
    reached = threading.Event()

    def work(names: Any = None, agency_id: Any = "any", rounds: int = 20) -> None:
        if (names, agency_id) == (("deliveries",), 7):
            reached.set()

    monkeypatch.setattr(sweeping, "sweep", work)
    monkeypatch.setattr(celery, "SWEEP_SECONDS", 3600.0)
    celery.ring_once("deliveries", 7, "")
    with start_worker(celery.app, pool="threads", concurrency=1, perform_ping_check=False, shutdown_timeout=20):
        assert reached.wait(20)
