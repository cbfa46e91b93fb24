"""Forks: a run taken up at one of its events, each step replayed, simulated or done for real, and nothing inherited of approvals."""

import pytest

from playbooks.models import Approval, Effect, RunEvent, StepAttempt, Undo
from playbooks.operations.answering import answer
from playbooks.operations.forking import MOST_FORKS, fork_run
from playbooks.operations.voting import vote
from playbooks.queries.moments import state_at
from tenants.errors import Conflict, Invalid, NotAllowed, Unknown
from tenants.gates.opening import opened
from tenants.isolation import scope
from tests.playbooks.books import END, http, note
from tests.playbooks.test_the_engine import approved

pytestmark = pytest.mark.django_db(transaction=True)


def fork(stage, run, at, by=None, work=True, reason="What if", **ways):
    by = by or stage.cast.ana
    with opened(by):
        made = fork_run(run=str(run.public_id), at=at, policies=ways.pop("policies", ways or None), reason=reason, by=by)
    if work:
        stage.work()
    return stage.run(made)


def event(run, kind, name=""):
    with scope.floor(None):
        return RunEvent.objects.filter(run=run, kind=kind, text__startswith=name).order_by("no").first()


def done(stage):
    run = approved(stage)
    stage.work()
    return stage.run(run)


def test_a_fork_that_simulates_goes_its_way_without_a_touch(stage):
    run = done(stage)
    before, notes = len(stage.product.orders()), len(stage.things.done)
    made = fork(stage, run, event(run, "ok").no)
    assert (made.state, made.mode, made.detail) == ("done", "simulate", "Isolated")
    assert (made.forked_from_id, made.forked_at, made.version_hash) == (run.pk, event(run, "ok").no, run.version_hash)
    assert (len(stage.product.orders()), len(stage.things.done)) == (before, notes)
    with scope.floor(None):
        assert not Approval.objects.filter(run=made).exists() and not Undo.objects.filter(run=made).exists()


def test_a_replayed_fork_takes_what_was_recorded(stage):
    run = done(stage)
    before = len(stage.product.orders())
    made = fork(stage, run, event(run, "ok").no, policies={"*": "replay"})
    assert (made.state, made.mode) == ("done", "simulate")
    assert {k: v for k, v in made.variables.items() if k != "__problem__"} == {k: v for k, v in run.variables.items() if k != "__problem__"}
    assert len(stage.product.orders()) == before
    with scope.floor(None):
        tried = set(
            StepAttempt.objects.filter(run=made, kind__in=["http", "local"]).exclude(response__tried=None).values_list("response__tried")
        )
        assert tried == {("replay",)} and not Effect.objects.filter(effect_key__in=made.attempts.values("effect_key")).exists()


def test_a_real_fork_asks_for_new_votes_and_not_who_forked_it(stage):
    run = done(stage)
    before = len(stage.product.orders())
    made = fork(stage, run, event(run, "ok").no, policies={"*": "real"})
    assert (made.mode, made.waits_for) == ("real", "approval")
    asked = stage.approval(made)
    with opened(stage.cast.ana), pytest.raises(NotAllowed):
        vote(approval=str(asked.public_id), hash=asked.hash, vote="approve", reason="Mine", by=stage.cast.ana)
    with opened(stage.cast.lee):
        vote(approval=str(asked.public_id), hash=asked.hash, vote="approve", reason="Yes", by=stage.cast.lee)
    stage.work()
    assert stage.run(made).state == "done" and len(stage.product.orders()) == before + 1


def test_the_variables_and_the_place_are_those_of_the_moment(stage):
    run = done(stage)
    at = event(run, "ok").no
    made = fork(stage, run, at, work=False)
    with scope.floor(None):
        then, begun = state_at(run, at), state_at(made)
    assert made.variables == then.values
    assert sorted(begun.cursors.values()) == sorted(then.cursors.values())


WAYS = {
    "start": {"type": "start", "on_completion": "call"},
    "call": http("POST /hosts/all/isolate HTTP/1.1", on_success="say", on_failure="bad"),
    "say": note("Heard __word__:value", on_completion="end"),
    "bad": note("silent", on_completion="end2"),
    "end": END,
    "end2": END,
}


def test_what_would_run_otherwise_is_asked_about_and_not_taken_silently(stage):
    run = done(stage)
    at = event(run, "ok").no
    made = fork(stage, run, at, work=False, policies={"*": "replay"})
    with scope.floor(None):
        type(made).objects.filter(pk=made.pk).update(variables={**made.variables, "__host__": "ws-2.north.example"})
    stage.tampered = True  # a changed variable stands in no event
    stage.work()
    made = stage.run(made)
    assert (made.state, made.waits_for) == ("waiting", "person")
    with scope.floor(None):
        (asked,) = StepAttempt.objects.filter(run=made, state="unknown")
    assert asked.detail.startswith("Replay: What would run now differs from what was recorded")
    with opened(stage.cast.ana):
        answer(step=str(asked.public_id), answer="no", reason="Another host", by=stage.cast.ana)
    stage.work()
    with scope.floor(None):
        assert StepAttempt.objects.get(pk=asked.pk).state == "failed"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"at": 0}, "at"),
        ({"at": "x"}, "at"),
        ({"at": 10_000}, "at"),
        ({"at": 1}, "at"),
        ({"policies": {"*": "never"}}, "policies"),
        ({"policies": {"action--x": "real"}}, "policies"),
        ({"policies": []}, "policies"),
        ({"policies": {"*": {}}}, "policies"),
        ({"reason": " "}, "reason"),
        ({"reason": None}, "reason"),
    ],
)
def test_bad_input_names_its_field(stage, given, field):
    run = done(stage)
    ask = {"at": event(run, "ok").no, "policies": {}, "reason": "x", **given}
    with opened(stage.cast.ana), pytest.raises(Invalid) as caught:
        fork_run(run=str(run.public_id), **ask, by=stage.cast.ana)
    assert caught.value.field == field


def test_strangers_fork_nothing_and_rows_of_forks_end(stage):
    run = done(stage)
    at = event(run, "ok").no
    for by, refusal in ((stage.cast.nia, Unknown), (stage.cast.sol, Unknown)):
        with opened(by), pytest.raises(refusal):
            fork_run(run=str(run.public_id), at=at, policies={}, reason="x", by=by)
    for _ in range(MOST_FORKS):
        run = fork(stage, run, event(run, "ok").no)
    with pytest.raises(Conflict, match="deep"):
        fork(stage, run, event(run, "ok").no)


@pytest.mark.parametrize("way", ["simulate", "replay"])
def test_every_step_that_ended_can_be_forked_from(stage, way):
    run = approved(stage, hosts=["dc-01"])  # it opens a branch
    stage.work()
    run = stage.run(run)
    with scope.floor(None):
        ends = list(RunEvent.objects.filter(run=run, kind__in=["ok", "failed", "skipped"]).values_list("no", flat=True))
    made = [fork(stage, run, no, policies={"*": way}) for no in ends]
    assert len(made) > 3 and {one.state for one in made} == {"done"}, [(one.state, one.waits_for, one.detail) for one in made]
