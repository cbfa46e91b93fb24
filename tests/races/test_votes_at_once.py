"""Votes that arrive together: one of each side counts, the others are told."""

import threading

import pytest
from django.db import connection

from playbooks.models import Vote
from playbooks.operations.voting import AlreadyVoted, ApprovalDecidedAlready, vote
from tenants.gates.opening import opened
from tenants.isolation import scope
from tests.playbooks.conftest import product, stage, things

__all__ = ["product", "stage", "things"]

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_votes_of_the_floor_at_once_are_one_vote(stage):
    run = stage.start()
    stage.work()
    asked = stage.approval(run)
    gate, outcomes = threading.Barrier(4), []

    def give(by, kind):
        gate.wait()
        try:
            with opened(by):
                vote(approval=str(asked.public_id), hash=asked.hash, vote=kind, reason="At once", by=by)
            outcomes.append("counted")
        except (AlreadyVoted, ApprovalDecidedAlready):
            outcomes.append("refused")
        finally:
            connection.close()

    voters = [(stage.cast.ana, "approve"), (stage.cast.lee, "deny"), (stage.cast.ana, "deny"), (stage.cast.lee, "approve")]
    threads = [threading.Thread(target=give, args=one) for one in voters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["counted", "refused", "refused", "refused"]
    with scope.floor(None):
        (counted,) = Vote.objects.all()
    decided = stage.approval(run)
    assert decided.state == {"approve": "approved", "deny": "denied"}[counted.vote]
