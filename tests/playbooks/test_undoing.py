"""Taking back what a run did: a run of its own, once for each effect, on exactly what a person saw."""

import json
import threading
from datetime import timedelta

import pytest
from django.db import connection

from playbooks.definition.graph import EXTENSION
from playbooks.library import BOOKS, text_of
from playbooks.models import Approval, Run, StepAttempt, Timer, Undo
from playbooks.operations.answering import answer
from playbooks.operations.connecting import connect
from playbooks.operations.publishing import publish
from playbooks.operations.undoing import NothingLeft, put_off, take_back
from playbooks.operations.voting import HashMismatch, vote
from playbooks.queries.undoing import plan_for
from tenants.actors import server_time, system
from tenants.errors import Conflict, DomainError, Invalid, NotAllowed, Unknown
from tenants.gates.opening import opened
from tenants.isolation import scope
from tests.playbooks.test_the_engine import approved, hurry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def done(stage):
    run = approved(stage)
    stage.work()
    assert stage.run(run).detail == "Isolated"
    return run


def plan(stage, run, by=None, **more):
    with opened(by or stage.cast.ana):
        return plan_for(str(run.public_id), by or stage.cast.ana, **more)


def ask_back(stage, one, by=None, **changed):
    by = by or stage.cast.ana
    known = changed.get("hash", "") == "" and plan(stage, one).hash
    given = {"run": str(one.public_id), "hash": known, "reason": "It was a false alarm.", **changed}
    with opened(by):
        return take_back(**given, by=by)


def agree(stage, run, by):
    asked = stage.approval(run)
    with opened(by):
        return vote(approval=str(asked.public_id), hash=asked.hash, vote="approve", reason="Yes", by=by)


def undos(run):
    with scope.floor(None):
        return list(Undo.objects.filter(run=run).order_by("id"))


def releases(stage):
    return [headers["idempotency-key"] for method, path, headers, _ in stage.product.requests if path.endswith("/release")]


def test_what_was_done_is_taken_back_by_a_run_that_asks_somebody_else(stage, done):
    shown = plan(stage, done)
    assert [one.text for one in shown.entries] == ["Release ws-1.north.example from isolation, through the same product"]
    assert shown.left == 1 and shown.asks
    doing = ask_back(stage, done)
    stage.work()
    asked = stage.approval(doing)
    assert (asked.hash, asked.asks_agency) == (shown.hash, False)
    assert releases(stage) == []
    with pytest.raises(NotAllowed):
        agree(stage, doing, stage.cast.ana)
    agree(stage, doing, stage.cast.lee)
    stage.work()
    over = stage.run(doing)
    assert (over.state, over.detail) == ("done", "1 of 1 taken back")
    (one,) = undos(done)
    assert (one.state, one.undone_by_id, one.ended_at is not None) == ("done", doing.pk, True)
    assert len(releases(stage)) == 1
    assert stage.run(done).state == "done"
    with pytest.raises(NothingLeft):
        ask_back(stage, done)


def test_a_plan_that_was_not_approved_takes_nothing_back_and_may_be_asked_again(stage, done):
    doing = ask_back(stage, done)
    stage.work()
    asked = stage.approval(doing)
    with opened(stage.cast.lee):
        vote(approval=str(asked.public_id), hash=asked.hash, vote="deny", reason="It is infected after all", by=stage.cast.lee)
    stage.work()
    over = stage.run(doing)
    assert over.state == "failed" and "It is infected after all" in over.detail
    assert (undos(done)[0].state, releases(stage)) == ("registered", [])
    assert ask_back(stage, done).pk != doing.pk


def test_two_people_take_back_at_once_and_it_is_taken_back_once(stage, done):
    gate, began, refused = threading.Barrier(2), [], []
    shown = plan(stage, done).hash

    def go(by):
        gate.wait()
        try:
            began.append(ask_back(stage, done, by, hash=shown))
        except DomainError as error:
            refused.append(error.code)
        connection.close()

    threads = [threading.Thread(target=go, args=(one,)) for one in (stage.cast.ana, stage.cast.lee)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert (len(began), refused) == (1, ["nothing_to_undo"])
    with scope.floor(None):
        assert Run.objects.filter(undoes=done).count() == 1


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"hash": "0" * 64}, HashMismatch),
        ({"hash": None}, Invalid),
        ({"reason": "  "}, Invalid),
        ({"entries": ["no-such"]}, NothingLeft),
        ({"entries": "all"}, Invalid),
        ({"entries": []}, Invalid),
        ({"run": "no-such"}, Unknown),
    ],
)
def test_a_wrong_wish_changes_nothing(stage, done, changed, error):
    with pytest.raises(error):
        ask_back(stage, done, **changed)
    assert undos(done)[0].state == "registered"
    with scope.floor(None):
        assert not Run.objects.filter(undoes=done).exists()


@pytest.mark.parametrize(("who", "error"), [("nia", Unknown), ("aud", NotAllowed), ("sol", Unknown)])
def test_only_the_floor_takes_back(stage, done, who, error):
    with pytest.raises(error):
        ask_back(stage, done, getattr(stage.cast, who), hash=plan(stage, done).hash)
    assert undos(done)[0].state == "registered"


def test_a_plan_that_changed_since_it_was_shown_is_not_carried_out(stage, done):
    shown = plan(stage, done).hash
    with scope.floor(None):
        at = {"base_url": stage.product.address, "named_networks": ["127.0.0.1/32"], "secret_name": "edr-2"}
        connect(agency_id=stage.cast.north.pk, kind="endpoint", name="NORTH EDR", by=stage.cast.ada, **at)
    with pytest.raises(HashMismatch):
        ask_back(stage, done, hash=shown)


def test_a_connector_that_changes_after_the_approval_is_not_called(stage, done):
    doing = ask_back(stage, done)
    stage.work()
    agree(stage, doing, stage.cast.lee)
    with scope.floor(None):
        at = {"base_url": stage.product.address, "named_networks": ["127.0.0.1/32"], "secret_name": "edr-2"}
        connect(agency_id=stage.cast.north.pk, kind="endpoint", name="NORTH EDR", by=stage.cast.ada, **at)
    stage.work()
    over = stage.run(doing)
    assert over.state == "failed" and releases(stage) == []
    assert undos(done)[0].state == "failed"


def test_one_that_fails_stays_and_may_be_tried_again_under_the_same_key(stage, done):
    doing = ask_back(stage, done)
    stage.work()
    agree(stage, doing, stage.cast.lee)
    stage.product.answer_with = [403]
    stage.work()
    over = stage.run(doing)
    assert over.state == "failed" and over.detail.startswith("0 of 1 taken back. The product refused with 403")
    assert undos(done)[0].state == "failed"
    again = ask_back(stage, done)
    stage.work()
    agree(stage, again, stage.cast.lee)
    stage.work()
    assert undos(done)[0].state == "done"
    first, second = releases(stage)
    assert first == second


def test_what_passes_is_tried_again_by_itself(stage, done):
    doing = ask_back(stage, done)
    stage.work()
    agree(stage, doing, stage.cast.lee)
    stage.product.answer_with = [429, 503]
    stage.work()
    assert undos(done)[0].state == "under_way"
    for _ in range(3):
        hurry()
        stage.work()
    assert (stage.run(doing).state, undos(done)[0].state, len(set(releases(stage)))) == ("done", "done", 1)


def lasting(stage, seconds=3600.0):
    """The malware book, with an isolation that ends by itself."""
    document = json.loads(text_of(BOOKS["malware-on-a-host"]))
    (step,) = [one for one in document["workflow"].values() if one.get("name") == "Isolate the host"]
    step["step_extensions"][EXTENSION]["undo_after"] = seconds
    with scope.floor(None):
        publish(slug="malware-on-a-host", document=document | {"modified": "2027-01-01T00:00:00.000Z"}, by=system("test"))
    run = approved(stage)
    stage.work()
    return run


def ring_now(run):
    """The approved time of what a run did is over now."""
    with scope.floor(None):
        Undo.objects.filter(run=run).update(due_at="2020-01-01T00:00Z")
        Timer.objects.filter(run=run, purpose__startswith="undo:").update(due_at="2020-01-01T00:00Z")


def test_what_was_approved_for_a_time_ends_by_itself_and_asks_nobody(stage):
    run = lasting(stage)
    with scope.floor(None):
        asked = Approval.objects.get(run=run)
        assert asked.rendered["undo"]["after"] == 3600.0
    (one,) = undos(run)
    assert (one.due_at - one.at).total_seconds() == 3600
    stage.work()
    assert releases(stage) == []
    ring_now(run)
    stage.work()
    with scope.floor(None):
        doing = Run.objects.get(undoes=run)
    assert (doing.state, doing.started_by_person_id, doing.why) == ("done", None, "The time that was approved for it is over.")
    assert stage.approval(doing) is None
    assert (undos(run)[0].state, len(releases(stage))) == ("done", 1)
    ring_now(run)
    stage.work()
    assert len(releases(stage)) == 1


def test_it_ends_by_itself_also_when_the_run_was_cancelled(stage):
    run = lasting(stage)
    with scope.floor(None):
        Run.objects.filter(pk=run.pk).update(state="cancelled")
    ring_now(run)
    stage.work()
    assert undos(run)[0].state == "done"


def test_a_person_lets_it_last_longer_with_a_reason(stage):
    run = lasting(stage)
    ana, entry = stage.cast.ana, plan(stage, run).entries[0].id
    until = (server_time() + timedelta(hours=5)).isoformat(timespec="seconds")
    ring_now(run)
    with opened(ana):
        put_off(run=str(run.public_id), entry=entry, until=until, reason="The forensics are not done", by=ana)
    stage.work()
    assert (undos(run)[0].state, releases(stage)) == ("registered", [])
    assert undos(run)[0].due_at.isoformat(timespec="seconds") == until
    for wrong in ({"until": "2020-01-01T00:00:00Z"}, {"until": "soon"}, {"until": None}, {"reason": ""}):
        with pytest.raises(Invalid), opened(ana):
            put_off(**{"run": str(run.public_id), "entry": entry, "until": until, "reason": "Longer", "by": ana, **wrong})
    with pytest.raises(Invalid), opened(ana):
        put_off(run=str(run.public_id), entry=str(run.public_id), until=until, reason="Longer", by=ana)
    ring_now(run)
    stage.work()
    with pytest.raises(NothingLeft), opened(ana):
        put_off(run=str(run.public_id), entry=entry, until=until, reason="Longer", by=ana)


def test_one_effect_may_be_ended_early_while_its_run_goes_on(stage):
    run = lasting(stage)
    with scope.floor(None):
        Run.objects.filter(pk=run.pk).update(state="waiting", ended_at=None, waits_for="person")
    with pytest.raises(Conflict):
        ask_back(stage, run)
    shown = plan(stage, run)
    doing = ask_back(stage, run, hash=shown.hash, entries=[shown.entries[0].id])
    stage.work()
    agree(stage, doing, stage.cast.lee)
    stage.work()
    assert undos(run)[0].state == "done"


def test_an_answer_that_it_happened_registers_how_it_is_taken_back(stage):
    stage.product.drop = [True] * 20
    run = approved(stage)
    with scope.floor(None):
        StepAttempt.objects.filter(run=run, name="Isolate the host").update(state="unknown", detail="Nobody knows")
        attempt = StepAttempt.objects.get(run=run, name="Isolate the host")
    with opened(stage.cast.ana):
        answer(step=str(attempt.public_id), answer="yes", reason="I looked", by=stage.cast.ana)
    assert [one.state for one in undos(run)] == ["registered"]
