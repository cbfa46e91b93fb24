"""A worker dies at any statement of a run with branches, a loop, a delay and a book that it runs: each step of each round is done once."""

from collections import Counter
from typing import Any

import pytest

from playbooks.definition.graph import EXTENSION
from playbooks.models import Frame, Run, StepAttempt, Timer
from playbooks.operations.publishing import publish
from playbooks.operations.starting import start_run
from soc.cases.models import Note
from soc.cases.operations.opening import open_case
from tenants.actors import system
from tenants.isolation import scope
from tests.cast import Cast
from tests.machines.engine import NUMBERS, Play
from tests.machines.profiles import FACTOR
from tests.machines.test_the_engine import connected
from tests.playbooks.books import END, book, note, step_id
from tests.playbooks.conftest import product
from tests.playbooks.endpoint_product import EndpointProduct

__all__ = ["connected", "product"]
pytestmark = pytest.mark.django_db(transaction=True)
STRIDE = 1 if FACTOR > 1 else 6  # by command: a crash at each point


def setting(variable: str, step: dict[str, Any]) -> dict[str, Any]:
    """A step after which a variable is what a note says of its case: how that stands."""
    step["step_extensions"][EXTENSION]["outputs"] = {variable: "state"}
    return step


CALLED = {"start": {"type": "start", "on_completion": "inner"}, "inner": note("inner", on_completion="end"), "end": END}
BLOCKS: dict[str, dict[str, Any]] = {
    "start": {"type": "start", "on_completion": "split"},
    "split": {
        "type": "parallel",
        "name": "split",
        "next_steps": [step_id("action", "left"), step_id("action", "right")],
        "on_completion": "again",
    },
    "left": note("left", on_completion="left2"),
    "left2": note("left2", delay=60_000, on_completion="left_end"),
    "left_end": END,
    "right": note("right", on_completion="right_end"),
    "right_end": END,
    "again": {"type": "while-condition", "name": "again", "condition": "__b__:value = 'yes'", "on_true": "turn", "on_completion": "call"},
    "turn": note("turn", on_completion="which"),
    "which": {
        "type": "if-condition",
        "name": "which",
        "condition": "__a__:value = 'yes'",
        "on_true": "first",
        "on_false": "second",
        "on_completion": "turn_end",
    },
    "first": setting("__a__", note("first", on_completion="first_end")),
    "first_end": END,
    "second": setting("__b__", note("second", on_completion="second_end")),
    "second_end": END,
    "turn_end": END,
    "call": {"type": "playbook-action", "name": "call", "in_args": ["__odd__"], "on_completion": "after"},
    "after": note("after", on_completion="end"),
    "end": END,
}
SET = {"external": False, "value": "yes"}
DONE = {"left": 1, "left2": 1, "right": 1, "turn": 2, "first": 1, "second": 1, "inner": 1, "after": 1}


class BlockPlay(Play):
    """The run of the book of blocks, and the other one that it starts."""

    def begin_blocks(self) -> None:
        no, north = next(NUMBERS), self.cast.north.pk
        by = system("test", agency_id=north, clock=self.clock)
        called = book(CALLED, start="start", name=f"Called {no}")
        steps = {**BLOCKS, "call": {**BLOCKS["call"], "playbook_id": called["id"]}}
        document = book(steps, start="start", name=f"Blocks {no}", odd={}, a=SET, b=SET)
        with scope.floor(None, actor="test"):
            publish(slug=f"called-{no}", document=called, by=by)
            publish(slug=f"blocks-{no}", document=document, by=by)
        with scope.agency(north, actor="test"):
            self.case = open_case(agency_id=north, title="A case", severity="low", at=by.now(), by=by, reason="A test.")
            about = {"subject": self.case.subject, "book": f"blocks-{no}", "variables": {"odd": "yes"}, "why": "A test"}
            self.run_id = start_run(agency_id=north, **about, by=by).pk

    def the_lease_runs_out(self) -> None:
        with scope.agency(self.cast.north.pk, actor="test"):
            Run.objects.filter(state="running").update(lease_until="2020-01-01T00:00Z")

    def through(self, crash: int = 0) -> int:
        """Until it is over; one worker dies at the nth point of the whole. Returns how many points there were."""
        passed = 0
        for _ in range(12):
            points = self.work(crash - passed if crash > passed else 0)
            passed += points.passed
            self.holds_at_any_time()
            if points.crashed:
                self.the_lease_runs_out()
            if self.run().state_is_over:
                break
            self.clock.wind(minutes=2)
        return passed

    def everything_was_done_once(self) -> None:
        self.holds_at_any_time()
        with scope.floor(None, actor="test"):
            notes = Counter(Note.objects.filter(case=self.case).values_list("text", flat=True))
            runs = list(Run.objects.filter(subject=self.case.subject).values_list("depth", "state").order_by("depth"))
            frames = Frame.objects.filter(run__subject=self.case.subject)
            opened = Counter(frames.exclude(step_id="").values_list("step_id", flat=True))
            left = StepAttempt.objects.filter(run__subject=self.case.subject).exclude(state="ok").count()
            timers = Timer.objects.filter(run__subject=self.case.subject, purpose__startswith="delay").count()
            assert frames.filter(ended_at=None).count() == 0
        assert notes == DONE
        assert runs == [(0, "done"), (1, "done")]
        assert sorted(opened.values()) == [2, 2, 2]
        assert (left, timers) == (0, 1)


def test_a_crash_at_any_statement_of_branches_loops_and_called_books_changes_nothing(connected: tuple[Cast, EndpointProduct]) -> None:
    whole_play = BlockPlay(*connected)
    whole_play.begin_blocks()
    whole = whole_play.through()
    whole_play.everything_was_done_once()
    assert whole > 50
    for at in range(1, whole + 1, STRIDE):
        play = BlockPlay(*connected)
        play.begin_blocks()
        play.through(at)
        assert play.finish().state == "done", f"a crash at point {at} of {whole}"
        play.everything_was_done_once()
