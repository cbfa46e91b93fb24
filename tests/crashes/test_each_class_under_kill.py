"""SIGKILL before and after the call, for each class of effect: repeated, looked up or asked about, as the class says, and never more."""

import signal

import pytest

from playbooks.operations.answering import answer
from playbooks.operations.publishing import publish
from playbooks.operations.starting import start_run
from tenants.actors import system
from tenants.gates.opening import opened
from tenants.isolation import scope
from tests.crashes.test_the_engine_under_kill import the_lease_runs_out, work
from tests.machines.profiles import FACTOR
from tests.playbooks.web_product import calling, command, openc2, web_product
from tests.playbooks.web_stage import joined, latest

pytestmark = pytest.mark.django_db(transaction=True)

VERIFIABLE = {"effect": "verifiable", "lookup": "/orders/{key}"}
# What the agency connected, what the book sends; the requests that arrive when the worker dies before its call, and after it.
CLASSES = {
    "read": ("http", {}, command("GET /things/1"), ["GET"], ["GET", "GET"]),
    "idempotent, PUT": ("http", {}, command("PUT /things/1"), ["PUT"], ["PUT", "PUT"]),
    "idempotent, DELETE": ("http", {}, command("DELETE /things/1"), ["DELETE"], ["DELETE", "DELETE"]),
    "keyed": ("http", {"effect": "keyed"}, command("POST /things"), ["POST"], ["POST", "POST"]),
    "keyed, OpenC2": ("openc2", {}, openc2({"action": "contain", "target": {"device": {}}}), ["POST"], ["POST", "POST"]),
    "verifiable": ("http", VERIFIABLE, command("POST /things"), ["GET", "POST"], ["POST", "GET"]),
    "unsafe": ("http", {}, command("POST /things"), [], ["POST"]),
    "unsafe, PATCH": ("http", {}, command("PATCH /things/1"), [], ["PATCH"]),
}


@pytest.fixture
def web(monkeypatch):
    monkeypatch.setenv("SECRET_WEB", "the-secret-of-the-web-api")
    with web_product() as one:
        yield one


@pytest.fixture
def killed(stage, web):
    """A run whose worker dies at a point of its one call, again and again; then another goes on with it."""

    def kill(name, *points):
        kind, declared, sent, *_ = CLASSES[name]
        joined(stage, web, kind, **declared)
        north = stage.cast.north.pk
        with scope.floor(None):
            publish(slug="web", document=calling(sent), by=system("test"))
        with scope.agency(north):
            by = system("test", agency_id=north)
            run = start_run(agency_id=north, subject="case:5", book="web", variables={}, why="A test", by=by)
        for point in points:
            assert work(stage, point) == -signal.SIGKILL
            the_lease_runs_out()
        assert work(stage) == 0
        return run

    return kill


@pytest.mark.parametrize("point", ["before_call", "after_call"])
@pytest.mark.parametrize("name", CLASSES)
def test_killed_beside_the_call_the_step_goes_on_as_its_class_says(stage, web, killed, name, point):
    before, after = CLASSES[name][3:]
    run = killed(name, point)
    assert [one.method for one in web.requests] == (before if point == "before_call" else after)
    if name.startswith("unsafe"):
        one = latest(run)
        assert (stage.run(run).waits_for, one.state, one.detail[:19]) == ("person", "unknown", "The worker was lost")
        assert len(web.done) == (0 if point == "before_call" else 1)
        with opened(stage.cast.ana):
            answer(step=str(one.public_id), answer="yes", reason="I looked", by=stage.cast.ana)
        assert work(stage) == 0
        assert len(web.requests) == len(before if point == "before_call" else after), "an answer repeats nothing"
    else:
        assert len(web.done) == (0 if name == "read" else 1)
    assert stage.run(run).state == "done"


@pytest.mark.skipif(FACTOR == 1, reason="twenty seconds each: with MACHINES=2 and more")
@pytest.mark.parametrize(
    ("name", "arrived"),
    [("read", ["GET"] * 3), ("keyed", ["POST"] * 3), ("idempotent, PUT", ["PUT"] * 3), ("verifiable", ["GET", "POST", "GET"])],
)
def test_killed_again_and_again_there_is_one_effect_under_one_key(stage, web, killed, name, arrived):
    points = ["before_call", "after_call", *(["after_call"] if name != "verifiable" else [])]
    run = killed(name, *points)
    assert [one.method for one in web.requests] == arrived
    assert len({one.key for one in web.requests if one.method not in ("GET", "HEAD")}) <= 1
    assert (stage.run(run).state, len(web.done)) == ("done", 0 if name == "read" else 1)
