"""The pages of approvals: who reads them, how a vote by form moves the run, what a refused vote keeps."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from playbooks.models import Approval
from playbooks.operations.connecting import connect
from playbooks.operations.voting import vote
from playbooks.queries.voters import waiting_for
from tenants.gates.opening import opened
from tenants.isolation import scope

pytestmark = pytest.mark.django_db(transaction=True)

ASKS = "Isolate host ws-1.north.example from the network"


def asked(stage, **more):
    """A run that waits for a vote, and its approval."""
    run = stage.start(**more)
    stage.work()
    return run, stage.approval(run)


def at(approval, form=""):
    return f"/approvals/{approval.public_id}/{form}"


def typed(approval, kind="approve", **more):
    return {"hash": approval.hash, "vote": kind, "reason": "Seen and weighed", **more}


@pytest.mark.parametrize(
    ("who", "status"), [("ana", 200), ("lee", 200), ("aud", 200), ("sol", 200), ("zoe", 200), ("nia", 404), ("ada", 404)]
)
def test_who_reads_an_approval_of_the_south(stage, client_of, who, status):
    _, one = asked(stage, agency="south", hosts=["ws-9"])
    answer = client_of(who).get(at(one))
    assert answer.status_code == status
    assert ("Isolate host ws-9 from the network" in answer.text) == (status == 200)
    assert client_of(who).get("/approvals/").status_code == (404 if who == "ada" else 200)


def test_the_page_says_what_runs_its_hash_its_undo_and_what_comes_next_but_no_secret(stage, client_of):
    _, one = asked(stage)
    text = client_of("ana").get(at(one)).text
    assert 'hosts/<span class="from-case">ws-1.north.example</span>/isolate' in text
    assert '<span class="secret">[secret edr]</span>' in text and "the-secret-of-the-product" not in text
    assert one.hash[:8] in text and f'name="hash" value="{one.hash}"' in text
    assert "Release ws-1.north.example from isolation" in text
    assert "ask for forensics" in text and "ask for another containment" in text
    assert "given by Nia Park" in text


def test_the_list_counts_what_this_person_can_vote_on(stage, client_of):
    asked(stage)
    asked(stage, subject="case:2", agency="south", hosts=["ws-9"])
    for who, mine, others in (("ana", 2, 0), ("zoe", 1, 0), ("aud", 0, 2), ("sol", 1, 0), ("nia", 0, 0)):
        text = client_of(who).get("/approvals/").text
        assert f"You can vote: {mine}" in text and f"Waiting for others: {others}" in text, who
        counted = f'Approvals <span class="nav-count">{mine}</span>' in text
        assert counted == bool(mine), who


def test_what_others_must_decide_is_not_counted_for_those_who_have_voted(stage, client_of):
    _, one = asked(stage, agency="south", hosts=["ws-9"])
    client = client_of("ana")
    client.post(at(one, "vote/"), typed(one))
    text = client.get(at(one)).text
    assert "You can vote: 0" in text and "Waiting for others: 1" in text and "You have voted." in text
    assert "vote-form" not in text
    for who, count in (("ana", 0), ("lee", 0), ("sol", 1), ("aud", 0)):
        actor = getattr(stage.cast, who)
        with opened(actor), CaptureQueriesContext(connection) as spent:
            assert waiting_for(actor) == count
        assert len(spent) <= 1


def test_who_started_a_run_by_hand_is_not_counted_and_reads_why(stage, client_of):
    from playbooks.operations.starting import start_run

    cast = stage.cast
    with opened(cast.ana):
        run = start_run(
            agency_id=cast.north.pk, subject="case:1", book="malware-on-a-host", why="Rehearsal", by=cast.ana,
            variables={"hosts": ["ws-1.north.example"], "severity": "high", "number": "T-1", "title": "Malware"},
        )  # fmt: skip
    stage.work()
    with opened(cast.ana):
        assert waiting_for(cast.ana) == 0
    with opened(cast.lee):
        assert waiting_for(cast.lee) == 1
    text = client_of("ana").get(at(stage.approval(run))).text
    assert "You started this run by hand, so another person votes." in text and 'value="approve"' not in text


def test_a_vote_by_form_lets_the_action_run_once(stage, client_of):
    run, one = asked(stage)
    client = client_of("ana")
    answer = client.post(at(one, "vote/"), typed(one), follow=True)
    assert answer.redirect_chain == [(at(one), 302)]
    assert "Approved. The action runs now, once." in answer.text and "Seen and weighed" in answer.text
    stage.work()
    assert [one["host"] for one in stage.product.isolations.values()] == ["ws-1.north.example"]
    assert stage.run(run).state == "done"


def test_a_denial_is_as_visible_as_an_approval(stage, client_of):
    run, one = asked(stage)
    client = client_of("lee")
    client.post(at(one, "vote/"), typed(one, "deny", reason="Pay day at noon"))
    stage.work()
    text = client.get(at(one)).text
    assert "</i>denied" in text and "one is enough" not in text
    assert "Exactly this did not run" in text and "Lee Okafor denies: Pay day at noon" in text
    assert ASKS in client.get("/approvals/?state=decided").text and "Denied" in client.get("/approvals/?state=decided").text
    assert ASKS not in client.get("/approvals/?state=open").text
    assert not stage.product.isolations and stage.run(run).state == "done"


def test_both_sides_vote_on_their_own_page(stage, client_of):
    _, one = asked(stage, agency="south", hosts=["ws-9"])
    first = client_of("zoe").post(at(one, "vote/"), typed(one), follow=True)
    assert "Nothing runs until every vote that is needed is given." in first.text
    liaison = client_of("sol")
    assert "Sol Reyes" in liaison.get(at(one)).text
    second = liaison.post(at(one, "vote/"), typed(one), follow=True)
    assert "Approved. The action runs now, once." in second.text
    with scope.floor(None):
        assert Approval.objects.get(pk=one.pk).state == "approved"


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        ({"hash": "0" * 64}, 409, "Read the action again"),
        ({"vote": "perhaps"}, 422, "Send approve or deny."),
        ({"hash": ""}, 422, "Send the hash of the action that you saw."),
    ],
)
def test_a_refused_vote_keeps_what_was_typed(stage, client_of, sent, status, said):
    _, one = asked(stage)
    answer = client_of("ana").post(at(one, "vote/"), typed(one, reason="A long thought", **sent))
    assert answer.status_code == status
    assert said in answer.text and ">A long thought</textarea>" in answer.text
    assert f'name="hash" value="{one.hash}"' in answer.text
    with scope.floor(None):
        assert Approval.objects.get(pk=one.pk).state == "open"


def test_a_vote_without_a_reason_names_the_field(stage, client_of):
    _, one = asked(stage)
    answer = client_of("ana").post(at(one, "vote/"), typed(one, reason="  "))
    assert answer.status_code == 422
    assert 'aria-describedby="reason-error"' in answer.text and "Say in a few words why." in answer.text


def test_a_second_vote_is_refused_and_kept(stage, client_of):
    _, one = asked(stage, agency="south", hosts=["ws-9"])
    client_of("lee").post(at(one, "vote/"), typed(one))
    answer = client_of("ana").post(at(one, "vote/"), typed(one, "deny", reason="Wait for noon"))
    assert answer.status_code == 409
    assert "This vote is given already" in answer.text and ">Wait for noon</textarea>" in answer.text
    assert "The watch floor has voted." in answer.text


def test_who_may_not_vote_is_refused_without_a_trace(stage, client_of):
    _, one = asked(stage)
    assert client_of("aud").post(at(one, "vote/"), typed(one)).status_code == 403
    assert client_of("zoe").post(at(one, "vote/"), typed(one)).status_code == 404
    assert client_of("nia").post(at(one, "vote/"), typed(one)).status_code == 404  # a standing consent: nobody asks them
    with scope.floor(None):
        assert Approval.objects.get(pk=one.pk).votes.count() == 0


def test_a_lapsed_approval_says_so_and_takes_no_vote(stage, client_of):
    _, one = asked(stage)
    with scope.floor(None):
        past = one.asked_at - timedelta(hours=1)
        Approval.objects.filter(pk=one.pk).update(asked_at=past, expires_at=past + timedelta(minutes=30), remind_at=past)
    late = client_of("ana").post(at(one, "vote/"), typed(one))
    assert late.status_code == 409 and "This approval has lapsed." in late.text and ">Seen and weighed</textarea>" in late.text
    stage.work()
    text = client_of("ana").get(at(one)).text
    assert "Nobody decided in time, so nothing ran." in text and 'value="approve"' not in text
    assert not stage.product.isolations


def test_a_void_approval_says_why_and_leads_to_the_run_that_asks_again(stage, client_of):
    run, one = asked(stage)
    with scope.floor(None):
        connect(
            agency_id=stage.cast.north.pk, kind="endpoint", name="NORTH EDR", base_url=f"{stage.product.address}/v2",
            named_networks=["127.0.0.1/32"], secret_name="edr", by=stage.cast.ada,
        )  # fmt: skip
    answer = client_of("ana").post(at(one, "vote/"), typed(one))
    assert answer.status_code == 409 and "This approval is void." in answer.text and ">Seen and weighed</textarea>" in answer.text
    assert "what would run is no longer what was shown" in answer.text and 'value="approve"' not in answer.text
    assert f"/runs/{run.public_id}/" in answer.text


def test_what_hides_a_case_hides_its_approval_from_the_agency(stage, client_of):
    _, one = asked(stage, agency="south", hosts=["ws-9"])
    stage.things.hidden = {"case:1"}
    client = client_of("sol")
    assert client.get(at(one)).status_code == 404
    text = client.get("/approvals/").text
    assert "ws-9" not in text and "nav-count" not in text


def test_the_list_costs_the_same_however_long_it_is(stage, client_of):
    client = client_of("ana")

    def cost(path):
        client.get(path)
        with CaptureQueriesContext(connection) as spent:
            assert client.get(path).status_code == 200
        return len(spent)

    _, one = asked(stage)
    before = cost("/approvals/"), cost(at(one)), cost("/approvals/?state=decided")
    for number in range(2, 6):
        stage.start(subject=f"case:{number}")
    stage.work()
    assert (cost("/approvals/"), cost(at(one))) == before[:2]
    with opened(stage.cast.lee):
        lee = stage.cast.lee
        for other in Approval.objects.filter(state="open"):
            vote(approval=str(other.public_id), hash=other.hash, vote="deny", reason="No", by=lee)
    assert cost("/approvals/?state=decided") <= before[0] + 1
