"""SIGKILL around the call that takes an effect back: it is taken back once for the product, and the undo knows it."""

import signal

import pytest

from playbooks.models import Run, Undo
from playbooks.operations.undoing import take_back
from playbooks.operations.voting import vote
from playbooks.queries.undoing import plan_for
from tenants.gates.opening import opened
from tenants.isolation import scope
from tests.crashes.test_the_engine_under_kill import approved as approved
from tests.crashes.test_the_engine_under_kill import the_lease_runs_out, work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def undoing(stage, approved):
    stage.work()
    ana, run = stage.cast.ana, str(approved.public_id)
    with opened(ana):
        doing = take_back(run=run, hash=plan_for(run, ana).hash, reason="A false alarm.", by=ana)
    stage.work()
    asked = stage.approval(doing)
    with opened(stage.cast.lee):
        vote(approval=str(asked.public_id), hash=asked.hash, vote="approve", reason="Yes", by=stage.cast.lee)
    return doing


def released(stage):
    return [headers["idempotency-key"] for _, path, headers, _ in stage.product.requests if path.endswith("/release")]


@pytest.mark.parametrize("points", [("before_call",), ("after_call",), ("before_call", "after_call", "before_call")])
def test_killed_around_the_call_it_is_taken_back_under_one_key(stage, undoing, points):
    for point in points:
        assert work(stage, point) == -signal.SIGKILL
        with scope.floor(None):
            assert Undo.objects.get().state == "under_way"
        the_lease_runs_out()
    assert work(stage) == 0
    over = stage.run(undoing)
    assert (over.state, over.detail) == ("done", "1 of 1 taken back")
    with scope.floor(None):
        one = Undo.objects.get()
        assert (one.state, one.undone_by_id) == ("done", undoing.pk)
        assert Run.objects.filter(undoes__isnull=False).count() == 1
    assert len(set(released(stage))) == 1
    assert len(released(stage)) == 1 + points.count("after_call")
