"""The engine on real rows and real HTTP: what fails, what is asked first, what is never repeated."""

import threading
import time
from dataclasses import replace

import pytest
from django.db import OperationalError, connection
from psycopg.errors import DiskFull

from playbooks.connectors.speaking import DEADLINE_SECONDS
from playbooks.engine import planning, working
from playbooks.engine.claiming import LEASE_SECONDS, again, claim
from playbooks.engine.hand import FencedOff, Moved
from playbooks.engine.performing import perform
from playbooks.models import Effect, Frame, Run, StepAttempt, Timer, TriggerRule, Version
from playbooks.operations.connecting import connect
from playbooks.operations.publishing import publish
from playbooks.operations.starting import start_matching_runs, start_run
from playbooks.operations.voting import vote
from tenants.actors import system
from tenants.gates.opening import opened
from tenants.isolation import scope
from tests.playbooks.books import END, book

pytestmark = pytest.mark.django_db(transaction=True)


def approve(stage, run):
    asked = stage.approval(run)
    with opened(stage.cast.ana):
        vote(approval=str(asked.public_id), hash=asked.hash, vote="approve", reason="Yes", by=stage.cast.ana)


def attempts(run, name):
    with scope.floor(None):
        return list(StepAttempt.objects.filter(run=run, name=name).order_by("id"))


def hurry():
    """Every timer and every pause is over now."""
    with scope.floor(None):
        Timer.objects.filter(fired_at=None).update(due_at="2020-01-01T00:00Z")
        Run.objects.filter(state="ready").update(wake_at="2020-01-01T00:00Z")


def approved(stage, **facts):
    run = stage.start(**facts)
    stage.work()
    approve(stage, run)
    return run


def test_why_it_started_is_a_sentence_and_the_same_facts_start_it_once(stage):
    run = stage.start()
    assert run.why == "The case is of severity high and has a host, ws-1.north.example."
    one = stage.cast.north
    with scope.agency(one.pk):
        facts = {"severity": "critical", "hosts": ["ws-1.north.example"]}
        assert start_matching_runs(agency_id=one.pk, subject="case:1", facts=facts, by=system("again", agency_id=one.pk)) == []


@pytest.mark.parametrize("facts", [{"severity": "medium", "hosts": ["a"]}, {"severity": "high", "hosts": []}, {}])
def test_facts_that_do_not_fit_start_nothing(stage, facts):
    one = stage.cast.north
    with scope.agency(one.pk):
        assert start_matching_runs(agency_id=one.pk, subject="case:1", facts=facts, by=system("test", agency_id=one.pk)) == []


def test_two_workers_that_see_the_same_facts_start_one_run(stage):
    one = stage.cast.north
    begun, gate = [], threading.Barrier(4)

    def see():
        gate.wait()
        with scope.agency(one.pk):
            facts = {"severity": "high", "hosts": ["ws-1"]}
            begun.extend(start_matching_runs(agency_id=one.pk, subject="case:7", facts=facts, by=system("t", agency_id=one.pk)))
        connection.close()

    threads = [threading.Thread(target=see) for _ in range(4)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert len(begun) == 1


def test_a_host_of_high_value_takes_the_branch_and_comes_back(stage):
    run = stage.start(hosts=["dc-01"])
    stage.work()
    assert [verb for verb, _, _ in stage.things.done] == ["note", "task"]
    with scope.floor(None):
        branch = Frame.objects.get(run=run, branch="on_true")
        assert branch.ended_at is not None
    assert stage.run(run).waits_for == "approval"


def test_a_host_name_cannot_leave_its_place_in_the_address(stage):
    run = stage.start(hosts=["../../admin?x=/isolate#"])
    stage.work()
    asked = stage.approval(run)
    assert asked.rendered["url"] == f"{stage.product.address}/hosts/..%2F..%2Fadmin%3Fx%3D%2Fisolate%23/isolate"


def test_a_lost_answer_is_asked_after_and_not_repeated(stage):
    stage.product.drop = [True]
    run = approved(stage)
    stage.work()
    assert stage.run(run).waits_for == "timer"
    hurry()
    stage.work()
    assert stage.run(run).detail == "Isolated"
    assert len(stage.product.orders()) == 1
    (one,) = attempts(run, "Isolate the host")
    assert (one.state, one.checks, one.detail) == ("ok", 1, "The product knows it already under this key")


def test_an_order_that_did_not_arrive_is_repeated_under_the_same_key(stage):
    stage.product.answer_with = [503]
    run = approved(stage)
    stage.work()
    hurry()
    stage.work()
    assert stage.run(run).detail == "Isolated"
    keys = stage.product.orders()
    assert len(keys) == 2 and len(set(keys)) == 1
    assert len(stage.product.isolations) == 1


def test_a_refusal_is_final_and_the_case_is_told(stage):
    stage.product.answer_with = [403]
    run = approved(stage)
    stage.work()
    assert stage.run(run).detail == "Not isolated"
    assert len(stage.product.orders()) == 1
    assert "refused with 403" in stage.things.done[-2][2]["text"]
    (one,) = attempts(run, "Isolate the host")
    assert one.response["body"] == {"said": "Bearer [secret edr]"}


def test_too_many_requests_passes_and_is_tried_again_without_a_new_vote(stage):
    stage.product.answer_with = [429]
    run = approved(stage)
    stage.work()
    hurry()
    stage.work()
    assert stage.run(run).detail == "Isolated"
    first, second = attempts(run, "Isolate the host")
    assert (first.state, second.state, first.effect_key == second.effect_key) == ("failed", "ok", True)


def test_a_redirect_is_not_followed(stage):
    stage.product.redirect_to = "http://169.254.169.254/latest/meta-data/"
    run = approved(stage)
    stage.work()
    assert stage.run(run).detail == "Not isolated"
    assert "redirects are not followed" in attempts(run, "Isolate the host")[0].detail


def test_a_missing_secret_sends_nothing(stage, monkeypatch):
    run = stage.start()
    stage.work()
    approve(stage, run)
    monkeypatch.delenv("SECRET_EDR")
    stage.work()
    assert stage.product.requests == []
    assert stage.run(run).detail == "Not isolated"


def test_an_action_that_does_not_fit_takes_its_way_and_one_without_a_way_ends_the_run_in_sight(stage):
    stage.things.refuse = {"task"}
    run = approved(stage)
    stage.work()
    over = stage.run(run)
    with scope.floor(None):
        failed = list(StepAttempt.objects.filter(run=run, state="failed").order_by("id").values_list("name", flat=True))
    # The first one names a way for failure, the second one does not.
    assert failed == ["Ask for the containment to be confirmed", "Ask for forensics"]
    assert over.state == "failed" and over.detail == "Ask for forensics: task does not fit."
    assert "The playbook stopped before its end. task does not fit." in stage.things.done[-1][2]["text"]


def test_who_was_fenced_off_writes_nothing_but_keeps_the_answer(stage):
    run = approved(stage)
    one = stage.cast.north
    zombie = claim(one.pk, clock=working.server_time)
    intent = working.go_on(zombie)
    outcome = perform(intent)
    with scope.floor(None):
        Run.objects.filter(pk=run.pk).update(lease_until="2020-01-01T00:00Z")
    assert claim(one.pk, clock=working.server_time).claim.fence == zombie.claim.fence + 1
    working.record_outcome(zombie, intent, outcome)
    with pytest.raises(Moved):
        working.go_on(zombie)
    with pytest.raises(FencedOff):
        again(zombie.claim, clock=working.server_time)
    working.keep_effect(intent, outcome)
    assert attempts(run, "Isolate the host")[0].state == "started"
    with scope.floor(None):
        assert Effect.objects.count() == 1
        Run.objects.filter(pk=run.pk).update(lease_until="2020-01-01T00:00Z")
    stage.work()
    assert stage.run(run).detail == "Isolated"
    assert len(stage.product.orders()) == 1
    assert attempts(run, "Isolate the host")[0].detail == "Known from an earlier worker's answer"


def test_two_workers_take_one_run(stage):
    run = approved(stage)
    one = stage.cast.north
    taken, gate = [], threading.Barrier(6)

    def take():
        gate.wait()
        taken.append(claim(one.pk, clock=working.server_time))
        connection.close()

    threads = [threading.Thread(target=take) for _ in range(6)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    (only,) = [c for c in taken if c is not None]
    assert only.claim.run == str(run.public_id)


def test_a_fault_of_our_own_puts_the_run_down_and_ends_it_after_several(stage, monkeypatch):
    monkeypatch.setattr(stage.things, "perform", None)
    from playbooks import catalogue

    def broken(context, args):
        raise RuntimeError("a bug")

    catalogue.register_action("case.note", broken, "broken")
    run = stage.start()
    for _ in range(working.MOST_FAULTS):
        stage.work()
        hurry()
    over = stage.run(run)
    assert (over.state, over.faults) == ("failed", working.MOST_FAULTS)


def test_an_outage_of_the_database_is_no_fault_of_the_run(stage, monkeypatch):
    from playbooks import catalogue

    monkeypatch.setattr(stage.things, "perform", None)

    def cut_off(context, args):
        raise OperationalError("the disk is full") from DiskFull("no space left on device")

    catalogue.register_action("case.note", cut_off, "cut off")
    run = stage.start()
    for _ in range(working.MOST_FAULTS + 1):
        stage.work()
        hurry()
    now = stage.run(run)
    assert (now.state, now.faults) == ("ready", 0)


def test_a_run_keeps_the_book_it_began_with_and_a_changed_one_stops_it(stage):
    run = stage.start()
    with scope.floor(None):
        version = Version.objects.get(pk=run.version_id)
        with pytest.raises(Exception, match="permission denied"):
            Version.objects.filter(pk=version.pk).update(canonical="{}")
    assert run.version_hash == version.content_hash


def test_no_rule_no_run(stage):
    with scope.floor(None):
        TriggerRule.objects.update(mode="off")
    one = stage.cast.north
    with scope.agency(one.pk):
        facts = {"severity": "high", "hosts": ["a"]}
        assert start_matching_runs(agency_id=one.pk, subject="case:1", facts=facts, by=system("test", agency_id=one.pk)) == []


def test_what_changes_while_a_worker_thinks_is_thought_of(stage):
    stage.product.drop = [True]
    run = approved(stage)
    stage.work()
    hurry()
    with scope.floor(None):
        Run.objects.filter(pk=run.pk).update(state="ready", wake_at="2020-01-01T00:00Z", waits_for="")
    hand = claim(stage.cast.north.pk, clock=working.server_time)
    working.work_timers(stage.cast.north.pk)  # the worker read that the timer has not fired
    with pytest.raises(Moved):
        working.go_on(hand)
    working.advance(again(hand.claim, clock=working.server_time))
    assert stage.run(run).detail == "Isolated"


def test_a_connector_that_changes_while_a_worker_thinks_is_not_called(stage):
    run = approved(stage)
    hand = claim(stage.cast.north.pk, clock=working.server_time)
    (key,) = hand.frames
    planning.rendered_for(hand, working.spot_at(hand, working.graph_in(hand), key), (0, 0))  # it has read the connector
    with scope.floor(None):
        changed = {"base_url": f"{stage.product.address}/v2", "named_networks": ["127.0.0.1/32"]}
        connect(agency_id=stage.cast.north.pk, kind="endpoint", name="NORTH EDR", by=stage.cast.ada, **changed)
    with pytest.raises(Moved):
        working.go_on(hand)
    working.advance(again(hand.claim, clock=working.server_time))
    assert stage.product.requests == []
    assert (stage.run(run).waits_for, stage.approval(run).state) == ("approval", "open")


def test_a_request_does_not_leave_when_the_lease_would_end_before_it(stage):
    run = approved(stage)
    intent = working.go_on(claim(stage.cast.north.pk, clock=working.server_time))
    with pytest.raises(FencedOff):
        perform(replace(intent, sure_until=time.monotonic() + DEADLINE_SECONDS - 1))
    assert stage.product.requests == []
    assert stage.run(run).state == "running"
    assert 2 * DEADLINE_SECONDS < LEASE_SECONDS  # asking and calling


def test_steps_share_a_commit_up_to_a_bound(stage):
    names = [f"q{n}" for n in range(45)]
    asks = {"type": "if-condition", "name": "Is it odd?", "condition": "__odd__:value = true"}
    steps = {name: {**asks, "on_true": f"e{name}", "on_completion": after} for name, after in zip(names, [*names[1:], "end"], strict=True)}
    steps |= {"start": {"type": "start", "on_completion": names[0]}, "end": END, **{f"e{name}": END for name in names}}
    with scope.floor(None):
        publish(slug="long", document=book(steps, start="start", odd={}), by=system("test"))
    one = stage.cast.north
    with scope.agency(one.pk):
        by = system("test", agency_id=one.pk)
        run = start_run(agency_id=one.pk, subject="case:5", book="long", variables={"odd": "no"}, why="A test", by=by)
    stage.work()
    assert stage.run(run).state == "done"
    with scope.floor(None), connection.cursor() as cursor:
        cursor.execute("SELECT count(*), count(DISTINCT xmin::text) FROM playbooks_stepattempt WHERE run_id = %s", [run.pk])
        assert cursor.fetchone() == (47, 3)
