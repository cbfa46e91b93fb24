"""The search box."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import ProgrammingError, connection

from soc.cases.models import Case, Observable
from soc.cases.queries import filters
from soc.cases.queries.search import find
from tenants.isolation import scope
from tests.cast import Cast


def test_a_case_is_found_by_number_observable_and_words(cast: Cast, case: Case, in_scope: Callable[..., Any], central: Any) -> None:
    with central():
        Observable.objects.create(agency_id=case.agency_id, case=case, created_at=case.opened_at, kind="domain", value="cdn.example")
    for text in (case.number.lower(), case.number[-6:], "cdn[.]example", "rubeus"):
        with in_scope(cast.ana):
            found = find(text, cast.ana)
        assert [one.number for one in found.cases] == [case.number], text
        assert found.exact == (case.number if text == case.number.lower() else None)


def test_nobody_finds_what_is_not_theirs(cast: Cast, case: Case, open_one: Any, in_scope: Callable[..., Any], central: Any) -> None:
    hidden = open_one(restricted=True, title="Rubeus again")
    with central():
        Observable.objects.create(agency_id=case.agency_id, case=case, created_at=case.opened_at, kind="domain", value="cdn.example")
    for who, text, numbers in (
        (cast.sol, "rubeus", []),
        (cast.zoe, case.number, []),
        (cast.nia, "rubeus", [case.number]),
        (cast.nia, hidden.number, []),
        (cast.nia, "cdn.example", []),
        (cast.ana, "rubeus", [hidden.number, case.number]),
    ):
        with in_scope(who):
            assert [one.number for one in find(text, who).cases] == numbers, (who.label, text)


def test_a_search_without_words_finds_nothing(cast: Cast, case: Case, in_scope: Callable[..., Any]) -> None:
    with in_scope(cast.ana):
        for text in ("", "  ", "\x00"):
            assert find(text, cast.ana).cases == ()


@pytest.mark.parametrize("most", [1_000, 1])
def test_an_agency_finds_its_own_however_many_match(
    most: int, cast: Cast, case: Case, open_one: Any, central: Any, in_scope: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filters, "MOST_FOUND", most)
    second = open_one(title="Rubeus again")
    with central():
        for one, kind in ((case, "released"), (second, "internal")):
            Observable.objects.create(
                agency_id=case.agency_id, case=one, created_at=case.opened_at, kind="domain", value="cdn.example", visibility=kind
            )
    both = [second.number, case.number]
    for text, numbers in (
        ("rubeus", both),
        (case.number, [case.number]),
        (case.number[-6:], [case.number]),
        ("CDN[.]example", [case.number]),
    ):
        with in_scope(cast.nia):
            assert [one.number for one in find(text, cast.nia).cases] == numbers, text
        with in_scope(cast.sol):
            assert find(text, cast.sol).cases == (), text


def test_the_function_behind_an_agencys_search_tells_an_agency_of_its_own_alone(cast: Cast, case: Case, open_one: Any) -> None:
    open_one(restricted=True, title="Rubeus again")

    def told() -> list[int]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT case_id FROM cases_found(ARRAY[]::text[], %s, NULL, NULL, 9)", ["'rubeus':*"])
            return [row[0] for row in cursor.fetchall()]

    for agency, cases in ((cast.north, [case.pk]), (cast.south, [])):
        with scope.agency(agency.pk, actor="test"):
            assert told() == cases
    with pytest.raises(ProgrammingError) as refused, scope.floor(None, actor="test"):
        told()
    assert isinstance(refused.value.__cause__, psycopg.errors.InsufficientPrivilege)
