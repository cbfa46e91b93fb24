"""A vote that is refused moves nothing and is written down: who tried what, when, and why it did not count."""

from datetime import timedelta

import pytest

from playbooks.models import Approval, RefusedVote, Run, RunEvent, StepAttempt, Vote
from tenants.isolation import scope
from tenants.models import AuditRow, Entry

pytestmark = pytest.mark.django_db(transaction=True)

OTHER = "0" * 64


@pytest.fixture
def asked(stage):
    """What the south's floor and liaison are asked."""
    run = stage.start(agency="south", hosts=["ws-9.south.example"])
    stage.work()
    return stage.approval(run)


def stands():
    """All that a vote could move."""
    with scope.floor(None):
        rows = [list(model.objects.order_by("pk").values()) for model in (Approval, Vote, Run, StepAttempt, RunEvent)]
        return [*rows, Entry.objects.count()]


def late(asked, stage, api_of):
    with scope.floor(None):
        Approval.objects.filter(pk=asked.pk).update(expires_at=asked.asked_at + timedelta(microseconds=1))


def voted(asked, stage, api_of):
    assert send(api_of, "ana", asked).status_code == 200


def nothing(asked, stage, api_of):
    pass


def send(api_of, who, asked, **changed):
    body = {"hash": asked.hash, "vote": "approve", "reason": "Seen", **changed}
    return api_of(who).send(f"/api/v1/approvals/{asked.public_id}/vote", body)


# What happened before, who votes, what they send, the answer, and the code under which it is kept beside the approval.
REFUSED = {
    "a wrong approver": (nothing, "aud", {}, 403, "not_allowed"),
    "a changed action": (nothing, "ana", {"hash": OTHER}, 409, "hash_mismatch"),
    "an expired one": (late, "ana", {}, 409, "approval_closed"),
    "a second vote": (voted, "ana", {"vote": "deny"}, 409, "already_voted"),
    "a second vote of the side": (voted, "lee", {}, 409, "already_voted"),
}


@pytest.mark.parametrize(("before", "who", "sent", "status", "code"), REFUSED.values(), ids=REFUSED)
def test_a_refused_vote_moves_nothing_and_is_written_down(stage, asked, api_of, before, who, sent, status, code):
    before(asked, stage, api_of)
    stood = stands()
    answer = send(api_of, who, asked, **sent)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert stands() == stood
    with scope.floor(None):
        (kept,) = RefusedVote.objects.all()
        noted = AuditRow.objects.filter(what="refusal").latest("pk")
    person = stage.cast.people[who]
    assert (kept.approval_id, kept.person_id, kept.name, kept.code) == (asked.pk, person.pk, person.name, code)
    assert (kept.vote, kept.hash) == (sent.get("vote", "approve"), sent.get("hash", asked.hash))
    assert kept.at >= asked.asked_at and kept.why == answer.json()["detail"]
    assert noted.actor == f"person:{person.pk}"
    assert noted.note == f"POST /api/v1/approvals/{asked.public_id}/vote {status} {code}"


@pytest.mark.parametrize("who", ["nia"])
def test_the_other_agencys_vote_is_written_down_where_they_cannot_learn_of_it(stage, asked, api_of, who):
    stood = stands()
    assert send(api_of, who, asked).status_code == 404
    assert stands() == stood
    with scope.floor(None):
        assert not RefusedVote.objects.exists()
        noted = AuditRow.objects.filter(what="refusal").latest("pk")
    assert noted.actor == f"person:{stage.cast.people[who].pk}"
    assert noted.note == f"POST /api/v1/approvals/{asked.public_id}/vote 404 not_found"


def test_a_refused_vote_by_form_stands_on_the_page_for_all_who_read_the_approval(stage, asked, client_of):
    client = client_of("aud")
    assert client.post(f"/approvals/{asked.public_id}/vote/", {"hash": asked.hash, "vote": "approve", "reason": "x"}).status_code == 403
    for who in ("ana", "sol"):
        text = client_of(who).get(f"/approvals/{asked.public_id}/").text
        assert "Aud Berg tried to approve, refused: You may see this approval, but not vote on it. Your role does not vote." in text


def test_what_is_no_vote_is_not_written_down_as_one(stage, asked, api_of):
    for sent in ({"hash": ""}, {"vote": "maybe"}, {"reason": " "}):
        assert send(api_of, "ana", asked, **sent).status_code == 422
    with scope.floor(None):
        assert not RefusedVote.objects.exists()


def test_what_was_sent_is_kept_whatever_it_was(stage, asked, api_of):
    assert send(api_of, "aud", asked, vote="a\x00" + "v" * 500, hash=["no", "text"]).status_code == 403
    with scope.floor(None):
        kept = RefusedVote.objects.get()
    assert (kept.vote[:2], len(kept.vote), kept.hash) == ("a\ufffd", 20, "")
