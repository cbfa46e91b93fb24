"""Two people reach for one case at the same moment, on real threads and real rows."""

from collections.abc import Callable
from typing import Any

import pytest

from soc.cases.errors import CaseAlreadyClaimed
from soc.cases.models import Case, Note, TimelineEntry
from soc.cases.operations.claiming import claim
from soc.cases.operations.closing import close
from soc.cases.operations.noting import note
from soc.clocks.queries.clocks import clocks_out_of_step
from tenants.actors import Actor, system
from tenants.errors import Stale
from tenants.gates.opening import opened
from tenants.isolation import scope
from tenants.models import Entry
from tests.cast import Cast
from tests.races.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def in_own_scope(verb: Callable[..., Case], by: Actor, **asked: Any) -> Callable[[], Case]:
    """A verb as a request of its own."""

    def call() -> Case:
        with opened(by):
            return verb(by=by, **asked)

    return call


def names_of(outcomes: list[Any]) -> list[str]:
    return sorted(type(one).__name__ for one in outcomes)


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
        assert names_of(outcomes) == ["Case", "Stale"]
        with scope.floor(None, actor="test"):
            assert Note.objects.filter(case=case).count() == 1


def test_of_a_closing_and_a_note_at_one_version_one_happens(cast: Cast, cases: list[Case]) -> None:
    for case in cases:
        asked = {"number": case.number, "version": 1}
        closing = in_own_scope(close, cast.lee, disposition="undetermined", reason="Enough.", **asked)
        outcomes = at_once(closing, in_own_scope(note, cast.ana, text="Wait!", **asked))
        assert names_of(outcomes) == ["Case", "Stale"]
        with scope.floor(None, actor="test"):
            now, notes = Case.objects.get(pk=case.pk), Note.objects.filter(case=case).count()
            assert (now.version, now.state == "closed") == (2, notes == 0)
    with scope.floor(None, actor="test"):
        assert clocks_out_of_step() == []


def test_a_machines_note_and_a_closing_at_once_both_happen(cast: Cast, cases: list[Case]) -> None:
    machine = system("test", agency_id=cast.north.pk)
    for case in cases:
        closing = in_own_scope(close, cast.lee, number=case.number, version=1, disposition="undetermined", reason="Enough.")
        outcomes = at_once(closing, in_own_scope(note, machine, number=case.number, version=None, text="By a playbook."))
        assert names_of(outcomes) == ["Case", "Case"]
        with scope.floor(None, actor="test"):
            now = Case.objects.get(pk=case.pk)
            assert (now.state, now.version, now.disposition) == ("closed", 2, "undetermined")
            assert Note.objects.filter(case=case).count() == 1
            assert TimelineEntry.objects.filter(case=case).count() == 3
