"""Lists of cases: filters, search, pages, and what they cost."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from soc.cases.models import Case, Observable, TimelineEntry
from soc.cases.queries import case as reading
from tests.cast import Cast


def path(case: Case, verb: str = "") -> str:
    return f"/api/v1/cases/{case.number}" + (f"/{verb}" if verb else "")


def numbers(answered: Any) -> list[str]:
    assert answered.status_code == 200, answered.content
    return [row["number"] for row in answered.json()["results"]]


def test_lists_hold_what_the_reader_may_know_newest_first(cast: Cast, open_one: Callable[..., Case], api_of: Callable[[str], Any]) -> None:
    north, south = open_one(), open_one(agency=cast.south)
    assert numbers(api_of("ana").get("/api/v1/cases")) == [south.number, north.number]
    assert numbers(api_of("zoe").get("/api/v1/cases")) == [south.number]
    assert numbers(api_of("nia").get("/api/v1/cases")) == [north.number]
    assert numbers(api_of("aud").get("/api/v1/cases")) == [south.number, north.number]
    assert api_of("ada").get("/api/v1/cases").status_code == 404
    assert api_of("north_key").get("/api/v1/cases").status_code == 404


def test_a_filter_that_names_another_agency_answers_as_for_an_unknown_one(
    cast: Cast, open_one: Callable[..., Case], api_of: Callable[[str], Any]
) -> None:
    open_one(), open_one(agency=cast.south)
    nia = api_of("nia")
    assert nia.get("/api/v1/cases?agency=south").content == nia.get("/api/v1/cases?agency=nowhere").content
    assert len(numbers(nia.get("/api/v1/cases?agency=north"))) == 1
    assert numbers(api_of("ana").get("/api/v1/cases?agency=%00")) == []


def test_filters_narrow_the_list(cast: Cast, open_one: Callable[..., Case], api_of: Callable[[str], Any]) -> None:
    high, low = open_one(), open_one(severity="low", title="Startup folder entry")
    ana = api_of("ana")
    ana.send(path(high, "claim"), {}, version=1)
    assert numbers(ana.get("/api/v1/cases?severity=low")) == [low.number]
    assert numbers(ana.get("/api/v1/cases?severity=low,high")) == [low.number, high.number]
    assert numbers(ana.get("/api/v1/cases?state=triage")) == [high.number]
    assert numbers(ana.get("/api/v1/cases?state=open")) == [low.number, high.number]
    assert numbers(ana.get("/api/v1/cases?owner=ANA@watchfloor.example")) == [high.number]
    assert numbers(ana.get("/api/v1/cases?owner=me")) == [high.number]
    assert numbers(ana.get("/api/v1/cases?owner=none")) == [low.number]
    for wrong in ("state=old", "severity=huge", "cursor=nonsense", "q=" + "x" * 301):
        answered = ana.get(f"/api/v1/cases?{wrong}")
        assert (answered.status_code, answered.json()["field"]) == (422, wrong.split("=")[0])


def test_search_finds_number_title_and_observable_in_any_spelling(
    cast: Cast, case: Case, open_one: Callable[..., Case], api_of: Callable[[str], Any], central: Callable[[], Any]
) -> None:
    open_one(title="Another thing entirely")
    with central():
        same = {"agency_id": case.agency_id, "case": case, "created_at": case.opened_at}
        Observable.objects.create(**same, kind="domain", value="cdn-upd4te.example")
        Observable.objects.create(**same, kind="address", value="203.0.113.77")
        Observable.objects.create(**same, kind="account", value="BRT\\j.tsosie")
    ana = api_of("ana")
    found = [
        case.number,
        case.number.lower(),
        case.number[-6:],
        str(int(case.number[-6:])),
        "rubeus",
        "brt-ws-2291",
        "ticket rub",
        "2291",
        "cdn-upd4te[.]example",
        "CDN-upd4te.example",
        "203.0.113[.]77",
        "brt\\J.TSOSIE",
    ]
    for text in found:
        assert numbers(ana.get("/api/v1/cases", {"q": text})) == [case.number], text
    for text in ("rubeus lsass", "203.0.113", "'", "!&|", "ws:*", "\\"):
        assert case.number not in numbers(ana.get("/api/v1/cases", {"q": text})) or text in ("ws:*",), text


def test_a_liaisons_search_looks_at_released_rows_only(full: Case, api_of: Callable[[str], Any]) -> None:
    nia = api_of("nia")
    assert numbers(nia.get("/api/v1/cases?q=198.51.100.9")) == []
    assert numbers(nia.get("/api/v1/cases?q=released.example")) == [full.number]
    assert numbers(nia.get("/api/v1/cases?q=rubeus")) == [full.number]
    assert numbers(nia.get("/api/v1/cases?q=canary")) == []


def test_pages_follow_each_other_without_gap_or_repeat(cast: Cast, open_one: Callable[..., Case], api_of: Callable[[str], Any]) -> None:
    made = [open_one(title=f"Case {n}").number for n in range(53)]
    first = api_of("ana").get("/api/v1/cases").json()
    second = api_of("ana").get("/api/v1/cases", {"cursor": first["next"]}).json()
    assert [row["number"] for row in first["results"] + second["results"]] == made[::-1]
    assert (len(first["results"]), second["next"]) == (50, None)


def test_a_list_costs_the_same_queries_for_one_row_and_for_fifty(
    cast: Cast, open_one: Callable[..., Case], api_of: Callable[[str], Any], central: Callable[[], Any]
) -> None:
    def cost(who: str, query: str = "") -> int:
        caller = api_of(who)
        with CaptureQueriesContext(connection) as asked:
            assert caller.get(f"/api/v1/cases{query}").status_code == 200
        return len(asked)

    case = open_one()
    one = {who: (cost(who), cost(who, "?q=ticket")) for who in ("ana", "nia")}
    with central():
        for n in range(3):
            Observable.objects.create(agency_id=case.agency_id, case=case, created_at=case.opened_at, kind="host", value=f"h{n}")
    for _ in range(49):
        open_one()
    assert {who: (cost(who), cost(who, "?q=ticket")) for who in ("ana", "nia")} == one


def test_a_case_costs_the_same_queries_however_much_hangs_on_it(
    case: Case, full: Case, api_of: Callable[[str], Any], open_one: Any
) -> None:
    def cost(one: Case) -> int:
        caller = api_of("ana")
        with CaptureQueriesContext(connection) as asked:
            assert caller.get(path(one)).status_code == 200
        return len(asked)

    assert cost(full) == cost(open_one())


def test_a_flooded_case_shows_its_newest_lines_and_says_that_there_are_more(
    case: Case, api_of: Callable[[str], Any], central: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_LINES", 3)
    monkeypatch.setattr(reading, "MOST_OBSERVABLES", 2)
    with central():
        same = {"agency_id": case.agency_id, "case": case, "created_at": case.opened_at}
        for n in range(4):
            Observable.objects.create(**same, kind="host", value=f"h{n}")
            TimelineEntry.objects.create(**same, origin="sensor", text=f"Alert {n}")
    read = api_of("ana").get(path(case)).json()
    assert [line["text"] for line in read["timeline"]] == ["Alert 1", "Alert 2", "Alert 3"]
    assert [one["value"] for one in read["observables"]] == ["h0", "h1"]
    assert read["cut"] == ["observables", "timeline"]
    (row,) = api_of("ana").get("/api/v1/cases").json()["results"]
    assert [one["value"] for one in row["observables"]] == ["h0", "h1"]
