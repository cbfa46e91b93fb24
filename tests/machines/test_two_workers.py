"""Two at one thing, statement by statement in a drawn order: a run taken by two workers, a case by two analysts, a key by two admins."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from playbooks.engine.working import work_runs
from soc.cases.models import Case, Note
from soc.cases.operations.claiming import claim
from soc.cases.operations.closing import close
from soc.cases.operations.noting import note as write_note
from soc.cases.operations.opening import open_case
from soc.clocks.operations.loading import load_facts
from tenants.actors import Actor, system
from tenants.errors import Conflict, Stale
from tenants.gates.opening import opened
from tenants.isolation import scope
from tenants.models import Entry, SensorKey
from tenants.operations.keys import create_sensor_key
from tests.cast import Cast
from tests.machines.engine import Play
from tests.machines.profiles import short
from tests.machines.turns import taking_turns
from tests.playbooks.books import END, note
from tests.playbooks.conftest import product
from tests.playbooks.endpoint_product import EndpointProduct

__all__ = ["product"]
pytestmark = pytest.mark.django_db(transaction=True)

NOTES = {
    "start": {"type": "start", "on_completion": "one"},
    "one": note("one", on_completion="two"),
    "two": note("two", on_completion="three"),
    "three": note("three", on_completion="end"),
    "end": END,
}
# A lease that runs out while its holder lives: only where no statement holds the row.
EXPIRE = """
UPDATE playbooks_run SET lease_until = '2020-01-01' WHERE id IN (
  SELECT id FROM playbooks_run WHERE id = %s AND state = 'running' FOR UPDATE SKIP LOCKED)
"""
orders = st.lists(st.integers(0, 1), max_size=60)
orders_with_lapses = st.lists(st.sampled_from((0, 0, 0, 1, 1, 1, 2)), max_size=80)


@pytest.fixture
def rules(cast: Cast) -> Cast:
    with scope.floor(None, actor="test"):
        load_facts(by=system("test"))
    return cast


def test_a_run_taken_by_two_workers_is_done_once(rules: Cast, product: EndpointProduct) -> None:
    @short(12)
    @given(order=orders_with_lapses)
    def in_any_order(order: list[int]) -> None:
        play = Play(rules, product)
        play.begin(NOTES)

        def lapse() -> None:
            with scope.agency(rules.north.pk, actor="test"), connection.cursor() as cursor:
                cursor.execute(EXPIRE, [play.run_id])

        def work() -> int:
            return work_runs(rules.north.pk, clock=play.clock)

        with taking_turns() as turns:
            turns.run((work, work), order, lapse)
        play.finish()
        play.holds_in_the_end()
        with scope.floor(None, actor="test"):
            assert sorted(Note.objects.filter(case=play.case).values_list("text", flat=True)) == ["one", "three", "two"]

    in_any_order()


def test_a_case_taken_by_two_people_is_changed_by_one_at_a_time(rules: Cast) -> None:
    @short(12)
    @given(order=orders, verbs=st.tuples(st.sampled_from(("claim", "note", "close")), st.sampled_from(("claim", "note", "close"))))
    def in_any_order(order: list[int], verbs: tuple[str, str]) -> None:
        north, by = rules.north.pk, system("test", agency_id=rules.north.pk)
        with scope.agency(north, actor="test"):
            case = open_case(agency_id=north, title="A case", severity="high", at=by.now(), by=by, reason="A test.")
        with taking_turns() as turns:
            outcomes = turns.run((doing(verbs[0], case, rules.ana), doing(verbs[1], case, rules.lee)), order, lambda: None)
        happened = [one for one in outcomes if isinstance(one, Case)]
        assert all(isinstance(one, Case | Stale | Conflict) for one in outcomes), outcomes
        assert len(happened) == 1, "both named version 1"
        with scope.floor(None, actor="test"):
            assert Case.objects.get(pk=case.pk).version == 2
            assert Entry.objects.filter(subject=case.subject).count() == 2

    in_any_order()


def doing(verb: str, case: Case, by: Actor) -> Callable[[], Case]:
    operation, asked = {
        "claim": (claim, {}),
        "note": (write_note, {"text": "A note"}),
        "close": (close, {"disposition": "undetermined", "reason": "Enough."}),
    }[verb]

    def call() -> Case:
        with opened(by):
            return operation(number=case.number, version=1, by=by, **asked)  # type: ignore[operator, no-any-return]

    return call


def test_a_key_rotated_by_two_has_two_live_at_most(rules: Cast) -> None:
    @short(10)
    @given(order=orders)
    def in_any_order(order: list[int]) -> None:
        most = []

        def rotate() -> Any:
            with opened(rules.ada):
                create_sensor_key(agency="north", name="both", by=rules.ada)

        def count() -> None:
            with scope.lobby():
                most.append(SensorKey.objects.filter(name="both", revoked_at=None).count())

        watched = [turn for step in order for turn in (step, 2)]
        with taking_turns() as turns:
            assert turns.run((rotate, rotate), watched, count) == [None, None]
        count()
        assert max(most) <= 2

    in_any_order()
