"""Random books, random luck, and a worker that dies anywhere: the run ends, each effect happens once, and the steps are a legal way."""

from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from playbooks.operations.connecting import connect
from soc.clocks.operations.loading import load_facts
from tenants.actors import system
from tenants.isolation import scope
from tests.cast import Cast
from tests.machines.books import request, small_books, task
from tests.machines.engine import Play
from tests.machines.profiles import FACTOR, short
from tests.playbooks.books import END, manual, note
from tests.playbooks.conftest import product
from tests.playbooks.endpoint_product import EndpointProduct

__all__ = ["product"]
pytestmark = pytest.mark.django_db(transaction=True)
STRIDE = 1 if FACTOR > 1 else 6  # by command: a crash at each point


@pytest.fixture
def connected(cast: Cast, product: EndpointProduct) -> tuple[Cast, EndpointProduct]:
    """The north with its law and its product."""
    with scope.floor(None, actor="test"):
        load_facts(by=system("test"))
        networks = ["127.0.0.1/32"]
        connect(agency_id=cast.north.pk, kind="endpoint", name="EDR", base_url=product.address, named_networks=networks, by=cast.ada)
    with scope.agency(cast.north.pk, actor="test"):
        from playbooks.operations.consenting import give_consent

        give_consent(actions=["endpoint.isolate"], note="Agreed", by=cast.nia)
    return cast, product


class TheEngine(RuleBasedStateMachine):
    """One run under everything that may happen to it."""

    cast: Cast
    product: EndpointProduct

    @initialize(steps=small_books())
    def it_begins(self, steps: dict[str, Any]) -> None:
        self.play = Play(self.cast, self.product)
        self.play.begin(steps)

    @rule(crash=st.one_of(st.just(0), st.integers(1, 120)), patient=st.booleans())
    def a_worker_works(self, crash: int, patient: bool) -> None:
        if self.play.work(crash).crashed and not patient:
            self.play.the_lease_runs_out()

    @rule()
    def a_lease_runs_out(self) -> None:
        self.play.the_lease_runs_out()

    @rule(minutes=st.sampled_from((1, 5, 25)))
    def time_goes_by(self, minutes: int) -> None:
        self.play.clock.wind(minutes=minutes)

    @rule(kind=st.sampled_from(("approve", "approve", "deny")))
    def somebody_votes(self, kind: str) -> None:
        self.play.vote(kind)

    @rule(said=st.sampled_from(("yes", "no")))
    def somebody_answers(self, said: str) -> None:
        self.play.answer(said)

    @rule(status=st.sampled_from((429, 503, 403)))
    def the_product_will_refuse(self, status: int) -> None:
        self.product.answer_with.append(status)

    @rule()
    def the_line_will_drop_after_the_product_did_it(self) -> None:
        self.product.drop.append(True)

    @invariant()
    def it_holds(self) -> None:
        if hasattr(self, "play"):
            self.play.holds_at_any_time()

    def teardown(self) -> None:
        if hasattr(self, "play"):
            self.play.finish()
            self.play.holds_in_the_end()


def test_whatever_happens_to_a_run_it_ends_and_did_everything_once(connected: tuple[Cast, EndpointProduct]) -> None:
    machine = type("Machine", (TheEngine,), {"cast": connected[0], "product": connected[1]})
    run_state_machine_as_test(machine, settings=short(15, stateful_step_count=14))


EVERYTHING = {
    "start": {"type": "start", "on_completion": "first"},
    "first": note("first", on_completion="odd"),
    "odd": {"type": "if-condition", "name": "Odd?", "condition": "__odd__:value = 'yes'", "on_true": "inside", "on_completion": "asked"},
    "inside": task("inside", "inside_end"),
    "inside_end": END,
    "asked": request("asked", asking=True, on_success="hand", on_failure="end2"),
    "hand": manual("Call them", on_success="late", on_failure="end3"),
    "late": note("late", delay=60_000, on_completion="end"),
    "end": END,
    "end2": END,
    "end3": END,
}


def through(play: Play, crash: int = 0) -> int:
    """A run of everything, where one worker dies at the nth point of the whole; returns how many points there were."""
    play.begin(EVERYTHING)
    passed = 0
    for _ in range(12):
        points = play.work(max(0, crash - passed) if crash > passed else 0)
        passed += points.passed
        play.holds_at_any_time()
        if points.crashed:
            play.the_lease_runs_out()
        if play.run().state_is_over:
            break
        play.vote("approve")
        play.answer("yes")
        play.clock.wind(minutes=2)
    return passed


def test_a_crash_at_any_statement_or_call_changes_nothing_of_the_outcome(connected: tuple[Cast, EndpointProduct]) -> None:
    cast, product = connected
    whole = through(Play(cast, product))
    assert whole > 50
    for at in range(1, whole + 1, STRIDE):
        play = Play(cast, product)
        through(play, at)
        run = play.finish()
        assert (run.state, run.detail) == ("done", "End"), f"a crash at point {at} of {whole} ended the run as {run.state}: {run.detail}"
        play.holds_in_the_end()
        host = [told for told in product.isolations.values() if told["host"] == "asked"]
        assert [told["requests"] for told in host] == [1] * len(host)
