"""A dead letter is read by those who may, corrected, and replayed under its own receipt."""

import base64
import json
from typing import Any

import pytest

from soc.cases.models import Body, Case, Receipt
from tenants.models import Entry
from tests.soc.cases.intake.test_real_path import balance, post

PATH = "/api/v1/dead-letters"


@pytest.fixture
def broken(cast: Any, api_of: Any) -> str:
    """One broken line among good ones; the dead letter's id."""
    body = '{"title": "One"}\n{"event": {"name": "Odd", "host": "WS-7"}}\n{"title": \n{"title": "Two"}'
    answer = post(api_of("north_key"), body, "application/x-ndjson")
    return next(item["receipt"] for item in answer.json()["items"] if item.get("problem", {}).get("code") == "not_json")


def test_dead_letters_show_the_raw_bytes_newest_first_to_those_who_may(cast: Any, api_of: Any, broken: str) -> None:
    for who in ("lee", "ada", "aud"):
        found = api_of(who).get(PATH).json()
        assert found["next"] is None and len(found["results"]) == 2
        letter = next(one for one in found["results"] if one["id"] == broken)
        assert (letter["agency"], letter["receipt"], letter["problem"]["code"]) == ("north", broken, "not_json")
        assert base64.b64decode(letter["raw"]) == b'{"title":'
    for who, status in (("ana", 403), ("zoe", 403), ("nia", 404), ("sol", 404), ("north_key", 404)):
        assert api_of(who).get(PATH).status_code == status
        answer = api_of(who).send(f"{PATH}/{broken}/replay", {"body": {"title": "Mended"}})
        # An analyst of other agencies is not told that this letter exists.
        assert answer.status_code == (404 if who == "zoe" else status)
    assert api_of("aud").send(f"{PATH}/{broken}/replay", {"body": {"title": "Mended"}}).status_code == 403
    assert balance(api_of("north_key"))["dead"] == 2
    assert api_of("lee").get(f"{PATH}?agency=nowhere").json() == {"results": [], "next": None}


def test_dead_letters_come_in_pages(cast: Any, api_of: Any) -> None:
    post(api_of("north_key"), "\n".join(f"broken {at}" for at in range(55)), "application/x-ndjson")
    first = api_of("lee").get(PATH).json()
    second = api_of("lee").get(PATH, {"cursor": first["next"]}).json()
    ids = [one["id"] for one in (*first["results"], *second["results"])]
    assert (len(first["results"]), len(second["results"]), second["next"], len(set(ids))) == (50, 5, None, 55)
    assert api_of("lee").get(PATH, {"cursor": "nonsense"}).status_code == 422


def test_a_page_of_large_letters_ends_early_and_loses_none(cast: Any, api_of: Any) -> None:
    for at in range(3):
        post(api_of("north_key"), b"%d" % at + b" " + b"x" * (3 * 1024 * 1024))
    seen, cursor = [], ""
    while cursor is not None:
        page = api_of("lee").get(PATH, {"cursor": cursor}).json()
        assert len(page["results"]) == 1
        seen += [one["id"] for one in page["results"]]
        cursor = page["next"]
    assert len(set(seen)) == 3


def test_a_corrected_body_brings_it_back_under_its_own_receipt(cast: Any, api_of: Any, broken: str, deliver_all: Any, central: Any) -> None:
    with central():
        before = Receipt.objects.get(public_id=broken)
    answer = api_of("lee").send(f"{PATH}/{broken}/replay", {"body": {"title": "Mended", "entities": ["ws-1"]}})
    assert (answer.status_code, answer.json()["receipt"], answer.json()["state"]) == (200, broken, "pending")
    found = balance(api_of("north_key"))
    assert (found["received"], found["dead"], found["pending"]) == (4, 1, 3)
    deliver_all()
    receipt = api_of("north_key").get(f"/api/v1/receipts/{broken}").json()
    assert (receipt["state"], receipt["problem"]) == ("opened", None)
    with central():
        after = Receipt.objects.get(public_id=broken)
        assert (after.key, after.received_at) == (before.key, before.received_at)
        body = Body.objects.get(receipt=after)
        assert bytes(body.raw) == b'{"title":', "what came is kept"
        assert json.loads(bytes(body.corrected))["title"] == "Mended"
        assert Case.objects.get(pk=after.case_id).title == "Mended"
        assert Entry.objects.filter(kind="cases.DeadLetterReplayed", subject=f"receipt:{after.pk}").count() == 1
    again = api_of("lee").send(f"{PATH}/{broken}/replay", {"body": {"title": "Again"}})
    assert (again.status_code, again.json()["code"]) == (409, "not_dead")


def test_a_mapping_reads_what_no_form_fits(cast: Any, api_of: Any, broken: str, deliver_all: Any, central: Any) -> None:
    letters = api_of("ada").get(PATH).json()["results"]
    odd = next(one["id"] for one in letters if one["id"] != broken)
    mapping = {"title": "/event/name", "entities": "/event/host"}
    assert api_of("ada").send(f"{PATH}/{odd}/replay", {"mapping": mapping}).status_code == 200
    deliver_all()
    with central():
        case = Case.objects.get(pk=Receipt.objects.get(public_id=odd).case_id)
        assert (case.title, case.entity_kind, case.entity) == ("Odd", "host", "ws-7")


@pytest.mark.parametrize(
    ("sent", "code", "field"),
    [
        ({}, "invalid", "body"),
        ({"body": {"title": "x"}, "mapping": {"title": "/a"}}, "invalid", "body"),
        ({"body": {"what": 1}}, "unknown_form", "body"),
        ({"body": None}, "unknown_form", "body"),
        ({"body": {"title": "x", "severity": "dreadful"}}, "bad_severity", "body.severity"),
        ({"mapping": {"title": "/a"}}, "invalid", "mapping"),
    ],
)
def test_a_replay_that_would_die_again_is_refused_and_changes_nothing(
    cast: Any, api_of: Any, broken: str, sent: Any, code: str, field: str
) -> None:
    answer = api_of("lee").send(f"{PATH}/{broken}/replay", sent)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, code, field)
    assert balance(api_of("north_key"))["dead"] == 2


def test_an_unknown_letter_is_404(cast: Any, api_of: Any, broken: str) -> None:
    for letter in ("00000000-0000-0000-0000-000000000000", "7"):
        assert api_of("lee").send(f"{PATH}/{letter}/replay", {"body": {"title": "x"}}).status_code == 404
