"""A run under way: what its book's markings keep from leaving, which book it may not call, and when it is told to stop."""

from typing import Any

import pytest

from playbooks.definition.graph import EXTENSION
from playbooks.engine.claiming import claim
from playbooks.engine.guarding import must_stop
from playbooks.engine.working import advance
from playbooks.models import Run, StepAttempt, Timer, Undo
from playbooks.operations.publishing import publish
from playbooks.operations.starting import start_run
from playbooks.operations.trusting import revoke_signer, set_signature_policy, trust_signer
from tenants.actors import server_time, system
from tenants.isolation import scope
from tests.playbooks.books import EDR, END, START, book, http, note
from tests.playbooks.signatures import pem, private, signed

pytestmark = pytest.mark.django_db(transaction=True)


def calling(name: str, **more: Any) -> dict[str, Any]:
    """A book that has the endpoint product isolate a host, asking nobody."""
    made = book(
        {"start": START, "first": http("POST /hosts/ws-1/isolate HTTP/1.1", on_completion="end"), "end": END}, start="start", name=name
    )
    made["agent_definitions"][EDR]["category"] = ["endpoint"]
    return {**made, **more}


def marked(level: str) -> dict[str, Any]:
    """A book under a level of TLP, or under a policy that asks for encryption on the way."""
    marking = f"marking-{'iep' if level == 'iep' else 'tlp'}--94868c89-83c2-464b-929b-a1a8aa3c8488"
    made: dict[str, Any] = {
        "id": marking,
        "created_by": "identity--5abe695c-7bd5-4c31-8824-2528696cdbf1",
        "created": "2026-11-24T00:00:00.000Z",
    }
    policy = {
        "type": "marking-iep", "name": "Ours", "description": "Ours", "tlp": "GREEN", "iep_version": 2, "end_date": None,
        "start_date": "2026-01-01T00:00:00.000Z", "encrypt_in_transit": "must", "permitted_actions": "externally-visible-direct-actions",
        "affected_party_notifications": "may", "attribution": "may", "unmodified_resale": "may", "external_references": [],
    }  # fmt: skip
    made |= policy if level == "iep" else {"type": "marking-tlp", "tlpv2_level": level}
    return calling(f"Marked {level}", markings=[marking], data_marking_definitions={marking: made})


def started(stage: Any, document: dict[str, Any]) -> Run:
    north = stage.cast.north.pk
    with scope.floor(None):
        publish(slug="held", document=document, by=system("test"))
    with scope.agency(north):
        return start_run(agency_id=north, subject="case:1", book="held", variables={}, why="A test", by=stage.cast.ana)


@pytest.mark.parametrize(
    ("level", "said"),
    [("TLP:CLEAR", ""), ("TLP:AMBER", ""), ("TLP:AMBER+STRICT", "TLP:AMBER+STRICT"), ("TLP:RED", "marked TLP:RED"), ("iep", "encryption")],
)
def test_what_is_marked_above_a_products_ceiling_does_not_leave(stage: Any, level: str, said: str) -> None:
    run = started(stage, marked(level))
    stage.work()
    with scope.floor(None):
        (attempt,) = StepAttempt.objects.filter(run=run, kind="http")
    assert bool(stage.product.requests) is not bool(said)
    assert (attempt.state, said in attempt.detail) == ("failed" if said else "ok", True)


@pytest.fixture
def press(stage: Any) -> str:
    """A trusted signer; north asks for one."""
    with scope.floor(None):
        signer, _ = trust_signer(name="The press", pem=pem(private("ES384")), by=stage.cast.ada)
        set_signature_policy(agency_id=stage.cast.north.pk, asked="trusted", by=stage.cast.ada)
    return str(signer.public_id)


def lose_the_key(stage: Any, press: str) -> None:
    with scope.floor(None):
        revoke_signer(signer=press, reason="The key was lost", by=stage.cast.ada)


def test_a_run_that_waits_stops_when_the_trust_in_its_signer_ends(stage: Any, press: str) -> None:
    waits = book(
        {"start": START, "first": {**note("Later.", on_completion="end"), "delay": 3_600_000}, "end": END}, start="start", name="Waits"
    )
    run = started(stage, signed(document=waits))
    stage.work()
    assert stage.run(run).state == "waiting"
    lose_the_key(stage, press)
    stage.work()
    stopped = stage.run(run)
    assert stopped.state == "stopped" and "The press is trusted no more" in stopped.detail
    assert not stage.things.done


def test_a_question_of_a_stopped_run_is_void(stage: Any, press: str) -> None:
    document = calling("Asks")
    (first,) = [step for step in document["workflow"].values() if step["type"] == "action"]
    first["step_extensions"] = {EXTENSION: {"approval": {"title": "Isolate ws-1"}}}
    run = started(stage, signed(document=document))
    stage.work()
    assert stage.approval(run).state == "open"
    lose_the_key(stage, press)
    stage.work()
    assert (stage.run(run).state, stage.approval(run).state, stage.product.requests) == ("stopped", "void", [])


def test_a_worker_that_holds_the_run_begins_nothing_more(stage: Any, press: str) -> None:
    run = started(stage, signed(document=calling("Signed")))
    hand = claim(stage.cast.north.pk, clock=server_time)
    assert hand is not None and must_stop(hand) is None
    lose_the_key(stage, press)
    advance(hand)
    assert (stage.run(run).state, stage.product.requests) == ("stopped", [])


def test_a_call_in_the_air_is_asked_after_before_the_run_stops(stage: Any, press: str) -> None:
    run = started(stage, signed(document=calling("In the air")))
    stage.product.drop = [True]  # carried out, and no answer
    stage.work()
    assert stage.run(run).state in ("waiting", "ready")
    lose_the_key(stage, press)
    with scope.floor(None):
        Timer.objects.filter(fired_at=None).update(due_at="2020-01-01T00:00Z")
        Run.objects.filter(state="ready").update(wake_at="2020-01-01T00:00Z")
    stage.work()
    with scope.floor(None):
        (attempt,) = StepAttempt.objects.filter(run=run, kind="http")
        assert Undo.objects.filter(run=run).count() == 1
    assert (attempt.state, stage.run(run).state) == ("ok", "stopped")


def test_a_book_that_the_agency_refuses_is_not_called_by_another(stage: Any) -> None:
    small = book({"start": START, "first": note("Seen.", on_completion="end"), "end": END}, start="start", name="The called")
    call = {"type": "playbook-action", "name": "Call it", "playbook_id": small["id"], "on_completion": "end"}
    caller = book({"start": START, "first": call, "end": END}, start="start", name="The caller")
    with scope.floor(None):
        publish(slug="called", document=small, by=system("test"))
        trust_signer(name="The press", pem=pem(private("ES384")), by=stage.cast.ada)
        set_signature_policy(agency_id=stage.cast.north.pk, asked="trusted", by=stage.cast.ada)
    run = started(stage, signed(document=caller))
    stage.work()
    with scope.floor(None):
        (attempt,) = StepAttempt.objects.filter(run=run, kind="book")
        assert Run.objects.count() == 1
    assert attempt.state == "failed" and "no signature" in attempt.detail
    assert stage.run(run).state == "failed" and not stage.things.done
