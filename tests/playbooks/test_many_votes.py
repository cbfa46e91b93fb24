"""Several votes of the floor, and who may not give one: the author, the starter, after escalation all but watch leads."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from playbooks.definition.graph import EXTENSION
from playbooks.library import BOOKS, text_of
from playbooks.models import Approval, Vote
from playbooks.operations.publishing import publish
from playbooks.operations.voting import AlreadyVoted, vote
from playbooks.queries.approvals import approval_of, inbox
from playbooks.queries.voters import waiting_for
from playbooks.quorum import Ballot, Full, Needed, closed_to, is_reached, missing, sides
from tenants.errors import NotAllowed
from tenants.gates.opening import opened
from tenants.isolation import scope

LEAD, ANALYST, LIAISON = "watch_lead", "analyst", "liaison"


def floor(role=ANALYST, vote="approve"):
    return Ballot("floor", vote, role)


AGENCY = Ballot("liaison", "approve", LIAISON)


@pytest.mark.parametrize(
    ("needed", "votes", "reached"),
    [
        (Needed(), [], False),
        (Needed(), [floor()], True),
        (Needed(2), [floor()], False),
        (Needed(2), [floor(), floor()], True),
        (Needed(2, agency=True), [floor(), floor()], False),
        (Needed(2, agency=True), [floor(), AGENCY], False),
        (Needed(2, agency=True), [floor(), AGENCY, floor()], True),
        (Needed(2), [floor(), floor(vote="deny")], False),
        (Needed(1, agency=True), [AGENCY], False),
    ],
)
def test_it_is_reached_with_every_vote_that_is_needed(needed, votes, reached):
    assert is_reached(needed, votes) is reached
    assert len(sides(needed, votes)) == needed.floor + needed.agency


@pytest.mark.parametrize(
    ("needed", "votes", "side", "role", "closed"),
    [
        (Needed(), [], "floor", ANALYST, None),
        (Needed(), [floor()], "floor", LEAD, Full.GIVEN),
        (Needed(2), [floor()], "floor", ANALYST, None),
        (Needed(2), [floor(), floor()], "floor", ANALYST, Full.GIVEN),
        (Needed(agency=True), [floor()], "liaison", LIAISON, None),
        (Needed(agency=True), [AGENCY], "liaison", LIAISON, Full.GIVEN),
        (Needed(escalated=True), [], "floor", ANALYST, Full.FOR_A_LEAD),
        (Needed(escalated=True), [], "floor", LEAD, None),
        (Needed(2, escalated=True), [], "floor", ANALYST, None),
        (Needed(2, escalated=True), [floor()], "floor", ANALYST, Full.FOR_A_LEAD),
        (Needed(2, escalated=True), [floor(LEAD)], "floor", ANALYST, None),
        (Needed(agency=True, escalated=True), [floor()], "liaison", LIAISON, None),
    ],
)
def test_whose_vote_still_counts(needed, votes, side, role, closed):
    assert closed_to(needed, votes, side=side, role=role) == closed


def test_what_is_missing_is_said():
    assert missing(Needed(2, agency=True), [floor()]) == "1 of 2 votes of the watch floor and the agency's vote"
    assert missing(Needed(), []) == "1 of 1 vote of the watch floor"
    assert missing(Needed(), [floor()]) == ""


def test_the_ransomware_book_asks_two_people_before_it_cuts_a_segment_off():
    workflow = json.loads(text_of(BOOKS["ransomware"]))["workflow"].values()
    asked = [ours["approval"] for step in workflow if "approval" in (ours := step.get("step_extensions", {}).get(EXTENSION, {}))]
    assert {one["title"].split()[1]: one.get("votes", 1) for one in asked if one.get("votes", 1) > 1} == {"the": 2}
    assert next(one for one in asked if one.get("votes") == 2)["title"].startswith("Cut the segment")


def asking(votes):
    """The malware book, asking for so many votes."""
    document = json.loads(text_of(BOOKS["malware-on-a-host"]))
    for step in document["workflow"].values():
        if "approval" in step.get("step_extensions", {}).get(EXTENSION, {}):
            step["step_extensions"][EXTENSION]["approval"]["votes"] = votes
    return {**document, "modified": "2026-11-24T10:00:00.000Z"}


@pytest.fixture
def two(stage):
    """An approval that asks two people of the floor, in the agency that gave standing consent."""
    with scope.floor(None):
        publish(slug="malware-on-a-host", document=asking(2), by=stage.cast.ada)
    run = stage.start()
    stage.work()
    return stage.approval(run)


def say(approval, by, kind="approve"):
    with opened(by):
        return vote(approval=str(approval.public_id), hash=approval.hash, vote=kind, reason="Seen and weighed", by=by)


def seen_by(approval, by):
    with opened(by):
        return approval_of(str(approval.public_id), by)


def escalated(approval, stage):
    with scope.floor(None):
        Approval.objects.filter(pk=approval.pk).update(remind_at=approval.asked_at - timedelta(seconds=1))
    stage.work()


@pytest.mark.django_db(transaction=True)
def test_two_people_of_the_floor_decide_what_asks_for_two(stage, two):
    assert (two.floor_votes, two.asks_agency) == (2, False)
    assert say(two, stage.cast.ana).state == "open"
    stage.work()
    assert stage.product.requests == []
    assert [(need.role, need.given) for need in seen_by(two, stage.cast.lee).needs] == [("floor", True), ("floor", False)]
    with pytest.raises(AlreadyVoted):
        say(two, stage.cast.ana)
    for who, count in ((stage.cast.ana, 0), (stage.cast.lee, 1)):
        with opened(who):
            assert waiting_for(who) == count == len(inbox(who).mine)
    assert say(two, stage.cast.lee).state == "approved"
    stage.work()
    assert len(stage.product.orders()) == 1


@pytest.mark.django_db(transaction=True)
def test_one_denial_denies_what_asks_for_two(stage, two):
    say(two, stage.cast.ana)
    assert say(two, stage.cast.lee, "deny").state == "denied"
    stage.work()
    assert stage.product.requests == []


@pytest.mark.django_db(transaction=True)
def test_who_published_the_version_that_runs_does_not_vote_and_reads_why(stage, two):
    author = replace(stage.cast.ada, role="analyst")  # who published books, and works the floor by now
    why = "You are the author of the version that it runs, so another person votes."
    with opened(author):
        assert waiting_for(author) == 0
    with pytest.raises(NotAllowed, match="You are the author of the version"):
        say(two, author)
    one = seen_by(two, author)
    assert (one.may_vote, one.why_not, one.author) == (False, why, "Ada Brook")
    with scope.floor(None):
        assert not Vote.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_after_escalation_the_vote_that_is_left_is_a_watch_leads(stage):
    run = stage.start()
    stage.work()
    asked = stage.approval(run)
    escalated(asked, stage)
    with pytest.raises(NotAllowed) as refused:
        say(asked, stage.cast.ana)
    assert "watch leads were told" in refused.value.detail
    for who, count in ((stage.cast.ana, 0), (stage.cast.lee, 1)):
        with opened(who):
            assert waiting_for(who) == count == len(inbox(who).mine)
    assert say(asked, stage.cast.lee).state == "approved"


@pytest.mark.django_db(transaction=True)
def test_an_analysts_vote_given_before_escalation_stands_beside_a_leads(stage, two):
    say(two, stage.cast.ana)
    escalated(two, stage)
    other = stage.cast.people["stranger"]
    with pytest.raises(NotAllowed):
        say(two, replace(stage.cast.ana, person_id=other.pk, name=f"person:{other.pk}", label=other.name))
    assert say(two, stage.cast.lee).state == "approved"


@pytest.mark.django_db(transaction=True)
def test_a_leads_inbox_begins_with_what_was_escalated(stage):
    first, second = stage.start(), stage.start(subject="case:2")
    stage.work()
    escalated(stage.approval(second), stage)
    with opened(stage.cast.lee):
        mine = inbox(stage.cast.lee).mine
    assert [one.about.number for one in mine] == ["T-2", "T-1"]
    assert first.pk != second.pk
