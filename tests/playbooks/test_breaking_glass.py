"""Breaking the glass: who may, what it takes, who is told, and the review by somebody else."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from playbooks.library import BOOKS, text_of
from playbooks.models import Approval, BrokenGlass, RefusedVote, RunEvent, Vote
from playbooks.operations.breaking import GlassReviewedAlready, NoGlassBroken, break_glass, review_glass
from playbooks.operations.publishing import publish
from playbooks.operations.starting import start_run
from playbooks.operations.voting import ApprovalDecidedAlready, HashMismatch, vote
from playbooks.queries.approvals import approval_of, glasses_to_review
from tenants.errors import Invalid, NotAllowed, Unknown
from tenants.gates.opening import opened
from tenants.isolation import scope
from tenants.models import Entry

pytestmark = pytest.mark.django_db(transaction=True)

HOST = "ws-9.south.example"


@pytest.fixture
def asked(stage):
    """What the south's floor and liaison are asked."""
    run = stage.start(agency="south", hosts=[HOST])
    stage.work()
    return stage.approval(run)


def smash(one, by, **changed):
    given = {"approval": str(one.public_id), "hash": one.hash, "target": HOST, "reason": "It spreads by the minute", **changed}
    with opened(by):
        return break_glass(**given, by=by)


def judge(one, by, verdict="justified", note="It was spreading"):
    with opened(by):
        return review_glass(approval=str(one.public_id), verdict=verdict, note=note, by=by)


def state(one):
    with scope.floor(None):
        return Approval.objects.get(pk=one.pk).state


def broken():
    with scope.floor(None):
        return BrokenGlass.objects.exists()


def test_a_watch_lead_runs_it_at_once_and_it_is_written_down_who_was_not_asked(stage, asked):
    assert smash(asked, stage.cast.lee).state == "approved"
    stage.work()
    assert len(stage.product.orders()) == 1
    with scope.floor(None):
        glass = BrokenGlass.objects.get()
        assert (glass.broken_by_name, glass.target, glass.hash) == ("Lee Okafor", HOST, asked.hash)
        assert glass.missing == "1 of 1 vote of the watch floor and the agency's vote"
        assert glass.due_at - glass.at == timedelta(hours=24)
        fact = Entry.objects.get(kind="playbooks.GlassBroken")
        assert fact.data["broken_by"] == "Lee Okafor" and fact.data["reason"] == "It spreads by the minute"
        assert RunEvent.objects.filter(run_id=asked.run_id, kind="glass").count() == 1
        assert not Vote.objects.exists()


def test_the_votes_that_were_there_count_and_only_what_is_missing_is_named(stage, asked):
    with opened(stage.cast.ana):
        vote(approval=str(asked.public_id), hash=asked.hash, vote="approve", reason="Yes", by=stage.cast.ana)
    smash(asked, stage.cast.lee)
    with scope.floor(None):
        assert BrokenGlass.objects.get().missing == "the agency's vote"


@pytest.mark.parametrize(("who", "error"), [("ana", NotAllowed), ("aud", NotAllowed), ("sol", Unknown), ("nia", Unknown)])
def test_nobody_but_a_watch_lead_breaks_it(stage, asked, who, error):
    with pytest.raises(error):
        smash(asked, getattr(stage.cast, who))
    assert not broken() and state(asked) == "open"


def test_who_started_the_run_or_wrote_its_version_does_not_break_its_glass(stage):
    cast = stage.cast
    with opened(cast.lee):
        given = {"severity": "high", "hosts": [HOST], "number": "T-2"}
        run = start_run(agency_id=cast.south.pk, subject="case:2", book="malware-on-a-host", variables=given, why="By eye", by=cast.lee)
    stage.work()
    one = stage.approval(run)
    with pytest.raises(NotAllowed, match="You started this run by hand"):
        smash(one, cast.lee)
    publisher = replace(cast.ada, role="watch_lead")  # who published books, and leads the watch by now
    with scope.floor(None):
        publish(slug="malware-on-a-host", document=json.loads(text_of(BOOKS["malware-on-a-host"])) | {"description": "Mine"}, by=cast.ada)
    run = stage.start(subject="case:3", agency="south", hosts=[HOST])
    stage.work()
    with pytest.raises(NotAllowed, match="You are the author of the version that it runs"):
        smash(stage.approval(run), publisher)
    assert not broken()


@pytest.mark.parametrize(
    ("changed", "error", "field"),
    [
        ({"target": "ws-9"}, Invalid, "target"),
        ({"target": None}, Invalid, "target"),
        ({"reason": "  "}, Invalid, "reason"),
        ({"hash": ""}, Invalid, "hash"),
        ({"hash": "0" * 64}, HashMismatch, None),
    ],
)
def test_it_takes_the_hash_the_targets_name_and_a_reason(stage, asked, changed, error, field):
    with pytest.raises(error) as refused:
        smash(asked, stage.cast.lee, **changed)
    assert refused.value.field == field
    assert not broken() and state(asked) == "open"
    stage.work()
    assert stage.product.requests == []


def test_what_was_denied_or_has_lapsed_is_not_run_by_breaking_the_glass(stage, asked):
    with opened(stage.cast.sol):
        vote(approval=str(asked.public_id), hash=asked.hash, vote="deny", reason="Pay day", by=stage.cast.sol)
    with pytest.raises(ApprovalDecidedAlready):
        smash(asked, stage.cast.lee)
    stage.work()
    assert stage.product.requests == [] and not broken()


def test_who_broke_it_does_not_review_it_and_somebody_else_does_once(stage, asked):
    with pytest.raises(NoGlassBroken):
        judge(asked, stage.cast.ana)
    smash(asked, stage.cast.lee)
    for who, error in (("lee", NotAllowed), ("aud", NotAllowed), ("sol", Unknown)):
        with pytest.raises(error):
            judge(asked, getattr(stage.cast, who))
    for changed in ({"verdict": "fine"}, {"verdict": ""}, {"note": " "}):
        with pytest.raises(Invalid):
            judge(asked, stage.cast.ana, **changed)
    assert judge(asked, stage.cast.ana, "not_justified").verdict == "not_justified"
    with pytest.raises(GlassReviewedAlready):
        judge(asked, stage.cast.zoe)
    with scope.floor(None):
        assert Entry.objects.get(kind="playbooks.GlassReviewed").data["reviewed_by"] == "Ana Diaz"


def test_the_database_too_refuses_a_review_by_the_breaker(stage, asked):
    smash(asked, stage.cast.lee)
    with scope.floor(None), pytest.raises(IntegrityError, match="glass_reviewed_by_another"), transaction.atomic():
        BrokenGlass.objects.update(verdict="justified", reviewed_by_id=stage.cast.lee.person_id)


def test_reviews_stand_in_the_inbox_until_they_are_closed_and_say_when_they_are_overdue(stage, asked, client_of):
    smash(asked, stage.cast.lee)
    for who in ("ana", "lee", "aud", "sol"):
        text = client_of(who).get("/approvals/").text
        assert "Broken glasses to review: 1" in text and "overdue" not in text, who
    assert "Broken glasses" not in client_of("nia").get("/approvals/").text
    with scope.floor(None):
        BrokenGlass.objects.update(due_at=asked.asked_at)
    assert "1 overdue" in client_of("ana").get("/approvals/").text
    judge(asked, stage.cast.ana)
    assert "Broken glasses" not in client_of("ana").get("/approvals/").text
    with opened(stage.cast.lee):
        assert glasses_to_review(stage.cast.lee) == ()
        assert approval_of(str(asked.public_id), stage.cast.lee).glass.said == "Justified"


def test_by_the_pages_it_is_broken_by_a_lead_and_reviewed_by_another(stage, asked, client_of):
    path = f"/approvals/{asked.public_id}/"
    assert "Break the glass" not in client_of("ana").get(path).text
    lead = client_of("lee")
    assert "Break the glass" in lead.get(path).text
    typed = {"hash": asked.hash, "target": "ws", "glass_reason": "It spreads"}
    again = lead.post(f"{path}break-glass/", typed)
    assert again.status_code == 422 and f"Type exactly: {HOST}" in again.text and ">It spreads</textarea>" in again.text
    done = lead.post(f"{path}break-glass/", {**typed, "target": HOST}, follow=True)
    assert "The glass is broken" in done.text and "so somebody else reviews it" in done.text
    assert lead.post(f"{path}review/", {"verdict": "justified", "note": "Mine"}).status_code == 403
    other = client_of("ana")
    assert "Close the review" in other.get(path).text
    closed = other.post(f"{path}review/", {"verdict": "justified", "note": "It was spreading"}, follow=True)
    assert "Ana Diaz reviewed it" in closed.text and "It was spreading" in closed.text
    assert "Glass broken by Lee Okafor" in client_of("sol").get(path).text


def test_by_the_api_it_answers_with_the_approval_and_stable_codes(stage, asked, api_of):
    path, body = f"/api/v1/approvals/{asked.public_id}", {"hash": asked.hash, "target": HOST, "reason": "It spreads"}
    for who, status, code in (("ana", 403, "not_allowed"), ("nia", 404, "not_found")):
        answer = api_of(who).send(f"{path}/break-glass", body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    with scope.floor(None):
        assert RefusedVote.objects.get().vote == "break glass"
    assert api_of("ana").send(f"{path}/review", {"verdict": "justified", "note": "x"}).json()["code"] == "no_glass_broken"
    answer = api_of("lee").send(f"{path}/break-glass", body)
    assert answer.status_code == 200 and answer.json()["state"] == "approved"
    assert answer.json()["broken_glass"]["by"] == "Lee Okafor" and answer.json()["broken_glass"]["verdict"] is None
    assert api_of("lee").send(f"{path}/break-glass", body).json()["code"] == "approval_closed"
    assert api_of("lee").send(f"{path}/review", {"verdict": "justified", "note": "x"}).status_code == 403
    answer = api_of("ana").send(f"{path}/review", {"verdict": "justified", "note": "It spread"})
    assert answer.json()["broken_glass"]["verdict"] == "justified"
    assert api_of("zoe").send(f"{path}/review", {"verdict": "justified", "note": "x"}).json()["code"] == "review_closed"
