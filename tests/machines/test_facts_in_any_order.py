"""The facts of cases delivered in every order that eligibility allows, and twice: the same final state."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from playbooks.models import Run
from playbooks.operations.publishing import publish_library
from soc.cases.models import Case, TimelineEntry
from soc.cases.operations.claiming import assign, claim
from soc.cases.operations.closing import close, reopen
from soc.cases.operations.containing import contain, recover
from soc.cases.operations.grading import change_severity, declare
from soc.cases.operations.opening import open_case
from soc.clocks.models import Clock
from soc.clocks.operations.breaching import breach_due_clocks
from soc.clocks.operations.loading import load_facts
from soc.live.models import TopicCount
from soc.scorecards.models import Figure, Observation, Scorecard, Standing
from tenants.actors import clock_set_to, system
from tenants.gates.opening import opened
from tenants.isolation import scope
from tenants.journal import delivery, sweeping
from tenants.journal.subscribing import as_event, subscription
from tenants.models import Delivery, Entry
from tests.cast import Cast, StageClock
from tests.machines.profiles import short

pytestmark = pytest.mark.django_db
FAR = "2999-01-01T00:00Z"
RANDOM = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# What the engine and the scorecards do comes after; here only facts are delivered.
AFTERWARDS = ("scorecards", "standings")

# Of each kind of row, what a reader sees: no numbers that only the order of writing gives.
SEEN: dict[str, tuple[Any, tuple[str, ...]]] = {
    "cases": (Case, ("number", "state", "owner", "severity", "version", "disposition", "next_due_kind", "next_due_at")),
    "timeline": (TimelineEntry, ("case_id", "happened_at", "created_at", "origin", "actor_label", "text", "visibility")),
    "clocks": (Clock, ("subject", "kind", "state", "started_at", "due_at", "stopped_at", "breached_at")),
    "observations": (Observation, ("subject", "number", "position", "at", "acknowledged_at", "contained_at", "closed_at", "disposition")),
    "scorecards": (Scorecard, ("period", "cases", "closed", "as_of", "as_of_at")),
    "figures": (Figure, ("scorecard__period", "measure", "value", "low", "high", "n", "events", "excluded")),
    "standings": (
        Standing,
        ("agency_id", "about_id", "period", "measure", "value", "n", "events", "cases", "closed", "as_of"),
    ),
    "runs": (Run, ("subject", "book__slug", "why", "state")),
    "topics": (TopicCount, ("topic", "n")),
}


class Story:
    """Two cases of the north that lived a while before anybody heard of it."""

    def __init__(self, cast: Cast) -> None:
        self.cast, self.clock = cast, StageClock()
        with scope.floor(None, actor="test"):
            load_facts(by=system("test"))
            publish_library(by=system("test"))
        sweeping.sweep(rounds=50)
        for number in range(2):
            self.live(number)

    def live(self, number: int) -> None:
        north = self.cast.north.pk
        by = system("test", agency_id=north, clock=self.clock)
        about = {"entity_kind": "host", "entity": f"ws-{number}", "hosts": (f"ws-{number}",), "happened_at": self.clock()}
        with scope.agency(north, actor="test"):
            case = open_case(agency_id=north, title=f"Case {number}", severity="high", at=by.now(), by=by, reason="A test.", **about)
        steps: list[tuple[Any, dict[str, Any]]] = [
            (claim, {}),
            (change_severity, {"severity": "critical", "reason": "Worse."}),
            (declare, {"kind": "incident", "reason": "It is one."}),
            (assign, {"owner": "lee@watchfloor.example"}),
            (contain, {"reason": "Cut off."}),
            (close, {"disposition": "true_positive", "reason": "Over."}),
            (reopen, {"reason": "Back."}),
            (recover, {"reason": "Well."}),
            *([(close, {"disposition": "true_positive", "reason": "Over."})] if number else []),
        ]
        for version, (verb, asked) in enumerate(steps, start=1):
            self.clock.wind(minutes=47)
            ana = self.cast.ana.at(self.clock)
            with opened(ana):
                verb(number=case.number, version=version, by=ana, **asked)
            with scope.agency(north, actor="test"):
                breach_due_clocks(agency_id=north, by=by)


def eligible(agency_id: int) -> list[int]:
    """Open deliveries before which none of the same subscriber and subject is open, oldest first."""
    with scope.agency(agency_id, actor="test"):
        heads: dict[tuple[str, str], int] = {}
        for pk, subscriber, subject in Delivery.objects.filter(state="open").order_by("id").values_list("id", "subscriber", "subject"):
            heads.setdefault((subscriber, subject), pk)
    return sorted(heads.values())


def deliver(agency_id: int, pk: int) -> None:
    """This delivery and no other, by the machinery itself."""
    with scope.agency(agency_id, actor="test"):
        Delivery.objects.filter(state="open").exclude(pk=pk).update(due_at=FAR)
    assert delivery.deliver_one(agency_id)
    with scope.agency(agency_id, actor="test"):
        assert Delivery.objects.get(pk=pk).state == "done"
        Delivery.objects.filter(state="open").update(due_at="2020-01-01T00:00Z")


def delivered_and_lost(agency_id: int, pk: int) -> None:
    """The same, and then its transaction is lost before the commit."""
    saved = transaction.savepoint()
    deliver(agency_id, pk)
    transaction.savepoint_rollback(saved)


def reacted_again(agency_id: int, pk: int) -> None:
    """The reaction alone, a second time, for a fact that it has heard."""
    with scope.agency(agency_id, actor="system:delivery"):
        one = Delivery.objects.get(pk=pk)
        entry = Entry.objects.get(pk=one.entry_id)
        heard = subscription(one.subscriber)
        assert heard is not None
        heard.react(as_event(entry.kind, entry.data), entry)


def final_state(cast: Cast) -> dict[str, list[Any]]:
    """Everything that readers see, when all that follows from the facts is done too."""
    sweeping.sweep(names=AFTERWARDS, rounds=50)
    with scope.floor(None, actor="test"):
        return {name: sorted(nameless(row) for row in model.objects.values_list(*fields)) for name, (model, fields) in SEEN.items()}


def nameless(row: tuple[Any, ...]) -> str:
    """A row without the random names that each telling gives to what it makes."""
    return RANDOM.sub("<random>", repr(row))


def told(story: Story, choose: Callable[[list[int]], int], *before: Callable[[int, int], None], after: Any = None) -> dict[str, list[Any]]:
    """Deliver everything, choosing each time among the eligible ones; returns the final state and takes it all back."""
    saved = transaction.savepoint()
    north = story.cast.north.pk
    with clock_set_to(story.clock):
        while found := eligible(north):
            pk = choose(found)
            for again in before:
                again(north, pk)
            deliver(north, pk)
            if after is not None:
                after(north, pk)
        state = final_state(story.cast)
    transaction.savepoint_rollback(saved)
    connection.needs_rollback = False
    return state


def first(found: list[int]) -> int:
    return found[0]


def test_in_every_order_and_after_a_crash_before_each_commit_the_state_is_the_same(cast: Cast) -> None:
    story = Story(cast)
    expected = told(story, first)
    assert all(expected.values()), "the story leaves nothing of one kind"

    @short(5)
    @given(luck=st.randoms(use_true_random=False), lost=st.booleans())
    def in_any_order(luck: Any, lost: bool) -> None:
        assert told(story, luck.choice, *([delivered_and_lost] if lost else [])) == expected

    in_any_order()


def test_a_reaction_that_hears_a_fact_again_adds_nothing_but_a_ring(cast: Cast) -> None:
    story = Story(cast)
    expected = told(story, first)
    again = told(story, first, after=reacted_again)
    assert {name: rows for name, rows in again.items() if name != "topics"} == {
        name: rows for name, rows in expected.items() if name != "topics"
    }
    # A page that is rung for nothing asks once more; the count only grows, so that no ring is missed.
    assert len(again["topics"]) == len(expected["topics"])
