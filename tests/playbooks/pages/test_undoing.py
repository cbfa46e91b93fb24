"""The pages that cancel a run and take back what it did: what it means is read first, and another hash moves nothing."""

import re

import pytest

from playbooks.models import Run, Undo
from tenants.isolation import scope
from tests.cast import ApiClient
from tests.playbooks.test_the_engine import approved

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def done(stage):
    run = approved(stage)
    stage.work()
    return run


def hash_in(text):
    return re.search(r'name="hash" value="([0-9a-f]{64})"', text)[1]


def test_the_page_shows_the_request_before_it_is_decided_and_then_takes_back(stage, client_of, done):
    ana, path = client_of("ana"), f"/runs/{done.public_id}/undo/"
    text = ana.get(path).text
    assert "Release ws-1.north.example from isolation" in text and "/release" in text
    assert "[secret edr]" in text and "the-secret-of-the-product" not in text
    assert "somebody else than you votes" in text
    asked = {"hash": hash_in(text), "reason": "A false alarm."}
    wrong = ana.post(path, {**asked, "hash": "0" * 64})
    assert wrong.status_code == 409 and "A false alarm." in wrong.text and "is not the one that you saw" in wrong.text
    assert ana.post(path, {**asked, "reason": ""}).status_code == 422
    answer = ana.post(path, asked)
    with scope.floor(None):
        doing = Run.objects.get(undoes=done)
    assert (answer.status_code, answer["Location"]) == (302, f"/runs/{doing.public_id}/")
    shown = ana.get(answer["Location"]).text
    assert "This run takes back what" in shown and "What this run takes back" in shown and "Being undone" in shown
    assert ana.post(path, asked).status_code == 409


def test_cancelling_is_confirmed_on_a_page_of_its_own(stage, client_of):
    run = stage.start()
    stage.work()
    ana = client_of("ana")
    assert f'href="/runs/{run.public_id}/cancel/"' in ana.get(f"/runs/{run.public_id}/").text
    path = f"/runs/{run.public_id}/cancel/"
    assert "cannot be taken up again" in ana.get(path).text
    assert ana.post(path, {"way": "cancel", "reason": " "}).status_code == 422
    assert stage.run(run).state == "waiting"
    assert ana.post(path, {"way": "cancel", "reason": "A honeypot."}).status_code == 302
    assert stage.run(run).state == "cancelled"
    assert "The run is over" in ana.get(path).text
    again = ana.post(path, {"way": "cancel", "reason": "A honeypot."})
    assert again.status_code == 409


def test_an_auditor_reads_what_would_be_taken_back_and_decides_nothing(stage, client_of, done):
    aud, path = client_of("aud"), f"/runs/{done.public_id}/undo/"
    text = aud.get(path).text
    assert "Release ws-1.north.example" in text and "Why it is taken back" not in text
    assert aud.post(path, {"hash": "x", "reason": "y"}).status_code == 403
    assert client_of("nia").get(path).status_code == 404


def test_an_approval_says_what_would_have_to_be_undone_so_far(stage, client_of):
    run = stage.start()
    stage.work()
    text = client_of("lee").get(f"/approvals/{stage.approval(run).public_id}/").text
    assert "What would have to be undone so far" in text and "has changed nothing outside yet" in text


def test_programs_cancel_and_take_back_with_the_same_hash(stage, cast, done):
    ana = ApiClient(cast.tokens["ana"])
    plan = ana.get(f"/api/v1/runs/{done.public_id}/undo").json()
    assert [(one["left"], one["state"]) for one in plan["entries"]] == [(True, "registered")] and plan["asks"]
    path = f"/api/v1/runs/{done.public_id}/undo"
    wrong = ana.send(path, {"hash": "0" * 64, "reason": "A false alarm."})
    assert (wrong.status_code, wrong.json()["code"], wrong.json()["current"]) == (409, "hash_mismatch", plan["hash"])
    assert ana.send(f"/api/v1/runs/{done.public_id}/cancel", {"reason": "Why not"}).json()["code"] == "run_over"
    begun = ana.send(path, {"hash": plan["hash"], "reason": "A false alarm."})
    assert (begun.status_code, begun.json()["state"]) == (201, "ready")
    cancelled = ana.send(f"/api/v1/runs/{begun.json()['id']}/cancel", {"reason": "After all not."})
    assert (cancelled.status_code, cancelled.json()["run"]["state"], cancelled.json()["undo"]) == (200, "cancelled", None)
    with scope.floor(None):
        assert Undo.objects.get(run=done).state == "registered"
