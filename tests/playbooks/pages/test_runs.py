"""The page of a run: the graph and the equal list, one step looked at, a person's answer, the reader's own part."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from playbooks.models import StepAttempt
from playbooks.operations.publishing import publish
from playbooks.operations.starting import start_run
from tenants.actors import system
from tenants.gates.opening import opened
from tenants.isolation import scope
from tests.playbooks.books import END, START, book, manual, note

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("who", "status"), [("ana", 200), ("aud", 200), ("zoe", 200), ("sol", 200), ("nia", 404), ("ada", 404)])
def test_who_reads_a_run_of_the_south(stage, client_of, who, status):
    run = stage.start(agency="south", hosts=["ws-9"])
    stage.work()
    answer = client_of(who).get(f"/runs/{run.public_id}/")
    assert answer.status_code == status
    assert ("Malware on a host" in answer.text) == (status == 200)


def test_the_graph_and_the_list_say_the_same_and_the_waiting_step_is_looked_at(stage, client_of):
    run = stage.start()
    stage.work()
    client = client_of("ana")
    text = client.get(f"/runs/{run.public_id}/").text
    for name in ("Note the host and accounts", "Isolate the host", "Ask for forensics"):
        assert text.count(f">{name}</a>") == 1 and f"<title>{name}, " in text
    assert "<title>Isolate the host, Waits for vote</title>" in text and "node-waits node-current" in text
    assert f'href="/approvals/{stage.approval(run).public_id}/"' in text
    assert "Waits for the watch floor to vote" in text
    assert "[secret edr]" in text and "the-secret-of-the-product" not in text
    other = next(link.split('"')[0] for link in text.split('href="?step=')[1:] if link.split("</a>")[0].endswith(">Ask for forensics"))
    chosen = client.get(f"/runs/{run.public_id}/?step={other}").text
    assert '<h2 class="pane-title">Ask for forensics</h2>' in chosen and "What is volatile is lost first" in chosen
    assert client.get(f"/runs/{run.public_id}/?step=nothing-like-it").status_code == 200


def test_a_done_run_shows_what_can_be_undone_and_every_event(stage, client_of):
    run = stage.start()
    stage.work()
    one = stage.approval(run)
    client = client_of("ana")
    client.post(f"/approvals/{one.public_id}/vote/", {"hash": one.hash, "vote": "approve", "reason": "Yes"})
    stage.work()
    text = client.get(f"/runs/{run.public_id}/").text
    assert "What can be undone" in text and "Release ws-1.north.example" in text
    assert "Ana Diaz votes to approve" in text and "Every event of the run" in text


def test_the_agency_reads_its_released_steps_only(stage, client_of):
    run = stage.start(agency="south", hosts=["ws-9"])
    stage.work()
    text = client_of("sol").get(f"/runs/{run.public_id}/").text
    assert "Isolate the host" in text and "What your agency was asked" in text
    for hidden in ("Note the host and accounts", '<svg class="graph"', "Every event", "Started by", "waiting for people"):
        assert hidden not in text, hidden


def by_hand(stage, document):
    cast = stage.cast
    with scope.floor(None):
        publish(slug="small", document=document, by=system("library"))
    with opened(cast.ana):
        run = start_run(agency_id=cast.north.pk, subject="case:1", book="small", variables={}, why="To try it", by=cast.ana)
    stage.work()
    with scope.floor(None):
        return run, StepAttempt.objects.filter(run=run, kind="manual").get()


@pytest.fixture
def waiting(stage):
    """A run that waits for a person's answer."""
    steps = {
        "start": START,
        "first": manual("Call the duty officer", on_success="told", on_failure="end"),
        "told": note("Told", on_completion="end"),
        "end": END,
    }
    return by_hand(stage, book(steps, start="start"))


@pytest.mark.parametrize(("said", "noted"), [("yes", 1), ("no", 0)])
def test_an_answer_by_form_lets_the_run_go_on(stage, client_of, waiting, said, noted):
    run, step = waiting
    client = client_of("ana")
    text = client.get(f"/runs/{run.public_id}/").text
    assert "Is it done?" in text and "It was not done" in text
    answer = client.post(f"/runs/{run.public_id}/steps/{step.public_id}/answer/", {"answer": said, "reason": "Spoke to them"}, follow=True)
    assert (
        answer.status_code == 200
        and "Spoke to them" in answer.text
        and "<form" not in answer.text.split('id="inspector"')[1].split("</aside>")[0]
    )
    stage.work()
    assert stage.run(run).state == "done"
    assert len(stage.things.done) == noted


def test_an_answer_without_a_reason_is_refused_and_another_one_is_too_late(stage, client_of, waiting):
    run, step = waiting
    address = f"/runs/{run.public_id}/steps/{step.public_id}/answer/"
    refused = client_of("ana").post(address, {"answer": "yes", "reason": " "})
    assert refused.status_code == 422 and "Say in a few words how you know." in refused.text and "Is it done?" in refused.text
    client_of("ana").post(address, {"answer": "yes", "reason": "Spoke to them"})
    late = client_of("lee").post(address, {"answer": "no", "reason": "Nobody picked up"})
    assert late.status_code == 409
    assert "Nobody picked up" in late.text


def test_who_may_not_answer_meets_a_wall(stage, client_of, waiting):
    run, step = waiting
    address = f"/runs/{run.public_id}/steps/{step.public_id}/answer/"
    assert "Is it done?" not in client_of("aud").get(f"/runs/{run.public_id}/").text
    for who, status in (("aud", 403), ("zoe", 404), ("nia", 404), ("ada", 404)):
        assert client_of(who).post(address, {"answer": "yes", "reason": "x"}).status_code == status, who
    with scope.floor(None):
        assert StepAttempt.objects.get(pk=step.pk).state == "planned"


def test_a_run_costs_the_same_however_far_it_is(stage, client_of):
    run = stage.start()
    client = client_of("aud")

    def cost():
        client.get(f"/runs/{run.public_id}/")
        with CaptureQueriesContext(connection) as spent:
            assert client.get(f"/runs/{run.public_id}/").status_code == 200
        return len(spent)

    stage.work()
    before = cost()
    one = stage.approval(run)
    client_of("ana").post(f"/approvals/{one.public_id}/vote/", {"hash": one.hash, "vote": "approve", "reason": "Yes"})
    stage.work()
    assert cost() == before
