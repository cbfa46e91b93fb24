"""Pages of the directory, of people and of keys: who may know of them, what their forms do."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants.actors import system
from tenants.models import Agency, ApiToken, CallTreeContact, Membership, Person, SensorKey
from tenants.operations.agencies import register_agency

pytestmark = pytest.mark.django_db

STAFF = {"ana": 200, "lee": 200, "ada": 200, "aud": 200, "nia": 404, "stranger": 302}


@pytest.mark.parametrize(("who", "status"), STAFF.items())
def test_the_directory_is_for_the_staff_of_the_program(client_of, who, status):
    assert client_of(who).get("/agencies/").status_code == status


@pytest.mark.parametrize(
    ("path", "statuses"),
    {
        "/people/": {"ana": 404, "lee": 404, "ada": 200, "aud": 200, "nia": 404},
        "/agencies/new/": {"ana": 404, "lee": 404, "ada": 200, "aud": 404, "nia": 404},
        "/account/": {"ana": 200, "lee": 200, "ada": 200, "aud": 200, "nia": 200},
    }.items(),
)
def test_each_page_is_known_to_its_roles_alone(client_of, path, statuses):
    assert {who: client_of(who).get(path).status_code for who in statuses} == statuses


def test_an_anonymous_reader_is_led_to_the_sign_in(client, cast):
    for path in ("/agencies/", "/people/", "/account/", "/parked/", "/agencies/north/"):
        answer = client.get(path)
        assert answer.status_code == 302 and answer["Location"].startswith("/accounts/login/"), path


def prospective(central, slug, cfo_act=False):
    with central():
        return register_agency(slug=slug, name=f"Bureau {slug}", acronym=slug.upper(), cfo_act=cfo_act, by=system("test"))


def test_live_agencies_stand_before_prospective_ones_and_the_cfo_act_is_said(client_of, cast, central):
    prospective(central, "aaa", cfo_act=True)
    page = client_of("ana").get("/agencies/").text
    assert page.index("Bureau of Northern Lights") < page.index("Bureau aaa")
    row = page[page.index("Bureau aaa") :]
    assert "Yes</td>" in row[: row.index("</tr>")]


def test_the_directory_is_filtered_by_state_and_searched(client_of, cast, central):
    prospective(central, "aaa")
    ana = client_of("ana")
    assert "Northern" not in ana.get("/agencies/?state=prospective").text
    found = ana.get("/agencies/?q=southern").text
    assert "Southern Tides" in found and "Northern" not in found
    assert "No agency fits" in ana.get("/agencies/?q=nowhere%00").text


def test_an_analyst_of_one_agency_sees_that_one_and_prospective_ones(client_of, cast, central):
    prospective(central, "aaa")
    page = client_of("zoe").get("/agencies/").text
    assert "Southern Tides" in page and "Bureau aaa" in page and "Northern" not in page


def test_an_admin_adds_an_agency_and_a_mistake_keeps_what_was_typed(client_of, central):
    ada = client_of("ada")
    wrong = ada.post("/agencies/new/", {"slug": "No Slug", "name": "Office of Wells", "acronym": "OOW", "kind": "federal_civilian"})
    assert wrong.status_code == 422 and "Office of Wells" in wrong.text and 'href="#id_slug"' in wrong.text
    data = {"slug": "oow", "name": "Office of Wells", "acronym": "OOW", "kind": "federal_civilian", "size_class": "small"}
    done = ada.post("/agencies/new/", data)
    assert done.status_code == 302 and done["Location"] == "/agencies/oow/"
    with central():
        assert Agency.objects.get(slug="oow").state == "prospective"


def test_moving_an_agency_needs_the_version_that_was_read(client_of, cast, central):
    ada = client_of("ada")
    assert ada.post("/agencies/north/move/", {"state": "exited"}).status_code == 428
    assert ada.post("/agencies/north/move/", {"state": "exited", "version": "1"}).status_code == 409
    assert ada.post("/agencies/north/move/", {"state": "exited", "version": "3"}).status_code == 302
    with central():
        assert Agency.objects.get(slug="north").state == "exited"


@pytest.mark.parametrize("who", ["ana", "aud", "nia", "stranger"])
def test_nobody_else_moves_an_agency_and_nothing_changes(client_of, central, who):
    assert client_of(who).post("/agencies/north/move/", {"state": "exited", "version": "3"}).status_code in (302, 404)
    with central():
        assert Agency.objects.get(slug="north").state == "live"


def test_the_call_tree_is_replaced_and_needs_someone_out_of_hours(client_of, central):
    ada = client_of("ada")
    rows = {"name": ["Una Day", "Nico Night"], "title": ["", ""], "phone": ["1", "2"], "email": ["", ""]}
    assert ada.post("/agencies/north/call-tree/", rows).status_code == 422
    assert ada.post("/agencies/north/call-tree/", {**rows, "out_of_hours": ["1"]}).status_code == 302
    with central():
        assert list(CallTreeContact.objects.values_list("name", "out_of_hours")) == [("Una Day", False), ("Nico Night", True)]


def test_a_sensor_key_is_shown_once_and_revoked_at_once(client_of, central):
    ada = client_of("ada")
    made = ada.post("/agencies/north/keys/", {"name": "mail gateway"})
    assert made.status_code == 200 and "no-store" in made["Cache-Control"]
    with central():
        key = SensorKey.objects.get(name="mail gateway")
    assert f"wfk_{key.prefix}_" in made.text
    secret = made.text.split(f"wfk_{key.prefix}_")[1][:20]
    assert secret not in ada.get("/agencies/north/").text
    assert ada.post(f"/keys/{key.prefix}/revoke/").status_code == 302
    with central():
        assert SensorKey.objects.get(pk=key.pk).revoked_at is not None


@pytest.mark.parametrize("who", ["ana", "lee", "aud", "nia"])
def test_keys_are_made_by_admins_alone(client_of, central, who):
    assert client_of(who).post("/agencies/north/keys/", {"name": "mine"}).status_code == 404
    with central():
        assert not SensorKey.objects.filter(name="mine").exists()


def test_a_person_is_added_granted_a_role_and_loses_it(client_of, central):
    ada = client_of("ada")
    there = ada.post("/people/", {"name": "Ivo Lane", "email": "ivo@watchfloor.example"})
    assert there.status_code == 302
    path = there["Location"]
    assert ada.post(path, {"role": "liaison", "agency": ""}).status_code == 422
    assert ada.post(path, {"role": "liaison", "agency": "north"}).status_code == 302
    assert "Northern Lights" in ada.get(path).text
    with central():
        held = Membership.objects.get(person__email="ivo@watchfloor.example", ended_at=None)
    assert ada.post(f"/roles/{held.public_id}/end/").status_code == 302
    with central():
        assert not Membership.objects.filter(person__email="ivo@watchfloor.example", ended_at=None).exists()


def test_deactivating_ends_access_and_can_be_taken_back(client_of, cast, central):
    ada, path = client_of("ada"), f"/people/{cast.people['ana'].public_id}/"
    ana = client_of("ana")
    assert ana.get("/account/").status_code == 200
    assert ada.post(f"{path}deactivate/").status_code == 302
    assert ana.get("/account/").status_code == 302  # the sign-in page
    assert ada.post(f"{path}reactivate/").status_code == 302
    with central():
        assert Person.objects.get(pk=cast.people["ana"].pk).is_active


def test_an_admin_cannot_lock_themselves_out_by_the_page(client_of, cast):
    path = f"/people/{cast.people['ada'].public_id}/"
    ada = client_of("ada")
    assert "deactivate" not in ada.get(path).text
    assert ada.post(f"{path}deactivate/").status_code == 409


def test_an_auditor_reads_people_and_changes_nothing(client_of, cast, central):
    aud, path = client_of("aud"), f"/people/{cast.people['ana'].public_id}/"
    page = aud.get(path)
    assert page.status_code == 200 and "Grant a role" not in page.text and "Deactivate" not in page.text
    assert aud.post(f"{path}deactivate/").status_code == 404
    assert aud.post(path, {"role": "admin", "agency": ""}).status_code == 403
    with central():
        assert Person.objects.get(pk=cast.people["ana"].pk).is_active
        assert Membership.objects.filter(person=cast.people["ana"]).count() == 1


def test_an_unknown_person_is_404(client_of, cast):
    assert client_of("ada").get(f"/people/{uuid.uuid4()}/").status_code == 404


def test_ones_own_token_is_shown_once_and_revoked(client_of, cast, central):
    ana = client_of("ana")
    made = ana.post("/account/tokens/", {"name": "nightly report"})
    with central():
        token = ApiToken.objects.get(name="nightly report")
    assert f"wft_{token.prefix}_" in made.text
    assert "nightly report" in ana.get("/account/").text
    assert client_of("zoe").post(f"/account/tokens/{token.prefix}/revoke/").status_code == 404
    assert ana.post(f"/account/tokens/{token.prefix}/revoke/").status_code == 302
    with central():
        assert ApiToken.objects.get(pk=token.pk).revoked_at is not None


def test_preferences_are_kept_and_a_wrong_zone_is_refused(client_of, cast, central):
    nia = client_of("nia")
    assert nia.post("/account/preferences/", {"theme": "dark", "single_keys": "off", "time_zone": "America/Denver"}).status_code == 302
    assert 'data-theme="dark"' in nia.get("/account/").text
    assert nia.post("/account/preferences/", {"time_zone": "Mars/Olympus"}).status_code == 422
    with central():
        person = Person.objects.get(pk=cast.people["nia"].pk)
    assert (person.time_zone, person.single_keys) == ("America/Denver", False)


def queries_of(client, path):
    with CaptureQueriesContext(
        connection,
    ) as found:
        assert client.get(path).status_code == 200
    return len(found)


def test_directory_and_people_take_as_many_queries_for_many_as_for_few(client_of, cast, central):
    ada = client_of("ada")
    paths = ("/agencies/", "/people/")
    few = [queries_of(ada, path) for path in paths]
    for i in range(12):
        prospective(central, f"z{i}")
        ada.post("/people/", {"name": f"Person {i}", "email": f"p{i}@watchfloor.example"})
    assert [queries_of(ada, path) for path in paths] == few
