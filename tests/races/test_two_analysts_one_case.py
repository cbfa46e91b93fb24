"""Two analysts reach for one case at the same moment, on real threads and real rows."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from soc.cases.errors import CaseAlreadyClaimed
from soc.cases.models import Case, Note, TimelineEntry
from soc.cases.operations.claiming import claim
from soc.cases.operations.noting import note
from soc.cases.operations.opening import open_case
from soc.clocks.operations.loading import load_facts
from tenants.actors import Actor, system
from tenants.errors import DomainError, Stale
from tenants.gates.opening import opened
from tenants.isolation import scope
from tenants.models import Entry
from tests.cast import Cast

ROUNDS = 10

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run the calls in threads that start together; what each returned or raised."""
    gate, outcomes = threading.Barrier(len(calls)), [None] * len(calls)

    def work(index: int, call: Callable[[], Any]) -> None:
        gate.wait()
        try:
            outcomes[index] = call()
        except DomainError as error:
            outcomes[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def in_own_scope(verb: Callable[..., Case], by: Actor, **asked: Any) -> Callable[[], Case]:
    """A verb as a request of its own."""

    def call() -> Case:
        with opened(by):
            return verb(by=by, **asked)

    return call


@pytest.fixture
def cases(cast: Cast) -> list[Case]:
    with scope.floor(None, actor="test"):
        load_facts(by=system("test"))
    by = system("test", agency_id=cast.north.pk)
    with scope.agency(cast.north.pk, actor="test"):
        return [
            open_case(agency_id=cast.north.pk, title=f"Case {n}", severity="high", at=by.now(), by=by, reason="A test opened it.")
            for n in range(ROUNDS)
        ]


def test_one_of_two_analysts_gets_the_case(cast: Cast, cases: list[Case]) -> None:
    for case in cases:
        asked = {"number": case.number, "version": 1}
        outcomes = at_once(in_own_scope(claim, cast.ana, **asked), in_own_scope(claim, cast.lee, **asked))
        won = [one for one in outcomes if isinstance(one, Case)]
        lost = [one for one in outcomes if isinstance(one, Stale | CaseAlreadyClaimed)]
        assert (len(won), len(lost)) == (1, 1), outcomes
        with scope.floor(None, actor="test"):
            now = Case.objects.get(pk=case.pk)
            assert (now.owner_id, now.version) == (won[0].owner_id, 2)
            assert Entry.objects.filter(subject=case.subject, kind="cases.CaseClaimed").count() == 1
            assert TimelineEntry.objects.filter(case=case, text="Took the case").count() == 1


def test_of_two_notes_at_one_version_one_is_written_and_the_other_told(cast: Cast, cases: list[Case]) -> None:
    for case in cases:
        asked = {"number": case.number, "version": 1}
        outcomes = at_once(in_own_scope(note, cast.ana, text="From Ana.", **asked), in_own_scope(note, cast.nia, text="From Nia.", **asked))
        assert sorted(type(one).__name__ for one in outcomes) == ["Case", "Stale"]
        with scope.floor(None, actor="test"):
            assert Note.objects.filter(case=case).count() == 1
