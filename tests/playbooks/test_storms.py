"""Storms: the same rule, content and entity within the window are one run, which knows how many it stands for."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import override_settings

from playbooks.events import RunCovers
from playbooks.library import Trigger
from playbooks.models import Covered, Run, RunEvent, Storm
from playbooks.operations.publishing import publish, set_trigger
from playbooks.operations.starting import start_matching_runs
from playbooks.states import Lane
from tenants.actors import server_time, system
from tenants.isolation import scope
from tenants.models import Entry
from tests.playbooks.books import END, START, book, note
from tests.playbooks.conftest import Stage
from tests.races.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def window(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A quarter of an hour, as it is unless somebody sets it."""
    monkeypatch.setattr(settings, "STORM_SECONDS", 900)


def begun(stage: Stage, subject: str, host: str = "ws-1.north.example", agency: str = "north", **facts: object) -> list[Run]:
    """The runs that start for a subject."""
    one = getattr(stage.cast, agency)
    given = {"severity": "high", "hosts": [host], "number": subject, "title": "Malware", "entity_kind": "host", "entity": host, **facts}
    with scope.agency(one.pk):
        return start_matching_runs(agency_id=one.pk, subject=subject, facts=given, by=system("test", agency_id=one.pk))


def told(run: Run) -> list[str]:
    with scope.floor(None):
        return list(RunEvent.objects.filter(run=run, kind="again").order_by("no").values_list("text", flat=True))


def test_a_second_case_about_the_same_host_is_covered_by_the_first_ones_run(stage):
    (run,) = begun(stage, "case:1")
    assert begun(stage, "case:2") == begun(stage, "case:3") == []
    assert [text.rpartition(": ")[2] for text in told(run)] == ["1 so far", "2 so far"]
    with scope.floor(None):
        assert set(Covered.objects.filter(run=run).values_list("subject", flat=True)) == {"case:2", "case:3"}
        facts = [one.data for one in Entry.objects.filter(kind="playbooks.RunCovers").order_by("id")]
    assert [(one["about"], one["by_subject"], one["run"]) for one in facts] == [
        (about, "case:1", str(run.public_id)) for about in ("case:2", "case:3")
    ]
    assert RunCovers(**facts[0]).why.startswith("The run on T-1 stands for this one too")


def test_a_fact_that_comes_twice_counts_once(stage):
    (run,) = begun(stage, "case:1")
    for _ in range(3):
        assert begun(stage, "case:1") == begun(stage, "case:2") == []
    assert len(told(run)) == 1


@pytest.mark.parametrize("other", [{"host": "ws-2.north.example"}, {"agency": "south"}])
def test_another_host_and_another_agency_have_runs_of_their_own(stage, other):
    assert len(begun(stage, "case:1")) == len(begun(stage, "case:2", **other)) == 1


def test_after_the_window_the_same_entity_has_a_run_again(stage):
    begun(stage, "case:1")
    with scope.floor(None):
        Storm.objects.update(until=server_time() - timedelta(seconds=1))
    (second,) = begun(stage, "case:2")
    assert begun(stage, "case:3") == []
    assert len(told(second)) == 1


@pytest.mark.parametrize(("state", "runs"), [("done", 0), ("waiting", 0), ("failed", 1), ("stopped", 1), ("cancelled", 1)])
def test_a_run_that_did_not_do_it_stands_for_nobody(stage, state, runs):
    stage.tampered = True  # the state is set by hand
    (run,) = begun(stage, "case:1")
    with scope.floor(None):
        Run.objects.filter(pk=run.pk).update(state=state)
    assert len(begun(stage, "case:2")) == runs


def test_without_a_window_each_case_has_its_run(stage):
    with override_settings(STORM_SECONDS=0):
        assert len(begun(stage, "case:1")) == len(begun(stage, "case:2")) == 1


def test_of_many_workers_that_see_the_storm_at_once_one_starts_the_run(stage):
    runs = at_once(*[lambda n=n: begun(stage, f"case:{n}") for n in range(8)])
    (run,) = [one for some in runs for one in some]
    assert len(told(run)) == 7
    with scope.floor(None):
        assert (Run.objects.count(), Covered.objects.count()) == (1, 7)


@pytest.mark.parametrize(
    ("facts", "told", "lane"),
    [
        ({}, {}, Lane.NORMAL),
        ({}, {"priority": 2}, Lane.NORMAL),
        ({}, {"priority": 1}, Lane.EMERGENCY),
        ({"severity": "critical"}, {}, Lane.EMERGENCY),
        ({}, {"urgent": True}, Lane.EMERGENCY),
    ],
)
def test_a_run_goes_in_the_lane_of_its_rule_its_book_and_its_subject(stage, facts, told, lane):
    document = book({"start": START, "first": note("one", on_completion="end"), "end": END}, start="start")
    document |= {"priority": told["priority"]} if "priority" in told else {}
    rule = Trigger("small", "small", "Each", "case", "__host_count__:value > 0", "It has a host.", urgent=told.get("urgent", False))
    with scope.floor(None):
        publish(slug="small", document=document, by=system("test"))
        set_trigger(trigger=rule, by=system("test"))
    (run,) = [one for one in begun(stage, "case:1", **facts) if one.book.slug == "small"]
    assert run.lane == lane
