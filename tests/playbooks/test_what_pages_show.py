"""What the pages of a run and of an approval are given: everything in one frozen shape, for each reader their own."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from playbooks.operations.voting import vote
from playbooks.queries.approvals import approval_of, decided_lately, inbox
from playbooks.queries.books import library
from playbooks.queries.runs import run_of, runs_about
from tenants.errors import Unknown
from tenants.gates.opening import opened

pytestmark = pytest.mark.django_db(transaction=True)


def later(actor, **by):
    moved = timedelta(**by)
    return replace(actor, clock=lambda: actor.now() + moved)


def test_a_run_that_waits_says_for_whom_and_where_its_time_went(stage):
    run = stage.start()
    stage.work()
    ana = later(stage.cast.ana, minutes=12)
    with opened(ana):
        seen = run_of(str(run.public_id), ana)
        (about,) = runs_about("case:1", ana)
    assert seen.said == "Waits for the watch floor to vote"
    assert seen.about.number == "T-1"
    assert seen.why == "The case is of severity high and has a host, ws-1.north.example."
    assert 700 < seen.times.people < 730 and seen.times.working < 5
    assert seen.approval.action == "Isolate host ws-1.north.example from the network"
    steps = {step.name: step for step in seen.steps}
    assert steps["Isolate the host"].said == "Waits for vote"
    assert steps["Isolate the host"].who == "NORTH EDR"
    assert steps["Isolate the host"].effect.startswith("Carries a key")
    assert steps["Is the host of high value?"].said == "No"
    assert steps["Ask for forensics"].said == "Not started"
    assert {box.id for box in seen.drawing.boxes} >= {step.id for step in seen.steps if step.kind != "end"}
    assert [event.kind for event in seen.events][:2] == ["started", "ok"]
    assert about.drawing is None and about.events == ()


def test_an_approval_shows_the_request_the_reach_the_undo_and_who_may_vote(stage):
    run = stage.start(agency="south", hosts=["ws-9"])
    stage.work()
    cast = stage.cast
    with opened(cast.ana):
        (one,) = inbox(cast.ana).mine
    text = "\n".join("".join(piece.text for piece in line) for line in one.lines)
    assert "/hosts/ws-9/isolate" in text and "[secret edr]" in text and "the-secret" not in text
    assert {piece.kind for line in one.lines for piece in line} == {"plain", "value", "secret"}
    assert one.touches.startswith("One host, ws-9.")
    assert one.undo_text == "Release ws-9 from isolation, through the same product"
    assert [(need.role, need.given) for need in one.needs] == [("floor", False), ("liaison", False)]
    assert one.seconds_asked == 1800 and one.consent == ""
    with opened(cast.aud):
        (other,) = inbox(cast.aud).others
    assert other.why_not == "Your role does not vote."
    with opened(cast.nia):
        assert inbox(cast.nia) == inbox(cast.nia).__class__((), ())
        with pytest.raises(Unknown):
            approval_of(one.id, cast.nia)
    with opened(cast.ana):
        vote(approval=one.id, hash=one.hash, vote="approve", reason="Yes", by=cast.ana)
        assert approval_of(one.id, cast.ana).why_not == "You have voted."
    with opened(cast.lee):
        assert approval_of(one.id, cast.lee).why_not == "The watch floor has voted."
        assert run_of(str(run.public_id), cast.lee).said == "Waits for SOUTH to vote"
    with opened(cast.sol):
        (mine,) = inbox(cast.sol).mine
        vote(approval=mine.id, hash=mine.hash, vote="deny", reason="Pay day", by=cast.sol)
        assert [done.state for done in decided_lately(cast.sol)] == ["denied"]


def test_a_standing_consent_is_named_with_who_gave_it(stage):
    stage.start()
    stage.work()
    with opened(stage.cast.ana):
        (one,) = inbox(stage.cast.ana).mine
    assert one.consent.startswith("Standing consent of NORTH, given by Nia Park on ")


def test_what_hides_a_case_hides_its_run_and_approval(stage):
    run = stage.start(agency="south")
    stage.work()
    stage.things.hidden = {"case:1"}
    sol = stage.cast.sol
    with opened(sol):
        assert inbox(sol).mine == ()
        assert runs_about("case:1", sol) == ()
        with pytest.raises(Unknown):
            run_of(str(run.public_id), sol)


def test_lists_cost_the_same_however_long_they_are(stage):
    def cost():
        with (
            opened(stage.cast.ana),
            CaptureQueriesContext(
                connection,
            ) as spent,
        ):
            inbox(stage.cast.ana)
        with opened(stage.cast.ana), CaptureQueriesContext(connection) as more:
            runs_about("case:1", stage.cast.ana)
        return len(spent), len(more)

    stage.start()
    stage.work()
    before = cost()
    for number in range(2, 5):
        stage.start(subject=f"case:{number}")
    stage.work()
    assert cost() == before


def test_the_library_names_its_books_and_when_they_start(stage):
    with opened(stage.cast.ana):
        one = next(book for book in library() if book.slug == "malware-on-a-host")
    assert (one.name, one.version) == ("Malware on a host", 1)
    assert one.triggers == ("Every case of severity high or critical that has a host",)
