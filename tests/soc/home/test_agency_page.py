"""One agency's page: each role finds what it may read, and nothing else; consent is the liaison's alone."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from playbooks.models import StandingConsent
from tenants.actors import system
from tenants.operations.agencies import register_agency, set_call_tree
from tenants.operations.keys import create_sensor_key

pytestmark = pytest.mark.django_db

PARTS = ("Balance of received alerts", "Sensor keys", "Whom to call", "Standing consent", "End participation", "Make a key")


def parts_of(client, path):
    answer = client.get(path)
    return answer.status_code, {part for part in PARTS if part in answer.text}


def test_each_role_finds_what_it_may_read(client_of, cast):
    floor = {"Balance of received alerts", "Whom to call", "Standing consent"}
    assert parts_of(client_of("ana"), "/agencies/north/") == (200, floor)
    assert parts_of(client_of("lee"), "/agencies/north/") == (200, floor)
    assert parts_of(client_of("aud"), "/agencies/north/") == (200, floor | {"Sensor keys"})
    assert parts_of(client_of("ada"), "/agencies/north/") == (200, set(PARTS) - {"Balance of received alerts"})
    assert parts_of(client_of("nia"), "/agency/") == (200, floor)


def test_strangers_and_other_agencies_get_404_and_staff_has_no_own_agency(client_of, cast):
    assert client_of("sol").get("/agencies/north/").status_code == 404
    assert client_of("zoe").get("/agencies/north/").status_code == 404
    assert client_of("ana").get("/agencies/nowhere/").status_code == 404
    assert client_of("ana").get("/agency/").status_code == 404
    assert "Southern" not in client_of("nia").get("/agency/").text


def test_a_prospective_agency_has_no_figures_and_no_keys_to_make(client_of, cast, central):
    with central():
        register_agency(slug="oow", name="Office of Wells", acronym="OOW", by=system("test"))
    ada = client_of("ada").get("/agencies/oow/").text
    assert "Begin onboarding" in ada and "Make a key" not in ada and "not part of the program" in ada
    assert client_of("nia").get("/agencies/oow/").status_code == 404
    assert "Scorecard" not in client_of("ana").get("/agencies/oow/").text


def test_the_balance_is_that_of_the_agency(client_of, api_of, cast, deliver_all):
    api_of("north_key").send("/api/v1/alerts", {"title": "Beacon", "severity": "high"})
    deliver_all()
    page = client_of("nia").get("/agency/").text
    assert "edr" in page and "<dd>1</dd>" in page
    assert "Nothing" not in page
    assert "<dd>1</dd>" not in client_of("sol").get("/agency/").text


def test_the_liaison_gives_and_withdraws_a_consent_and_everyone_reads_who_did(client_of, cast, central):
    nia = client_of("nia")
    assert nia.post("/agency/consents/", {"actions": []}).status_code == 422
    assert nia.post("/agency/consents/", {"actions": ["endpoint.isolate"], "note": "signed by the CIO"}).status_code == 302
    page = client_of("ana").get("/agencies/north/").text
    assert "Isolate a host" in page and "Nia Park" in page and "signed by the CIO" in page and "Withdraw" not in page
    with central():
        given = StandingConsent.objects.get()
    path = f"/agency/consents/{given.public_id}/withdraw/"
    for who in ("sol", "ana", "ada", "aud"):
        assert client_of(who).post(path, {"reason": "no"}).status_code == 404
    with central():
        assert StandingConsent.objects.get().withdrawn_at is None
    assert nia.post(path, {"reason": ""}).status_code == 422
    assert nia.post(path, {"reason": "a new CIO"}).status_code == 302
    with central():
        assert StandingConsent.objects.get().withdrawn_at is not None


def test_the_page_takes_as_many_queries_for_many_rows_as_for_few(client_of, cast, central):
    ada = client_of("ada")

    def count():
        with CaptureQueriesContext(connection) as found:
            assert ada.get("/agencies/north/").status_code == 200
        return len(found)

    few = count()
    with central():
        for i in range(8):
            create_sensor_key(agency="north", name=f"source {i}", by=system("test"))
        contacts = [{"name": f"C{i}", "phone": "1", "out_of_hours": True} for i in range(8)]
        set_call_tree(slug="north", contacts=contacts, by=system("test"))
    assert count() == few
