"""The search box."""

from collections.abc import Callable
from typing import Any

import pytest

from soc.cases.models import Case, Observable
from soc.cases.queries.search import find
from tenants.errors import Invalid
from tests.cast import Cast


def test_a_search_says_by_what_it_found(cast: Cast, case: Case, in_scope: Callable[..., Any], central: Any) -> None:
    with central():
        Observable.objects.create(agency_id=case.agency_id, case=case, created_at=case.opened_at, kind="domain", value="cdn.example")
    for text, by in ((case.number, "number"), (case.number[-6:], "number"), ("cdn[.]example", "observable"), ("rubeus", "title")):
        with in_scope(cast.ana):
            found = find(text, cast.ana)
        assert [(hit.number, hit.by) for hit in found.hits] == [(case.number, by)], text
        assert not found.more


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
            assert [hit.number for hit in find(text, who).hits] == numbers, (who.label, text)


def test_an_empty_search_finds_nothing_and_a_huge_one_is_refused(cast: Cast, case: Case, in_scope: Callable[..., Any]) -> None:
    with in_scope(cast.ana):
        assert find("  ", cast.ana).hits == ()
        with pytest.raises(Invalid):
            find("x" * 301, cast.ana)
        with pytest.raises(Invalid):
            find("\x00", cast.ana)
