"""The page of what is law: read by every role, on any day, changed by admins with a source."""

import pytest

from soc.clocks.models import InstrumentState
from soc.clocks.operations.loading import load_facts
from tenants.actors import system

pytestmark = pytest.mark.django_db


@pytest.fixture
def facts(cast, central):
    with central():
        load_facts(by=system("test"))


def test_every_role_reads_it(client_of, facts):
    for who in ("ana", "lee", "ada", "aud", "nia"):
        page = client_of(who).get("/law/")
        assert page.status_code == 200 and "Response times of this program" in page.text, who
        assert client_of(who).get("/law/44-usc-3554/").status_code == 200
    assert client_of("ana").get("/law/no-such-text/").status_code == 404


def test_what_is_not_verified_says_so_and_what_is_wired_too(client_of, facts):
    page = client_of("ana").get("/law/").text
    assert "not verified:" in page and "starts a clock" in page and "recorded only" in page
    assert page.index(">In force ") < page.index(">Superseded ")


def test_another_day_reads_as_it_was(client_of, facts):
    ana = client_of("ana")
    assert ">In force " not in ana.get("/law/?on=1950-01-01").text
    assert ana.get("/law/?on=someday").status_code == 200


def test_an_admin_records_a_change_and_the_old_row_stays(client_of, facts, central):
    ada, path = client_of("ada"), "/law/m-25-04/"
    data = {"standing": "lapsed", "effective_from": "2026-11-01", "source": ""}
    wrong = ada.post(path, data)
    assert wrong.status_code == 422 and "id_source" in wrong.text
    assert ada.post(path, {**data, "source": "OMB, withdrawn on 1 November"}).status_code == 302
    page = client_of("nia").get(path).text
    assert "Lapsed" in page and "withdrawn on 1 November" in page and "In force" in page and "Ada Brook" in page


@pytest.mark.parametrize("who", ["ana", "lee", "aud", "nia"])
def test_nobody_else_changes_what_is_law(client_of, facts, central, who):
    with central():
        before = InstrumentState.objects.count()
    data = {"standing": "lapsed", "effective_from": "2026-11-01", "source": "me"}
    assert client_of(who).post("/law/m-25-04/", data).status_code == 403
    assert "Record where it stands" not in client_of(who).get("/law/m-25-04/").text
    with central():
        assert InstrumentState.objects.count() == before
