"""The queue's page: who reads it, in which groups, and that it costs the same whatever it holds."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from soc.cases.operations.claiming import claim
from soc.cases.operations.closing import close
from soc.cases.queries.queue import open_queue

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("who", "status"), [("ana", 200), ("lee", 200), ("aud", 200), ("zoe", 200), ("nia", 404), ("ada", 404)])
def test_the_floor_and_auditors_read_the_queue(client_of, case, who, status):
    assert client_of(who).get("/queue/").status_code == status


def test_without_signing_in_it_leads_to_the_sign_in(client):
    assert client.get("/queue/")["Location"].startswith("/accounts/login/")


def test_it_is_the_first_page_of_an_analyst(client_of):
    assert client_of("ana").get("/")["Location"] == "/queue/"


def test_an_analyst_of_one_agency_sees_no_case_of_another(client_of, case, cast, open_one):
    mine = open_one(agency=cast.south, title="A southern matter")
    text = client_of("zoe").get("/queue/").text
    assert mine.number in text and case.number not in text and case.title not in text


def test_groups_follow_severity_and_what_is_left(cast, in_scope, open_one):
    now = datetime.now(UTC)
    late_high = open_one(severity="high", title="late high", at=now - timedelta(hours=6))
    late_low = open_one(severity="low", title="late low", at=now - timedelta(days=9))
    fresh = open_one(severity="low", title="fresh low", at=now)
    with in_scope(cast.ana):
        queue = open_queue(view="open", reader=cast.ana, at=now)
    groups = {band.name: [row.number for row in band.rows] for band in queue.bands}
    assert groups["Act now"] == [late_high.number]
    assert groups["Past due"] == [late_low.number]
    assert fresh.number in groups.get("Later", []) + groups.get("Within the hour", [])
    assert queue.counts["open"] == 3 and queue.counts["late"] == 2 and queue.found == 3


def test_views_and_filters_narrow(client_of, cast, case, open_one, do):
    other = open_one(agency=cast.south, severity="low", title="Port scan from a guest network")
    do(claim, other, cast.ana)
    client = client_of("ana")

    def shows(address):
        text = client.get(address).text
        return [one.number for one in (case, other) if f'id="case-{one.number}"' in text]

    assert shows("/queue/") == [case.number, other.number]
    assert shows("/queue/?view=mine") == [other.number]
    assert shows("/queue/?view=unassigned") == [case.number]
    assert shows("/queue/?agency=north") == [case.number]
    assert shows("/queue/?severity=low") == [other.number]
    assert shows("/queue/?state=new") == [case.number]
    assert shows("/queue/?owner=me") == [other.number]
    assert shows("/queue/?q=guest") == [other.number]
    assert shows(f"/queue/?q={case.number}") == [case.number]
    assert shows("/queue/?severity=nonsense&view=nonsense") == [case.number, other.number]


def test_closed_cases_of_the_week_have_a_view_of_their_own(client_of, cast, case, do):
    do(close, case, cast.ana, disposition="benign_positive", reason="A drill.")
    client = client_of("ana")
    assert f'id="case-{case.number}"' not in client.get("/queue/").text
    assert f'id="case-{case.number}"' in client.get("/queue/?view=closed").text


def test_the_next_page_goes_on_where_the_first_ended(cast, in_scope, open_one):
    for n in range(53):
        open_one(severity="low" if n % 2 else "high", title=f"case {n}")
    at = datetime.now(UTC)
    with in_scope(cast.ana):
        first = open_queue(view="open", reader=cast.ana, at=at)
        second = open_queue(view="open", reader=cast.ana, at=at, cursor=first.next)
    numbers = [row.number for row in (*first.rows, *second.rows)]
    assert (len(first.rows), len(second.rows), second.next) == (50, 3, None)
    assert len(set(numbers)) == 53


def test_a_foreign_cursor_is_refused_not_a_fault(client_of, case):
    assert client_of("ana").get("/queue/?cursor=abc").status_code == 422


def test_take_from_the_row(client_of, cast, case, central):
    client = client_of("ana")
    text = client.get("/queue/?view=unassigned").text
    assert f'action="/cases/{case.number}/claim/"' in text
    answer = client.post(f"/cases/{case.number}/claim/", {"version": case.version, "next": "/queue/?view=unassigned"})
    assert (answer.status_code, answer["Location"]) == (302, "/queue/?view=unassigned")
    with central():
        case.refresh_from_db()
    assert case.owner_id == cast.ana.person_id
    assert f'action="/cases/{case.number}/claim/"' not in client.get("/queue/").text


def test_taking_in_the_pane_keeps_the_case_current(client_of, cast, case, open_one):
    second = open_one(severity="low", title="second")
    client = client_of("ana")
    text = client.get(f"/cases/{second.number}/preview/?next=/queue/%3Fview%3Dopen").text
    assert f'value="/queue/?view=open&amp;case={second.number}"' in text
    shown = client.get(f"/queue/?view=open&case={second.number}").text
    assert f'data-number="{second.number}"' in shown and f'<span class="number" data-preview-number>{second.number}' in shown


@pytest.mark.parametrize("back", ["http://[", "//evil.example/", "javascript:alert(1)", "/queue/?%00", "/queue/?a=[&b"])
def test_a_strange_way_back_is_no_fault(client_of, case, back):
    answer = client_of("ana").get(f"/cases/{case.number}/preview/", {"next": back})
    assert answer.status_code == 200 and "evil" not in answer.text and "javascript:" not in answer.text


def test_an_auditor_is_offered_nothing_to_press(client_of, case):
    text = client_of("aud").get("/queue/").text
    assert "/claim/" not in text and "/cases/new/" not in text and "/close/" not in text


def test_an_empty_floor_says_how_the_first_alert_is_sent(client_of):
    text = client_of("ana").get("/queue/").text
    assert "The floor is ready and quiet" in text and "send_alerts alerts.jsonl --agency north" in text
    assert "received" in text


def test_the_bell_gets_the_part_without_the_frame(client_of, case):
    text = client_of("ana").get("/queue/", headers={"X-Watchfloor-Bell": "1"}).text
    assert f'id="case-{case.number}"' in text and "<html" not in text and 'data-count="open"' in text


def test_the_preview_shows_one_case(client_of, case):
    answer = client_of("ana").get(f"/cases/{case.number}/preview/")
    assert answer.status_code == 200 and case.title in answer.text and "<html" not in answer.text
    assert client_of("nia").get(f"/cases/{case.number}/preview/").status_code == 404
    assert client_of("zoe").get(f"/cases/{case.number}/preview/").status_code == 404


@pytest.mark.parametrize("address", ["/queue/", "/queue/?q=case", "/queue/?view=closed"])
def test_the_page_costs_the_same_whatever_it_holds(client_of, open_one, address):
    client = client_of("ana")
    open_one(title="case 0", entity_kind="host", entity="a", rule="r", fingerprint="0" * 64)

    def cost():
        with CaptureQueriesContext(connection) as found:
            assert client.get(address).status_code == 200
        return len(found)

    cost()
    before = cost()
    for n in range(1, 12):
        open_one(title=f"case {n}")
    assert cost() == before
