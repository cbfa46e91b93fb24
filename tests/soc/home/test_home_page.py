"""The liaison's home: whose debts it shows, what it says of them, and what it never shows."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from soc.cases.models import Case
from soc.cases.operations.noting import note
from soc.cases.operations.opening import open_case
from soc.home.queries.home import in_a_word
from tenants.actors import system
from tenants.gates.opening import opened
from tenants.isolation import scope

pytestmark = pytest.mark.django_db


@pytest.fixture
def open_one(cast):
    def make(agency, title, *, restricted=False, minutes_ago=5, severity="high"):
        at = datetime.now(UTC) - timedelta(minutes=minutes_ago)
        by = system("test", agency_id=agency.pk)
        with scope.agency(agency.pk, actor="test"):
            return open_case(agency_id=agency.pk, title=title, severity=severity, at=at, by=by, restricted=restricted, reason="a test")

    return make


def test_only_liaisons_have_a_home(client_of, cast):
    assert {who: client_of(who).get("/home/").status_code for who in ("ana", "lee", "ada", "aud", "nia")} == {
        "ana": 404, "lee": 404, "ada": 404, "aud": 404, "nia": 200,
    }  # fmt: skip


def test_it_is_the_first_page_of_a_liaison(client_of, cast):
    assert client_of("nia").get("/")["Location"] == "/home/"


def test_a_quiet_home_says_so(client_of, cast):
    page = client_of("nia").get("/home/").text
    assert "Nobody owes anybody anything." in page and "No vote is asked of you" in page and "nothing to draw" in page


def test_what_we_owe_is_said_and_counted_and_foreign_and_restricted_cases_are_not(client_of, cast, open_one):
    open_one(cast.north, "Beacon on the north pier")
    open_one(cast.north, "Late thing", minutes_ago=300)
    open_one(cast.south, "Foreign affair")
    open_one(cast.north, "Insider inquiry", restricted=True, minutes_ago=300)
    page = client_of("nia").get("/home/").text
    assert "You owe nothing. We owe you two." in page and "One of ours is late." in page
    assert "Beacon on the north pier" in page
    assert "Foreign affair" not in page and "Insider" not in page
    assert "agency.north.queue" in page and "agency.south" not in page


def test_what_was_released_is_listed_and_an_internal_note_is_not(client_of, cast, open_one):
    case = open_one(cast.north, "Beacon on the north pier")
    for visibility in ("internal", "released"):
        page = client_of("nia").get("/home/").text
        assert "a note" not in page
        with opened(cast.ana):
            version = Case.objects.get(pk=case.pk).version
            note(number=case.number, version=version, text="we are on it", visibility=visibility, by=cast.ana)
    page = client_of("nia").get("/home/").text
    assert "a note" in page and "we are on it" not in page
    assert "a note" not in client_of("sol").get("/home/").text


def test_promises_as_csv_are_marked_when_simulated(client_of, cast, open_one, settings):
    open_one(cast.north, "Late thing", minutes_ago=60)
    settings.SIMULATED = True
    answer = client_of("nia").get("/home/promises/csv/")
    lines = answer.text.splitlines()
    assert answer["Content-Disposition"].startswith('attachment; filename="simulated-promises-')
    assert lines[0].endswith(",data") and all(line.endswith("Simulated data") for line in lines[1:])
    assert any(",acknowledge,Acknowledge,1,0," in line for line in lines)


def test_home_takes_as_many_queries_for_many_cases_as_for_few(client_of, cast, open_one):
    nia = client_of("nia")

    def count():
        with CaptureQueriesContext(connection) as found:
            assert nia.get("/home/").status_code == 200
        return len(found)

    open_one(cast.north, "First")
    few = count()
    for i in range(6):
        open_one(cast.north, f"Case {i}")
    assert count() == few


@pytest.mark.parametrize(
    ("count", "word"), {0: "nothing", 1: "one", 12: "twelve", 20: "twenty", 41: "forty-one", 250: "more than a hundred"}.items()
)
def test_counts_of_headings_are_in_letters(count, word):
    assert in_a_word(count) == word
