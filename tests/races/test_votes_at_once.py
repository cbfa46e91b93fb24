"""Votes that arrive together: one of each side counts, the others are told."""

import pytest

from playbooks.models import BrokenGlass, Vote
from playbooks.operations.breaking import break_glass
from playbooks.operations.voting import AlreadyVoted, ApprovalDecidedAlready, vote
from tenants.gates.opening import opened
from tenants.isolation import scope
from tenants.models import Entry
from tests.playbooks.conftest import product, stage, things
from tests.races.threads import at_once

__all__ = ["product", "stage", "things"]

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_votes_of_the_floor_at_once_are_one_vote(stage):
    run = stage.start()
    stage.work()
    asked = stage.approval(run)

    def voting(by, kind):
        def call():
            with opened(by):
                return vote(approval=str(asked.public_id), hash=asked.hash, vote=kind, reason="At once", by=by)

        return call

    voters = [(stage.cast.ana, "approve"), (stage.cast.lee, "deny"), (stage.cast.ana, "deny"), (stage.cast.lee, "approve")]
    outcomes = at_once(*[voting(*one) for one in voters])
    refused = [one for one in outcomes if isinstance(one, AlreadyVoted | ApprovalDecidedAlready)]
    assert len(refused) == 3, outcomes
    with scope.floor(None):
        (counted,) = Vote.objects.all()
    decided = stage.approval(run)
    assert decided.state == {"approve": "approved", "deny": "denied"}[counted.vote]


def test_the_last_two_votes_at_once_decide_once(stage):
    run = stage.start(agency="south", hosts=["ws-9.south.example"])
    stage.work()
    asked = stage.approval(run)

    def voting(by):
        def call():
            with opened(by):
                return vote(approval=str(asked.public_id), hash=asked.hash, vote="approve", reason="At once", by=by)

        return call

    outcomes = at_once(voting(stage.cast.ana), voting(stage.cast.sol))
    assert sorted(one.state for one in outcomes) == ["approved", "open"], outcomes
    with scope.floor(None):
        assert Vote.objects.count() == 2
        assert Entry.objects.filter(kind="playbooks.ApprovalDecided").count() == 1
    stage.work()
    assert len(stage.product.orders()) == 1


def test_a_vote_and_a_broken_glass_at_once_decide_once(stage):
    run = stage.start()
    stage.work()
    asked = stage.approval(run)
    given = {"approval": str(asked.public_id), "hash": asked.hash, "reason": "At once"}

    def voting():
        with opened(stage.cast.ana):
            return vote(**given, vote="deny", by=stage.cast.ana)

    def breaking():
        with opened(stage.cast.lee):
            return break_glass(**given, target=asked.rendered["targets"][0], by=stage.cast.lee)

    outcomes = at_once(voting, breaking)
    assert sum(isinstance(one, ApprovalDecidedAlready) for one in outcomes) == 1, outcomes
    with scope.floor(None):
        assert Entry.objects.filter(kind="playbooks.ApprovalDecided").count() == 1
        is_broken = BrokenGlass.objects.exists()
    assert stage.approval(run).state == ("approved" if is_broken else "denied")
