"""Cancelling a run: it goes no further, a call that is out stays in doubt, and what was done may be taken back with it."""

import threading

import pytest
from django.db import connection

from playbooks.engine import working
from playbooks.engine.claiming import claim
from playbooks.engine.performing import perform
from playbooks.models import Approval, Effect, Run, StepAttempt, Undo
from playbooks.operations.cancelling import RunIsOver, cancel_run
from playbooks.operations.publishing import publish
from playbooks.operations.starting import start_run
from playbooks.operations.undoing import NothingLeft
from playbooks.operations.voting import HashMismatch
from tenants.actors import system
from tenants.errors import DomainError, Invalid, NotAllowed, Unknown
from tenants.gates.opening import opened
from tenants.isolation import scope
from tests.playbooks.books import END, START, book, manual
from tests.playbooks.test_the_engine import approved, hurry
from tests.playbooks.test_undoing import agree, plan, releases, undos

pytestmark = pytest.mark.django_db(transaction=True)


def cancel(stage, one, by=None, **changed):
    by = by or stage.cast.ana
    given = {"run": str(one.public_id), "reason": "The host is a honeypot.", **changed}
    with opened(by):
        return cancel_run(**given, by=by)


@pytest.fixture
def asking(stage):
    run = stage.start()
    stage.work()
    return run


def called(stage):
    """A run that stands at a person's task, in a run that a step of another one started."""
    inner = book({"start": START, "first": manual("Look around", on_completion="end"), "end": END}, start="start", name="Inner")
    calls = {"type": "playbook-action", "name": "Run the inner book", "playbook_id": inner["id"], "on_completion": "end"}
    outer = book({"start": START, "first": calls, "end": END}, start="start", name="Outer")
    one = stage.cast.north
    with scope.floor(None):
        for name, document in (("inner", inner), ("outer", outer)):
            publish(slug=name, document=document, by=system("test"))
    with scope.agency(one.pk):
        by = system("test", agency_id=one.pk)
        run = start_run(agency_id=one.pk, subject="case:8", book="outer", variables={}, why="A test", by=by)
    stage.work()
    with scope.floor(None):
        return run, Run.objects.get(parent_attempt__run=run)


def test_a_cancelled_run_goes_no_further_and_its_question_is_void(stage, asking):
    asked = stage.approval(asking)
    fence = stage.run(asking).fence
    cancel(stage, asking)
    over = stage.run(asking)
    assert (over.state, over.detail) == ("cancelled", "Ana Diaz cancelled it: The host is a honeypot.")
    assert over.fence == fence + 1
    assert stage.approval(asking).state == "void"
    with pytest.raises(DomainError):
        agree(stage, asking, stage.cast.lee)
    hurry()
    stage.work()
    assert stage.product.requests == [] and stage.run(asking).state == "cancelled"
    assert asked.pk == stage.approval(asking).pk
    with pytest.raises(RunIsOver):
        cancel(stage, asking)


@pytest.mark.parametrize(("who", "error"), [("nia", Unknown), ("aud", NotAllowed), ("sol", Unknown)])
def test_only_the_floor_cancels(stage, asking, who, error):
    with pytest.raises(error):
        cancel(stage, asking, getattr(stage.cast, who))
    assert stage.run(asking).state == "waiting"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"reason": ""}, Invalid),
        ({"reason": None}, Invalid),
        ({"reason": "a\x00b"}, Invalid),
        ({"run": "x"}, Unknown),
        ({"hash": "0" * 64}, HashMismatch),
        ({"take_back": True}, NothingLeft),
    ],
)
def test_a_wrong_wish_cancels_nothing(stage, asking, changed, error):
    with pytest.raises(error):
        cancel(stage, asking, **changed)
    assert stage.run(asking).state == "waiting"


def test_two_people_cancel_and_one_of_them_is_told_that_it_is_over(stage, asking):
    gate, told = threading.Barrier(2), []

    def go(by):
        gate.wait()
        try:
            cancel(stage, asking, by)
            told.append("cancelled")
        except DomainError as error:
            told.append(error.code)
        connection.close()

    threads = [threading.Thread(target=go, args=(one,)) for one in (stage.cast.ana, stage.cast.lee)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert sorted(told) == ["cancelled", "run_over"]


def test_a_run_that_was_called_goes_with_the_one_that_called_it(stage):
    outer, inner = called(stage)
    cancel(stage, outer)
    assert (stage.run(outer).state, stage.run(inner).state) == ("cancelled", "cancelled")
    with scope.floor(None):
        assert not StepAttempt.objects.filter(run__in=[outer, inner], state__in=("planned", "started")).exists()


def test_who_called_a_cancelled_run_goes_its_failure_way(stage):
    outer, inner = called(stage)
    cancel(stage, inner)
    stage.work()
    assert stage.run(inner).state == "cancelled"
    over = stage.run(outer)
    assert over.state == "failed" and "The host is a honeypot" in over.detail + str(over.variables)


def test_a_call_that_is_out_stays_in_doubt_and_its_answer_is_kept(stage):
    run = approved(stage)
    hand = claim(stage.cast.north.pk, clock=working.server_time)
    intent = working.go_on(hand)
    outcome = perform(intent)  # the product has done it, and nothing of it is written down
    cancel(stage, run)
    working.record_outcome(hand, intent, outcome)
    with pytest.raises(working.Moved):
        working.go_on(hand)
    working.keep_effect(intent, outcome)
    with scope.floor(None):
        attempt = StepAttempt.objects.get(run=run, name="Isolate the host")
        assert (attempt.state, Effect.objects.count()) == ("failed", 1)
        assert attempt.detail.endswith("It is not known whether it happened.")
        assert Undo.objects.get(run=run).state == "registered"
    assert stage.run(run).state == "cancelled"


def test_a_worker_whose_run_is_cancelled_while_it_calls_writes_nothing_and_it_is_taken_back_after(stage):
    stage.product.hold = 1.0
    run = approved(stage)
    worker = threading.Thread(target=lambda: (stage.work(), connection.close()))
    worker.start()
    while not stage.product.orders():
        pass
    shown = plan(stage, run)
    assert [(one.note, one.is_left) for one in shown.entries] == [("It is not known whether it happened.", True)]
    _, doing = cancel(stage, run, take_back=True, hash=shown.hash)
    with scope.floor(None):
        assert doing.wake_at == Run.objects.get(pk=run.pk).lease_until, "what is out may arrive until the lease of its worker ends"
    worker.join()
    assert (stage.run(run).state, len(stage.product.orders())) == ("cancelled", 1)
    hurry()
    stage.work()
    agree(stage, doing, stage.cast.lee)
    stage.work()
    assert (stage.run(doing).state, undos(run)[0].state, len(releases(stage))) == ("done", "done", 1)


def test_cancelling_what_takes_back_leaves_the_rest_to_another(stage):
    run = approved(stage)
    stage.work()
    from tests.playbooks.test_undoing import ask_back

    doing = ask_back(stage, run)
    stage.work()
    cancel(stage, doing)
    assert (stage.approval(doing).state, undos(run)[0].state) == ("void", "registered")
    again = ask_back(stage, run, stage.cast.lee)
    stage.work()
    agree(stage, again, stage.cast.ana)
    stage.work()
    assert undos(run)[0].state == "done"
    with scope.floor(None):
        assert Approval.objects.filter(run=again, state="approved").count() == 1
