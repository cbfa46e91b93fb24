"""Three books on the engine itself: people vote and answer, and a product that speaks real HTTP counts what it was told."""

from typing import Any

import pytest

from playbooks.models import Approval, Run, StepAttempt, Undo
from playbooks.operations.answering import answer
from playbooks.operations.publishing import publish_library
from playbooks.operations.starting import start_run
from playbooks.operations.voting import vote
from tenants.actors import system
from tenants.gates.opening import opened
from tenants.isolation import scope

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def library(stage):
    """The whole library on the stage: a book finds those that it calls."""
    with scope.floor(None):
        publish_library(by=system("library"))


FACTS = {
    "severity": "high",
    "hosts": ["ws-1.north.example"],
    "number": "T-1",
    "title": "A case",
    "entity_kind": "host",
    "accounts": ["kim"],
}
MOST_TURNS = 200


class Floor:
    """People at work on a run and on the runs that it starts: they approve what is asked and answer what waits."""

    def __init__(self, stage: Any, slug: str, said: dict[str, Any]) -> None:
        self.stage, self.said = stage, said
        self.asked: list[str] = []
        one = stage.cast.north
        by = system("test", agency_id=one.pk)
        with scope.agency(one.pk):
            values = {**FACTS, "host": FACTS["hosts"][0], "host_count": 1}
            self.run = start_run(agency_id=one.pk, subject="case:1", book=slug, variables=values, why="A test", by=by)

    def carry_out(self) -> "Floor":
        """Turn after turn until nothing waits."""
        for _ in range(MOST_TURNS):
            self.stage.work()
            if not self.turn():
                return self
        raise AssertionError("The people never came to an end.")

    def turn(self) -> bool:
        """One round of votes and answers; False when nobody was asked anything."""
        with scope.floor(None):
            approvals = list(Approval.objects.filter(state="open").order_by("id"))
            held = {one.attempt_id for one in approvals}
            steps = [one for one in StepAttempt.objects.filter(kind="manual", state="planned").order_by("id") if one.pk not in held]
        for approval in approvals:
            self.asked.append(approval.action)
            cast = self.stage.cast
            for voter in (*(cast.ana, cast.lee)[: approval.floor_votes], *((cast.nia,) if approval.asks_agency else ())):
                with opened(voter):
                    vote(approval=str(approval.public_id), hash=approval.hash, vote="approve", reason="Agreed", by=voter)
        for step in steps:
            with opened(self.stage.cast.ana):
                answer(step=str(step.public_id), answer="yes", reason="Done", returns=self.said, by=self.stage.cast.ana)
        return bool(approvals or steps)


def runs() -> list[tuple[str, str, str]]:
    with scope.floor(None):
        return [(run.book.slug, run.state, run.detail) for run in Run.objects.select_related("book").order_by("id")]


ISOLATION = "Isolate host ws-1.north.example from the network"


def test_the_web_shell_book_isolates_its_server_and_releases_it_at_the_end(stage):
    floor = Floor(
        stage, "web-shell", {"__shell__": "yes", "__source__": "198.51.100.7", "__more__": "no", "__incident__": "no"}
    ).carry_out()
    assert runs() == [("web-shell", "done", "Done")]
    assert ISOLATION in floor.asked and "Block 198.51.100.7 for 14 days" in floor.asked
    orders = [path for method, path, _, _ in stage.product.requests if method == "POST"]
    assert orders == ["/hosts/ws-1.north.example/isolate", "/hosts/ws-1.north.example/release"]
    assert len(stage.product.asked()) >= 1
    assert [verb for verb, _, _ in stage.things.done].count("contain") == 1


def test_the_ransomware_book_cuts_reports_in_a_run_of_its_own_and_ends(stage):
    floor = Floor(stage, "ransomware", {"__stolen__": "yes", "__major__": "yes", "__incident__": "yes", "__people__": 0}).carry_out()
    assert runs() == [("ransomware", "done", "Done"), ("federal-reporting", "done", "Done")]
    assert len(floor.asked) >= 5 and ISOLATION in floor.asked[:4], "The four cuts are asked for at once."
    assert len(stage.product.orders()) == 1
    with scope.floor(None):
        assert Undo.objects.get().text == "Release ws-1.north.example from isolation, through the same product"
    titles = [given.get("title", "") for _, _, given in stage.things.done]
    assert "CISA: tell the federal enterprise" in " ".join(titles)


def test_the_phishing_book_hands_over_to_the_book_on_credentials(stage):
    said = {
        "__verdict__": "credentials",
        "__entered__": "yes",
        "__ran__": "no",
        "__incident__": "no",
        "__account__": "kim",
        "__kind__": "user",
    }
    floor = Floor(stage, "phishing", {**said, "__foreign__": "yes", "__others__": "no", "__recipients__": 12}).carry_out()
    assert runs() == [("phishing", "done", "Done"), ("credential-compromise", "done", "Done")]
    assert "Remove the mail from 12 mailboxes into quarantine" in floor.asked
    assert "End every session of kim" in floor.asked
    assert len(stage.product.orders()) == 1


def test_a_product_that_refuses_leaves_a_task_and_the_book_goes_on(stage):
    stage.product.answer_with = [400] * 10
    Floor(stage, "web-shell", {"__shell__": "yes", "__more__": "no", "__incident__": "no"}).carry_out()
    assert runs() == [("web-shell", "done", "Done")]
    assert stage.product.isolations == {}
    titles = [given.get("title", "") for verb, _, given in stage.things.done if verb == "task"]
    assert "Choose another containment for ws-1.north.example: it is still on the network" in titles
