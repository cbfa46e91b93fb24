"""A liaison's list, the search, and a case opened by hand."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from soc.cases.models import Case, Observable
from soc.cases.operations.claiming import claim

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/cases/", "/search/?q=rubeus"])
@pytest.mark.parametrize(("who", "status"), [("ana", 200), ("aud", 200), ("nia", 200), ("sol", 200), ("ada", 404)])
def test_who_reads_lists(client_of, case, path, who, status):
    answer = client_of(who).get(path)
    assert answer.status_code == status
    assert (case.number in answer.text) == (who in ("ana", "aud", "nia"))


def test_a_liaisons_list_names_no_owner_and_no_restricted_case(client_of, case, cast, do, open_one):
    do(claim, case, cast.ana)
    secret = open_one(title="Somebody inside", restricted=True)
    text = client_of("nia").get("/cases/").text
    assert case.title in text and "Ana Diaz" not in text and "AD" not in text
    assert secret.number not in text and "Somebody inside" not in text
    assert client_of("nia").get(f"/cases/{secret.number}/").status_code == 404
    assert client_of("ana").get(f"/cases/{secret.number}/").status_code == 200


def test_a_liaison_reads_times_in_their_own_zone(client_of, open_one, cast, central):
    open_one(title="At noon", at=datetime(2026, 1, 5, 12, 0, tzinfo=UTC))
    with central():
        person = cast.people["nia"]
        person.time_zone = "America/Denver"
        person.save(update_fields=["time_zone"])
    text = client_of("nia").get("/cases/").text
    assert "America/Denver" in text and "5 Jan 05:00" in text
    assert "5 Jan 12:00" in client_of("ana").get("/cases/").text


def test_the_list_goes_on_by_cursor(client_of, open_one):
    now = datetime.now(UTC)
    for n in range(52):
        open_one(title=f"matter {n:02}.", at=now - timedelta(minutes=n))
    client = client_of("nia")
    first = client.get("/cases/").text
    assert "matter 00." in first and "matter 51." not in first
    cursor = first.split("cursor=")[1].split('"')[0]
    assert "matter 51." in client.get(f"/cases/?cursor={cursor}").text


def test_a_whole_number_leads_to_its_case(client_of, case):
    answer = client_of("ana").get(f"/search/?q={case.number.lower()}")
    assert (answer.status_code, answer["Location"]) == (302, f"/cases/{case.number}/")
    assert client_of("sol").get(f"/search/?q={case.number}").status_code == 200


def test_an_observable_is_found_in_its_harmless_spelling_by_those_who_may_know(client_of, case, central):
    with central():
        Observable.objects.create(agency_id=case.agency_id, case=case, kind="domain", value="cdn-upd4te.example", created_at=case.opened_at)
    assert case.title in client_of("ana").get("/search/?q=cdn-upd4te[.]example").text
    assert case.title not in client_of("nia").get("/search/?q=cdn-upd4te[.]example").text


@pytest.mark.parametrize("words", ["", "%00", "x" * 5000, "'; drop", "&|!", "(", "\\"])
def test_any_words_are_an_answer(client_of, case, words):
    assert client_of("ana").get("/search/", {"q": words}).status_code == 200


def test_a_case_is_opened_by_hand(client_of, cast, rules, central):
    client = client_of("zoe")
    form = client.get("/cases/new/").text
    assert "Office of Southern Tides" in form and "Northern" not in form
    typed = {"agency": "south", "title": "Somebody called", "severity": "high", "reason": "The help desk saw a strange mail."}
    answer = client.post("/cases/new/", typed)
    with central():
        made = Case.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/cases/{made.number}/")
    assert "Its clocks" not in answer.text and made.by_hand
    assert "The help desk saw a strange mail." in client.get(answer["Location"]).text


@pytest.mark.parametrize("missing", ["agency", "title", "severity", "reason"])
def test_what_is_missing_is_named_and_the_rest_kept(client_of, cast, rules, missing, central):
    typed = {"agency": "north", "title": "Kept title", "severity": "high", "reason": "Kept reason."}
    answer = client_of("ana").post("/cases/new/", {**typed, missing: ""})
    assert answer.status_code == 422 and f'href="#id_{missing}"' in answer.text
    assert missing == "title" or "Kept title" in answer.text
    assert missing == "reason" or "Kept reason." in answer.text
    with central():
        assert not Case.objects.exists()


def test_nobody_opens_a_case_for_anothers_agency(client_of, cast, rules):
    typed = {"agency": "north", "title": "x", "severity": "high", "reason": "y"}
    assert client_of("zoe").post("/cases/new/", typed).status_code == 404
    assert client_of("nia").post("/cases/new/", typed).status_code == 404


@pytest.mark.parametrize(("who", "path"), [("nia", "/cases/"), ("ana", "/search/?q=matter")])
def test_a_list_costs_the_same_whatever_it_holds(client_of, open_one, who, path):
    client = client_of(who)
    open_one(title="matter 0")

    def cost():
        with CaptureQueriesContext(connection) as found:
            assert client.get(path).status_code == 200
        return len(found)

    cost()
    before = cost()
    for n in range(1, 9):
        open_one(title=f"matter {n}")
    assert cost() == before
