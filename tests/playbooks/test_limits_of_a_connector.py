"""A connector's limits hold for all workers together: no call more at once or a minute, no worker asleep, and nothing lost."""

import time
from datetime import timedelta

import pytest

from playbooks.engine import limiting
from playbooks.engine.claiming import LEASE_SECONDS
from playbooks.models import Run, RunEvent, Slot, StepAttempt, Timer
from playbooks.operations.publishing import publish
from playbooks.operations.starting import start_run
from tenants.actors import server_time, system
from tenants.errors import Invalid
from tenants.isolation import scope
from tests.playbooks.conftest import Stage
from tests.playbooks.web_product import calling, command, web_product
from tests.playbooks.web_stage import begin, joined, later, started
from tests.races.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def web(monkeypatch):
    monkeypatch.setenv("SECRET_WEB", "the-secret-of-the-web-api")
    with web_product() as one:
        yield one


def ready(stage: Stage, number: int, document: dict) -> list[Run]:
    """So many runs of this document that nobody has taken yet."""
    north = stage.cast.north.pk
    with scope.floor(None):
        publish(slug="web", document=document, by=system("test"))
    with scope.agency(north):
        told = {"agency_id": north, "book": "web", "variables": {}, "why": "A test", "by": system("test", agency_id=north)}
        return [start_run(subject=f"case:{one}", **told) for one in range(number)]


def worked_off(stage: Stage, runs: list[Run], workers: int, seconds: float) -> set[str]:
    """The states of the runs once this many workers have been at them until all are over, for so many seconds at most."""
    until = time.monotonic() + seconds

    def work() -> None:
        while time.monotonic() < until and not all(stage.run(one).state_is_over for one in runs):
            stage.work()
            time.sleep(0.05)

    at_once(*[work] * workers)
    return {stage.run(one).state for one in runs}


def test_no_more_calls_at_once_than_the_connector_takes(stage, web):
    joined(stage, web, most_at_once=2)
    web.slow = 0.15
    runs = ready(stage, 12, calling(command("PUT /things/1"), command("PUT /things/2")))
    assert worked_off(stage, runs, workers=5, seconds=60) == {"done"}
    assert (web.most_together, len(web.requests)) == (2, 24)


def test_no_more_calls_in_any_minute_than_the_connector_takes(stage, web, monkeypatch):
    monkeypatch.setattr(limiting, "MINUTE_SECONDS", 2.0)
    joined(stage, web, most_a_minute=4)
    runs = ready(stage, 12, calling(command("PUT /things/1")))
    assert worked_off(stage, runs, workers=4, seconds=60) == {"done"}
    came = sorted(web.arrived)
    assert len(came) == 12
    assert min(after - before for before, after in zip(came, came[4:], strict=False)) > 1.8


def test_who_waits_for_room_is_put_down_without_a_lease_and_says_so_once(stage, web, client_of):
    joined(stage, web, most_at_once=1)
    with scope.floor(None):
        Slot.objects.update(held_by=0, free_at=server_time() + timedelta(minutes=5))
    run = begin(stage, calling(command("PUT /things/1")))
    for _ in range(3):
        with scope.floor(None):
            Run.objects.filter(pk=run.pk).update(wake_at="2020-01-01T00:00Z")
        stage.work()
    one = stage.run(run)
    assert (one.state, one.waits_for, one.lease_owner, web.requests) == ("ready", "slot", "", [])
    with scope.floor(None):
        told = list(RunEvent.objects.filter(run=run, kind="held").values_list("text", flat=True))
    assert b"Waits for room at a product" in client_of("ana").get(f"/runs/{run.public_id}/").content
    assert told == ["Waits for room at The http: it takes 1 calls at once."]
    with scope.floor(None):
        Slot.objects.update(free_at=server_time())
    later(stage)
    assert (stage.run(run).state, len(web.requests)) == ("done", 1)


def test_a_place_of_a_killed_worker_is_free_when_its_lease_is_over(stage, web):
    joined(stage, web, most_at_once=1)
    begin(stage, calling(command("PUT /things/1"), command("POST /things")))
    with scope.floor(None):
        slot = Slot.objects.get()
        assert slot.free_at <= server_time()  # given back with the answer
        Slot.objects.update(held_by=-1, free_at=server_time() + timedelta(seconds=LEASE_SECONDS))
    run = started(stage, "web")
    assert stage.run(run).waits_for == "slot"
    with scope.floor(None):
        Slot.objects.update(free_at=server_time() - timedelta(seconds=1))
    later(stage)
    assert stage.run(run).state == "done"


def test_an_answer_is_kept_when_there_is_no_room_for_the_next_call(stage, web, monkeypatch):
    monkeypatch.setattr(limiting, "MINUTE_SECONDS", 1.0)
    joined(stage, web, most_a_minute=1)
    runs = ready(stage, 1, calling(command("POST /things"), command("POST /others")))
    assert worked_off(stage, runs, workers=1, seconds=30) == {"done"}
    assert [one.path for one in web.requests] == ["/things", "/others"]
    with scope.floor(None):
        assert set(StepAttempt.objects.filter(run=runs[0], kind="http").values_list("state", "attempt")) == {("ok", 1)}


@pytest.mark.parametrize("answers", [1, 6])
def test_a_product_that_names_a_time_is_left_alone_until_then(stage, web, answers):
    joined(stage, web)
    web.answers = [(429, {}, {"Retry-After": "1800"})] * answers
    run = begin(stage, calling(command("POST /things")))
    with scope.floor(None):
        due = Timer.objects.get(run=run, fired_at=None).due_at
    assert timedelta(minutes=29) < due - server_time() <= timedelta(minutes=30)
    stage.work()
    assert len(web.requests) == 1
    for _ in range(answers):
        later(stage)
    assert (stage.run(run).state, len(web.done)) == ("done", 1)


@pytest.mark.parametrize(("field", "most"), [("most_at_once", 0), ("most_at_once", 1001), ("most_a_minute", -1), ("most_a_minute", 10_001)])
def test_a_limit_that_is_none_is_refused(stage, web, field, most):
    with pytest.raises(Invalid) as refused:
        joined(stage, web, **{field: most})
    assert refused.value.field == field


def test_a_limit_that_changes_leaves_as_many_slots(stage, web):
    for most in (3, 1, None, 2):
        joined(stage, web, most_at_once=most, most_a_minute=most)
        with scope.floor(None):
            assert Slot.objects.count() == 2 * (most or 0)
