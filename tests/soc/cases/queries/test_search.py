"""The search box."""

from collections.abc import Callable
from typing import Any

from soc.cases.models import Case, Observable
from soc.cases.queries.search import find
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
