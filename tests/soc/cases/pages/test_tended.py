"""Dead letters, suppressions and sources as pages: who reads them, and that their forms act."""

import csv
import io
import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from soc.cases.models import Case, Receipt, Suppression
from soc.cases.operations.suppressing import suppress
from soc.cases.queries.letters import spelled
from tenants.gates.opening import opened

pytestmark = pytest.mark.django_db


@pytest.fixture
def dead(api_of, central):
    """A broken line of north, and an alert of a form that nobody knows."""
    north = api_of("north_key")
    north.post("/api/v1/alerts", data=b'{"title": "<b>broken', content_type="application/json")
    north.send("/api/v1/alerts", {"event": {"name": "strange"}, "host": "ws-1"})
    with central():
        broken, strange = Receipt.objects.filter(state="dead").order_by("id")
        return broken, strange


def test_each_role_finds_what_it_may_read(client_of, dead):
    expected = {
        "/dead-letters/": {"ana": 403, "lee": 200, "ada": 200, "aud": 200, "nia": 404},
        f"/dead-letters/{dead[0].public_id}/": {"ana": 403, "lee": 200, "ada": 200, "aud": 200, "nia": 404},
        "/dead-letters/csv/": {"ana": 403, "lee": 200, "ada": 200, "aud": 200, "nia": 404},
        "/suppressions/": {"ana": 200, "lee": 200, "ada": 404, "aud": 200, "nia": 404},
        "/sources/": {"ana": 200, "lee": 200, "ada": 404, "aud": 200, "nia": 404},
    }
    for path, statuses in expected.items():
        assert {who: client_of(who).get(path).status_code for who in statuses} == statuses, path


def test_the_bytes_are_shown_as_text_with_the_problem_and_its_cure(client_of, dead):
    page = client_of("lee").get(f"/dead-letters/{dead[0].public_id}/").text
    assert "{&quot;title&quot;: &quot;&lt;b&gt;broken" in page and "<b>broken" not in page
    assert "not_json" in page and "RFC 8259" in page
    assert "strange" in client_of("lee").get(f"/dead-letters/{dead[1].public_id}/").text


def test_what_would_hide_or_turn_the_text_is_spelled_out():
    assert spelled(b"a\xff\x00b\n\tc") == "a\\xff\\u0000b\n\tc"
    assert spelled("x\u202egnp".encode()) == "x\\u202egnp"
    assert spelled("\u00a0\u200b é".encode()) == "\\u00a0\\u200b é"


def test_a_corrected_body_brings_the_letter_back_under_its_own_receipt(client_of, dead, deliver_all, central):
    lee, path = client_of("lee"), f"/dead-letters/{dead[0].public_id}/"
    wrong = lee.post(path, {"way": "body", "body": '{"title": "still bro'})
    assert wrong.status_code == 422 and "still bro" in wrong.text and "line 1" in wrong.text
    assert lee.post(path, {"way": "body", "body": '{"no": "form"}'}).status_code == 422
    assert lee.post(path, {"way": "body", "body": json.dumps({"title": "Whole again"})}).status_code == 302
    deliver_all()
    with central():
        receipt = Receipt.objects.get(pk=dead[0].pk)
        assert receipt.state == "opened" and Case.objects.get(pk=receipt.case_id).title == "Whole again"
    assert lee.get(path).status_code == 404


def test_a_mapping_reads_the_letter_as_it_is(client_of, dead, deliver_all, central):
    lee, path = client_of("lee"), f"/dead-letters/{dead[1].public_id}/"
    assert lee.post(path, {"way": "mapping", "map_title": "/nowhere"}).status_code == 422
    assert lee.post(path, {"way": "mapping", "map_title": "/event/name", "map_entities": "/host"}).status_code == 302
    deliver_all()
    with central():
        receipt = Receipt.objects.get(pk=dead[1].pk)
        assert Case.objects.get(pk=receipt.case_id).title == "strange"


@pytest.mark.parametrize("who", ["ana", "aud", "nia", "sol"])
def test_nobody_else_replays_and_nothing_moves(client_of, dead, central, who):
    answer = client_of(who).post(f"/dead-letters/{dead[0].public_id}/", {"way": "body", "body": '{"title": "x"}'})
    assert answer.status_code in (403, 404)
    with central():
        assert Receipt.objects.get(pk=dead[0].pk).state == "dead"


def test_dead_letters_as_csv_keep_formulas_from_spreadsheets(client_of, dead, settings):
    settings.SIMULATED = True
    rows = list(csv.DictReader(io.StringIO(client_of("lee").get("/dead-letters/csv/").text)))
    assert {row["code"] for row in rows} == {"not_json", "unknown_form"} and {row["data"] for row in rows} == {"Simulated data"}
    assert not client_of("lee").get("/dead-letters/csv/?agency=south").text.splitlines()[1:]


@pytest.fixture
def suppressed(cast, api_of, deliver_all, central):
    api_of("north_key").send("/api/v1/alerts", {"title": "Noise", "severity": "low", "rule": "noise", "entities": ["ws-1"]})
    deliver_all()
    with opened(cast.ana):
        case = Case.objects.get(title="Noise")
        until = (cast.ana.now() + timedelta(days=3)).isoformat()
        suppress(number=case.number, version=case.version, until=until, reason="the backup does this nightly", by=cast.ana)
    api_of("north_key").send("/api/v1/alerts", {"title": "Noise again", "severity": "low", "rule": "noise", "entities": ["ws-1"]})
    deliver_all()
    with central():
        return Suppression.objects.get()


def test_a_suppression_tells_owner_reason_end_and_what_it_hid(client_of, suppressed):
    page = client_of("ana").get("/suppressions/").text
    assert "the backup does this nightly" in page and "Ana Diaz" in page and "hid <b>1</b> alert<" in page
    assert "the backup" not in client_of("zoe").get("/suppressions/").text


def test_its_owner_or_a_watch_lead_ends_it_with_a_reason(client_of, suppressed, central):
    path = f"/suppressions/{suppressed.public_id}/end/"
    assert "End now" not in client_of("aud").get("/suppressions/").text
    for who, status in {"aud": 404, "ada": 404, "nia": 404, "zoe": 404}.items():
        assert client_of(who).post(path, {"reason": "no"}).status_code == status
    assert client_of("lee").post(path, {"reason": ""}).status_code == 422
    with central():
        assert Suppression.objects.get().ended_at is None
    assert client_of("lee").post(path, {"reason": "the backup moved"}).status_code == 302
    with central():
        assert Suppression.objects.get().ended_at is not None
    assert "None is in force" in client_of("ana").get("/suppressions/").text


def test_sources_show_those_of_the_reader_and_add_up(client_of, cast, api_of, deliver_all):
    for key in ("north_key", "south_key"):
        api_of(key).send("/api/v1/alerts", [{"title": "One"}, {"title": "Two"}])
    deliver_all()
    assert "<dd>4</dd>" in client_of("ana").get("/sources/").text
    zoe = client_of("zoe").get("/sources/").text
    assert "<dd>2</dd>" in zoe and "Northern" not in zoe


def test_the_pages_take_as_many_queries_for_many_rows_as_for_few(client_of, cast, dead, api_of):
    lee = client_of("lee")

    def counts():
        found = []
        for path in ("/dead-letters/", "/sources/"):
            with CaptureQueriesContext(connection) as asked:
                assert lee.get(path).status_code == 200
            found.append(len(asked))
        return found

    few = counts()
    api_of("north_key").send("/api/v1/alerts", [{"nothing": i} for i in range(9)])
    assert counts() == few
