"""Standings and scorecards as pages: who sees which rows, and that every figure leads to its cases."""

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

pytestmark = pytest.mark.django_db


@pytest.fixture
def month(cast, work, clock, deliver_all):
    """Three cases of each agency in May 2026, two of them contained; returns the numbers of north."""
    numbers = []
    for agency, minutes in ((cast.north, 40), (cast.south, 90)):
        for i in range(3):
            number = work.open(agency)
            clock.wind(minutes=5)
            work.claim(number)
            clock.wind(minutes=minutes)
            if i < 2:
                work.contain(number)
            if agency == cast.north:
                numbers.append(number)
    deliver_all()
    return numbers


def test_each_role_gets_its_pages(client_of, month):
    paths = ("/standings/?period=2026-05", "/scorecards/north/?period=2026-05", "/standings/csv/", "/scorecards/north/csv/")
    for path in paths:
        found = {who: client_of(who).get(path).status_code for who in ("ana", "lee", "aud", "nia", "ada")}
        assert found == {"ana": 200, "lee": 200, "aud": 200, "nia": 200, "ada": 404}, path
    for who in ("sol", "zoe"):
        assert client_of(who).get("/scorecards/north/").status_code == 404
        assert client_of(who).get("/scorecards/north/csv/").status_code == 404


def test_the_floor_sees_every_agency_and_a_liaison_their_own(client_of, month):
    floor = client_of("ana").get("/standings/?period=2026-05").text
    assert "Northern Lights" in floor and "Southern Tides" in floor and 'class="whisker"' in floor
    nia = client_of("nia").get("/standings/?period=2026-05").text
    assert "Northern Lights" in nia and "Southern" not in nia and "south" not in nia
    zoe = client_of("zoe").get("/standings/?period=2026-05").text
    assert "Southern Tides" in zoe and "Northern" not in zoe


def test_a_figure_leads_to_its_cases_with_start_end_and_seconds(client_of, month):
    page = client_of("nia").get("/scorecards/north/?period=2026-05&measure=time_to_contain").text
    for number in month:
        assert number in page
    assert "2700" in page and "Counts with its whole length" in page and "Counts as longer than this" in page


def test_the_days_are_drawn_and_written(client_of, cast, clock, work, deliver_all):
    clock.time = cast.ana.now()
    work.open(cast.north)
    deliver_all()
    page = client_of("nia").get("/scorecards/north/").text
    assert "1 case opened and 0 closed in 14 days" in page and 'class="own-bar"' in page and 'class="done-bar"' not in page
    assert page.count('<th scope="row">') == 14


def test_the_csv_of_evidence_has_every_case_and_says_simulated_only_when_it_is(client_of, month, settings):
    settings.SIMULATED = False
    answer = client_of("nia").get("/scorecards/north/csv/?period=2026-05&measure=time_to_contain")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["case"] for row in rows] == month and "data" not in rows[0]
    assert float(rows[0]["seconds"]) == 2700
    settings.SIMULATED = True
    answer = client_of("nia").get("/scorecards/north/csv/?period=2026-05&measure=time_to_contain")
    assert all(row["data"] == "Simulated data" for row in csv.DictReader(io.StringIO(answer.text)))


def test_the_csv_of_standings_holds_what_the_reader_may_see(client_of, month):
    floor = client_of("ana").get("/standings/csv/?period=2026-05").text
    assert "north" in floor and "south" in floor
    nia = client_of("nia").get("/standings/csv/?period=2026-05").text
    assert "north" in nia and "south" not in nia and "South" not in nia


def test_an_empty_period_and_a_wrong_one(client_of, cast):
    assert "There is nothing to compare yet" in client_of("ana").get("/standings/?period=2020-01").text
    assert client_of("ana").get("/standings/?period=soon").status_code == 422
    assert client_of("ana").get("/standings/?measure=beauty").status_code == 422
    assert "No case was opened" in client_of("nia").get("/scorecards/north/?period=2020-01").text


def test_the_pages_take_as_many_queries_for_many_cases_as_for_few(client_of, cast, work, clock, deliver_all, month):
    nia, ana = client_of("nia"), client_of("ana")

    def counts():
        found = []
        for client, path in ((nia, "/scorecards/north/?period=2026-05"), (ana, "/standings/?period=2026-05")):
            with CaptureQueriesContext(connection) as asked:
                assert client.get(path).status_code == 200
            found.append(len(asked))
        return found

    few = counts()
    for _ in range(5):
        work.claim(work.open(cast.north))
    deliver_all()
    assert counts() == few
