"""Dry runs: a simulated or shadow run does nothing outside, asks nobody, and nothing of it counts as done."""

import pytest

from playbooks.models import Approval, Effect, RunEvent, StepAttempt, Undo
from playbooks.operations.publishing import publish
from playbooks.operations.starting import start_run
from playbooks.states import RunMode
from tenants.actors import system
from tenants.isolation import scope
from tenants.models import Entry
from tests.playbooks.books import END, book, manual, note, step_id

pytestmark = pytest.mark.django_db(transaction=True)
FACTS = {"severity": "high", "hosts": ["ws-1.north.example"], "number": "T-1", "title": "Malware", "entity_kind": "host"}


def tried(stage, slug="malware-on-a-host", mode=RunMode.SIMULATE, **facts):
    one = stage.cast.north
    with scope.agency(one.pk):
        given = {"subject": "case:1", "variables": {**FACTS, **facts}, "why": "To see", "mode": mode}
        run = start_run(agency_id=one.pk, book=slug, by=system("test", agency_id=one.pk), **given)
    stage.work()
    return stage.run(run)


def published(stage, document, slug="small"):
    with scope.floor(None):
        publish(slug=slug, document=document, by=system("library"))


@pytest.mark.parametrize("mode", [RunMode.SIMULATE, RunMode.SHADOW])
def test_it_goes_the_whole_way_and_touches_nothing(stage, mode):
    run = tried(stage, mode=mode)
    assert (run.state, run.detail) == ("done", "Isolated")
    assert stage.product.orders() == [] and stage.product.asked() == [] and stage.things.done == []
    with scope.floor(None):
        assert not Approval.objects.exists() and not Undo.objects.exists() and not Effect.objects.exists()
        kinds = list(Entry.objects.filter(subject=run.journal_subject).order_by("id").values_list("kind", "data__mode"))
        (said,) = RunEvent.objects.filter(run=run, kind="would_ask").values_list("text", flat=True)
        sent = StepAttempt.objects.get(run=run, name="Isolate the host")
    assert kinds == [("playbooks.DryRunStarted", str(mode)), ("playbooks.DryRunEnded", str(mode))]
    assert said == "Would have asked for approval: Isolate host ws-1.north.example from the network"
    assert sent.rendered["url"].endswith("/hosts/ws-1.north.example/isolate")
    assert (sent.state, sent.response["tried"]) == ("ok", "simulate")


def test_a_dry_run_waits_for_no_time_and_for_no_person(stage):
    steps = {
        "start": {"type": "start", "on_completion": "wait"},
        "wait": note("Later", on_completion="ask") | {"delay": 86_400_000},
        "ask": manual("Call the owner of the host", on_completion="end"),
        "end": END,
    }
    published(stage, book(steps, start="start"))
    run = tried(stage, "small")
    assert run.state == "done"
    with scope.floor(None):
        asked = StepAttempt.objects.get(run=run, step_id=step_id("action", "ask"))
    assert asked.detail == "Would have asked Watch floor: Call the owner of the host"


def test_a_question_that_the_values_do_not_answer_stops_a_dry_run(stage):
    steps = {
        "start": {"type": "start", "on_completion": "which"},
        "which": {"type": "if-condition", "name": "Is it big", "condition": "__size__:value > 3", "on_true": "yes", "on_completion": "end"},
        "yes": {"type": "end"},
        "end": END,
    }
    published(stage, book(steps, start="start", size={}))
    run = tried(stage, "small")
    assert run.state == "stopped" and run.detail.startswith("Is it big needs a person: ")


def test_a_book_that_a_dry_run_calls_is_tried_out_too(stage):
    inner = book(
        {"start": {"type": "start", "on_completion": "say"}, "say": note("x", on_completion="end"), "end": END}, start="start", name="I"
    )
    published(stage, inner, "inner")
    steps = {
        "start": {"type": "start", "on_completion": "call"},
        "call": {"type": "playbook-action", "name": "Call it", "playbook_id": inner["id"], "on_completion": "end"},
        "end": END,
    }
    published(stage, book(steps, start="start", name="O"))
    run = tried(stage, "small", RunMode.SHADOW)
    assert run.state == "done" and stage.things.done == []
    with scope.floor(None):
        call = StepAttempt.objects.get(run=run, kind="book")
        assert type(run).objects.get(parent_attempt=call).mode == "shadow"
