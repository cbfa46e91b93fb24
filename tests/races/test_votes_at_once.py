"""Votes that arrive together: one of each side counts, the others are told."""

import pytest

from playbooks.models import Vote
from playbooks.operations.voting import AlreadyVoted, ApprovalDecidedAlready, vote
from tenants.gates.opening import opened
from tenants.isolation import scope
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
