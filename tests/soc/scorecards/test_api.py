"""Scorecards and standings from outside, field by field."""

import pytest

from tenants.gates.opening import opened
from tenants.models import Entry

pytestmark = pytest.mark.django_db
FIGURE = {"measure", "value", "unit", "n", "events", "interval", "evidence", "excluded"}


@pytest.fixture
def worked(cast, work, clock, deliver_all):
    """A case of north, contained after ten minutes and closed; an open one of south."""
    number = work.open(cast.north)
    clock.wind(minutes=10)
    work.contain(number)
    work.close(number)
    work.open(cast.south)
    deliver_all()
    return number


@pytest.mark.parametrize("short", ["ana", "lee", "aud", "nia"])
def test_a_scorecard_is_what_the_interface_promises(cast, api_of, worked, short):
    answer = api_of(short).get("/api/v1/scorecards/north?period=2026-05")
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"agency", "period", "cases", "closed", "as_of", "measures"}
    assert (body["agency"], body["period"], body["cases"], body["closed"]) == ("north", "2026-05", 1, 1)
    assert [m["measure"] for m in body["measures"]] == ["time_to_detect", "time_to_acknowledge", "time_to_contain", "time_to_recover"]
    contain = body["measures"][2]
    assert set(contain) == FIGURE
    assert (contain["value"], contain["unit"], contain["n"], contain["events"]) == (600, "s", 1, 1)
    with opened(cast.aud):
        assert Entry.objects.filter(id=body["as_of"], agency=cast.north).exists()


def test_the_evidence_link_of_each_figure_leads_to_its_events(api_of, worked):
    for short in ("ana", "nia"):
        api = api_of(short)
        for figure in api.get("/api/v1/scorecards/north?period=2026-05").json()["measures"]:
            behind = api.get(figure["evidence"])
            assert behind.status_code == 200, figure
            found = behind.json()["results"]
            assert [one["case"] for one in found] == [worked]
            assert sum(one["ended"] for one in found) == figure["events"]
            assert set(found[0]) == {"case", "started_at", "ended_at", "seconds", "ended", "excluded", "positions"}


@pytest.mark.parametrize("path", ["/api/v1/scorecards/north", "/api/v1/scorecards/north/evidence?measure=time_to_contain"])
@pytest.mark.parametrize("short", ["sol", "zoe", "ada", "north_key", "south_key"])
def test_who_may_not_read_a_scorecard_hears_that_there_is_none(api_of, worked, path, short):
    known = api_of(short).get(path)
    unknown = api_of(short).get(path.replace("north", "nowhere"))
    assert known.status_code == unknown.status_code == 404
    assert known.json() == unknown.json()


def test_a_stranger_to_a_bad_period_hears_404_and_a_reader_422_with_the_field(api_of, worked):
    assert api_of("sol").get("/api/v1/scorecards/north?period=2026-13").status_code == 404
    for path in ("/api/v1/scorecards/north?period=2026-13", "/api/v1/standings?period=May"):
        refused = api_of("ana").get(path)
        assert (refused.status_code, refused.json()["field"]) == (422, "period") and refused.json()["cure"]
    refused = api_of("nia").get("/api/v1/standings?measure=time_to_sleep")
    assert (refused.status_code, refused.json()["field"]) == (422, "measure")


def test_without_a_period_this_month_is_meant(api_of, worked, cast, clock):
    body = api_of("ana").get("/api/v1/scorecards/north").json()
    assert body["period"] == cast.ana.now().strftime("%Y-%m")
    assert body["cases"] == 0 and all(m["value"] is None and m["n"] == 0 for m in body["measures"]) and body["as_of"] > 0


def test_nobody_unknown_reads_anything(client, worked):
    for path in ("/api/v1/scorecards/north", "/api/v1/standings"):
        assert client.get(path).status_code == 401


def test_standings_carry_the_figures_and_the_way_to_their_events(api_of, worked):
    answer = api_of("ana").get("/api/v1/standings?period=2026-05&measure=time_to_contain").json()
    assert answer["next"] is None
    assert [(row["agency"], row["value"], row["events"]) for row in answer["results"]] == [("north", 600, 1), ("south", None, 0)]
    assert set(answer["results"][0]) == {
        "agency",
        "class",
        "period",
        "cases",
        "closed",
        "as_of",
        "measures",
        "measure",
        "value",
        "unit",
        "n",
        "events",
        "interval",
        "evidence",
    }
    assert api_of("ana").get(answer["results"][0]["evidence"]).status_code == 200
    whole = api_of("ana").get("/api/v1/standings?period=2026-05").json()["results"]
    card = api_of("ana").get("/api/v1/scorecards/north?period=2026-05").json()
    assert [row["agency"] for row in whole] == ["north", "south"]
    assert set(whole[0]) == {*card, "class"}
    shared = [{k: v for k, v in figure.items() if k != "excluded"} for figure in card["measures"]]
    assert (whole[0]["cases"], whole[0]["closed"], whole[0]["measures"]) == (card["cases"], card["closed"], shared)


def test_a_liaison_finds_nothing_of_another_agency_in_the_bytes(api_of, worked):
    answer = api_of("nia").get("/api/v1/standings?period=2026-05")
    rows = answer.json()["results"]
    assert [row["agency"] for row in rows] == ["north", None] and all(len(row["measures"]) == 4 for row in rows)
    (middle,) = [row for row in rows if row["agency"] is None]
    assert (middle["cases"], middle["closed"], middle["as_of"]) == (None, None, None)
    assert all(figure["evidence"] is None for figure in middle["measures"])
    assert b"south" not in answer.content and b"Southern" not in answer.content
    for short in ("ada", "north_key"):
        assert api_of(short).get("/api/v1/standings").status_code == 404


def test_standings_are_paged(api_of, worked, monkeypatch):
    monkeypatch.setattr("tenants.queries.paging.page_of.__kwdefaults__", {"cursor": "", "size": 1})
    api, seen, cursor, pages = api_of("ana"), [], "", 0
    while True:
        page = api.get(f"/api/v1/standings?period=2026-05&cursor={cursor}").json()
        pages += 1
        seen += [(row["agency"], figure["measure"]) for row in page["results"] for figure in row["measures"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 8 and pages == 2
