"""Approvals: who votes, on what exactly, and what happens when nobody agrees."""

from datetime import timedelta

import pytest

from playbooks.definition.canonical import sha256_of
from playbooks.models import Approval, RunEvent, StandingConsent, Vote
from playbooks.operations.connecting import connect
from playbooks.operations.consenting import withdraw_consent
from playbooks.operations.starting import start_run
from playbooks.operations.voting import AlreadyVoted, ApprovalDecidedAlready, HashMismatch, vote
from tenants.errors import Invalid, NotAllowed, Unknown
from tenants.gates.opening import opened
from tenants.isolation import scope
from tenants.models import Entry

pytestmark = pytest.mark.django_db(transaction=True)


def say(approval, by, kind="approve", **changed):
    given = {"approval": str(approval.public_id), "hash": approval.hash, "vote": kind, "reason": "Seen and weighed", **changed}
    with opened(by):
        return vote(**given, by=by)


def kinds(run):
    with scope.floor(None):
        return list(Entry.objects.filter(subject=f"run:{run.public_id}").order_by("id").values_list("kind", "data__outcome"))


@pytest.fixture
def asked(stage):
    run = stage.start()
    stage.work()
    return stage.approval(run)


def test_what_is_asked_names_the_whole_request_and_its_hash_but_no_secret(stage, asked):
    shown = asked.rendered
    assert (shown["method"], shown["url"]) == ("POST", f"{stage.product.address}/hosts/ws-1.north.example/isolate")
    assert shown["headers"]["Authorization"] == "Bearer [secret edr]"
    assert shown["headers"]["Idempotency-Key"] == shown["key"]
    assert shown["targets"] == ["ws-1.north.example"]
    assert shown["undo"]["url"].endswith("/hosts/ws-1.north.example/release")
    assert asked.hash == sha256_of(shown)


def test_with_standing_consent_one_vote_of_the_floor_is_enough(stage, asked):
    assert not asked.asks_agency
    assert say(asked, stage.cast.lee).state == "approved"


def test_without_it_the_agencys_liaison_votes_too(stage):
    run = stage.start(agency="south", hosts=["ws-9.south.example"])
    stage.work()
    asked = stage.approval(run)
    assert asked.asks_agency
    assert say(asked, stage.cast.ana).state == "open"
    stage.work()
    assert stage.product.orders() == []
    assert say(asked, stage.cast.sol).state == "approved"
    stage.work()
    assert len(stage.product.orders()) == 1


@pytest.mark.parametrize("first", ["ana", "sol"])
def test_one_denial_ends_it_and_the_case_is_told(stage, first):
    run = stage.start(agency="south")
    stage.work()
    asked = stage.approval(run)
    assert say(asked, getattr(stage.cast, first), "deny", reason="The host runs the pay system").state == "denied"
    stage.work()
    over = stage.run(run)
    assert (over.state, over.detail) == ("done", "Not isolated")
    assert stage.product.requests == []
    notes = [args["text"] for verb, _, args in stage.things.done if verb == "note"]
    assert "was not isolated" in notes[-1] and "The host runs the pay system" in notes[-1]
    assert ("playbooks.ApprovalDecided", "denied") in kinds(run)


def test_it_lapses_after_its_time_the_watch_lead_is_told_before_and_nothing_is_done(stage, asked):
    run = asked.run_id
    with scope.floor(None):
        Approval.objects.update(remind_at=asked.asked_at - timedelta(seconds=1))
    stage.work()
    with scope.floor(None):
        assert Entry.objects.filter(kind="playbooks.ApprovalLapsesSoon").count() == 1
        Approval.objects.update(expires_at=asked.asked_at - timedelta(seconds=1))
    with pytest.raises(ApprovalDecidedAlready):
        say(asked, stage.cast.ana)
    stage.work()
    with scope.floor(None):
        assert Entry.objects.filter(kind="playbooks.ApprovalLapsesSoon").count() == 1
        assert Approval.objects.get().state == "lapsed"
        assert RunEvent.objects.filter(run_id=run, kind="ended").count() == 1
    assert stage.product.requests == []
    assert "lapsed" in stage.things.done[-2][2]["text"]


def test_the_times_are_thirty_minutes_and_twenty(asked):
    assert asked.expires_at - asked.asked_at == timedelta(minutes=30)
    assert asked.remind_at - asked.asked_at == timedelta(minutes=20)


def test_a_second_vote_and_a_vote_after_the_end_are_conflicts(stage):
    run = stage.start(agency="south")
    stage.work()
    asked = stage.approval(run)
    say(asked, stage.cast.ana)
    for person in (stage.cast.ana, stage.cast.lee):
        with pytest.raises(AlreadyVoted):
            say(asked, person)
    say(asked, stage.cast.sol)
    with pytest.raises(ApprovalDecidedAlready):
        say(asked, stage.cast.lee)
    with scope.floor(None):
        assert Vote.objects.count() == 2


def test_a_vote_on_another_hash_is_a_conflict_and_counts_nothing(stage, asked):
    with pytest.raises(HashMismatch):
        say(asked, stage.cast.ana, hash="0" * 64)
    with scope.floor(None):
        assert not Vote.objects.exists()


def test_a_vote_says_what_is_missing(stage, asked):
    for field, wrong in (("hash", None), ("vote", "maybe"), ("reason", "  ")):
        with pytest.raises(Invalid) as refused:
            say(asked, stage.cast.ana, **{field: wrong})
        assert refused.value.field == field


def test_who_started_the_run_by_hand_does_not_approve_it(stage):
    one = stage.cast.north
    with opened(stage.cast.ana):
        given = {"severity": "high", "hosts": ["ws-2"], "number": "T-2"}
        run = start_run(agency_id=one.pk, subject="case:2", book="malware-on-a-host", variables=given, why="Seen by eye", by=stage.cast.ana)
    stage.work()
    asked = stage.approval(run)
    with pytest.raises(NotAllowed):
        say(asked, stage.cast.ana)
    assert say(asked, stage.cast.lee).state == "approved"


def test_strangers_do_not_know_of_it_and_readers_do_not_vote(stage, asked):
    with pytest.raises(Unknown):
        say(asked, stage.cast.sol)
    with pytest.raises(Unknown):
        say(asked, stage.cast.nia)  # her agency's consent stands: she is not asked
    with pytest.raises(Unknown):
        say(asked, stage.cast.zoe)
    with pytest.raises(NotAllowed):
        say(asked, stage.cast.aud)
    with scope.floor(None):
        assert not Vote.objects.exists()


def test_a_changed_connector_voids_what_was_asked_and_it_is_asked_again(stage, asked):
    with opened(stage.cast.ana.at(stage.cast.ana.clock)), pytest.raises(NotAllowed):
        connect(agency_id=stage.cast.north.pk, kind="endpoint", name="X", base_url="https://x.example", by=stage.cast.ana)
    with scope.floor(None):
        connect(
            agency_id=stage.cast.north.pk,
            kind="endpoint",
            name="NORTH EDR",
            base_url=f"{stage.product.address}/v2",
            named_networks=["127.0.0.1/32"],
            by=stage.cast.ada,
        )
        assert Approval.objects.get(pk=asked.pk).state == "void"
    with pytest.raises(ApprovalDecidedAlready):
        say(asked, stage.cast.ana)
    stage.work()
    again = stage.approval(asked.run_id)
    assert (again.state, again.hash == asked.hash) == ("open", False)
    assert "/v2/hosts/" in again.rendered["url"]


def test_consent_withdrawn_while_it_is_asked_makes_the_agencys_vote_needed(stage, asked):
    with opened(stage.cast.nia):
        consent = StandingConsent.objects.get()
        withdraw_consent(consent=str(consent.public_id), reason="New head of security", by=stage.cast.nia)
    assert say(asked, stage.cast.ana).state == "open"
    stage.work()
    assert stage.product.requests == []
    assert say(asked, stage.cast.nia).state == "approved"


def test_consent_withdrawn_after_the_vote_and_before_the_call_asks_again(stage, asked):
    say(asked, stage.cast.ana)
    with opened(stage.cast.nia):
        withdraw_consent(consent=str(StandingConsent.objects.get().public_id), reason="Stop", by=stage.cast.nia)
    stage.work()
    assert stage.product.requests == []
    again = stage.approval(asked.run_id)
    assert (again.state, again.asks_agency) == ("open", True)


def test_nobody_but_the_liaison_withdraws_consent(stage):
    with opened(stage.cast.ana):
        consent = StandingConsent.objects.get()
        with pytest.raises(NotAllowed):
            withdraw_consent(consent=str(consent.public_id), reason="I think so", by=stage.cast.ana)
