"""The door of the intake: who may post, what is taken, what is kept, and what is answered."""

import json
from typing import Any

import pytest
from django.conf import settings

from soc.cases.models import Body, Receipt
from tenants.gates.sensors import remember_sensor
from tenants.models import Entry
from tests.soc.cases.intake.test_real_path import balance, post

NDJSON = "application/x-ndjson"


@pytest.fixture(autouse=True, params=["a key not met before", "a key met before"])
def met(request: Any, cast: Any) -> None:
    """Both ways into the intake answer the same."""
    if request.param == "a key met before":
        remember_sensor(f"Bearer {cast.north_key}", cast.north_sensor)
        remember_sensor(f"Bearer {cast.south_key}", cast.south_sensor)


def counts(answer: Any) -> tuple[int, int, int]:
    found = answer.json()
    return found["accepted"], found["repeated"], found["refused"]


@pytest.fixture
def receipts(central: Any) -> Any:
    def look() -> list[Receipt]:
        with central():
            return list(Receipt.objects.order_by("id"))

    return look


def test_one_alert_is_stored_before_it_is_answered(cast: Any, api_of: Any, receipts: Any, central: Any) -> None:
    answer = post(api_of("north_key"), '{"title":  "A virus", "severity": "high"}')
    assert answer.status_code == 202
    (one,) = receipts()
    assert answer.json() == {
        "accepted": 1,
        "repeated": 0,
        "refused": 0,
        "items": [{"index": 0, "receipt": str(one.public_id), "status": "accepted"}],
    }
    assert (one.state, one.source, one.agency_id) == ("pending", "edr", cast.north.pk)
    with central():
        assert bytes(Body.objects.get().raw) == b'{"title":  "A virus", "severity": "high"}'
        assert not Entry.objects.filter(subject="intake").exists(), "what was received is no fact yet; its receipt is the record"


def test_the_same_key_again_gives_the_same_receipt_and_another_body_is_a_conflict(cast: Any, api_of: Any, receipts: Any) -> None:
    api = api_of("north_key")
    first = post(api, '{"title": "One"}', **{"Idempotency-Key": "k1"})
    again = post(api, '{ "title" : "One" }', **{"Idempotency-Key": "k1"})
    assert (counts(first), counts(again)) == ((1, 0, 0), (0, 1, 0))
    assert again.json()["items"][0] == {"index": 0, "receipt": first.json()["items"][0]["receipt"], "status": "repeated"}
    clash = post(api, '{"title": "Two"}', **{"Idempotency-Key": "k1"})
    assert (clash.status_code, clash.json()["code"]) == (409, "idempotency_conflict")
    assert len(receipts()) == 1
    assert balance(api)["repeated"] == 1


def test_without_a_key_the_content_is_the_key_and_keys_belong_to_an_agency(cast: Any, api_of: Any, receipts: Any) -> None:
    assert counts(post(api_of("north_key"), '{"title": "One", "severity": "low"}')) == (1, 0, 0)
    assert counts(post(api_of("north_key"), '{"severity":"low","title":"One"}')) == (0, 1, 0)
    assert counts(post(api_of("south_key"), '{"title": "One", "severity": "low"}')) == (1, 0, 0)
    assert {one.agency_id for one in receipts()} == {cast.north.pk, cast.south.pk}


def test_in_a_batch_a_conflict_is_not_stored_and_a_bad_item_loses_no_good_one(cast: Any, api_of: Any, receipts: Any) -> None:
    api = api_of("north_key")
    batch = [
        {"idempotency_key": "a", "alert": {"title": "One"}},
        {"idempotency_key": "a", "alert": {"title": "Two"}},
        {"idempotency_key": "a", "alert": {"title": "One"}},
        {"what": "is this"},
        {"title": "Three"},
        7,
    ]
    answer = post(api, json.dumps(batch))
    assert answer.status_code == 202
    found = [one["status"] for one in answer.json()["items"]]
    assert found == ["accepted", "conflict", "repeated", "refused", "accepted", "refused"]
    assert counts(answer) == (2, 1, 3)
    assert [one["index"] for one in answer.json()["items"]] == list(range(6))
    assert answer.json()["items"][1]["receipt"] is None
    assert answer.json()["items"][3]["problem"]["code"] == "unknown_form"
    assert sorted(one.state for one in receipts()) == ["dead", "dead", "pending", "pending"]
    balanced = balance(api)
    assert (balanced["received"], balanced["dead"], balanced["pending"], balanced["repeated"]) == (4, 2, 2, 1)
    again = post(api, json.dumps(batch))
    assert counts(again) == (0, 5, 1)


def test_what_is_not_json_is_kept_and_said(cast: Any, api_of: Any, receipts: Any, central: Any) -> None:
    api = api_of("north_key")
    answer = post(api, b"\xff\x00 no json")
    assert (answer.status_code, answer.json()["code"]) == (422, "not_json")
    assert answer["Content-Type"] == "application/problem+json"
    (one,) = receipts()
    assert answer.json()["receipt"] == str(one.public_id)
    with central():
        assert bytes(Body.objects.get().raw) == b"\xff\x00 no json"
    again = post(api, b"\xff\x00 no json")
    assert (again.status_code, again.json()["receipt"], len(receipts())) == (422, str(one.public_id), 1)
    assert api.get(f"/api/v1/receipts/{one.public_id}").json()["problem"]["code"] == "not_json"
    unknown = post(api, '{"what": "is this"}')
    assert (unknown.status_code, unknown.json()["code"], len(receipts())) == (422, "unknown_form", 2)


def test_a_broken_line_among_good_ones_is_a_dead_letter(cast: Any, api_of: Any, receipts: Any) -> None:
    answer = post(api_of("north_key"), '{"title": "One"}\n{"title": \n\n{"title": "Two"}\n', NDJSON)
    assert (answer.status_code, counts(answer)) == (202, (2, 0, 1))
    assert [one["problem"]["code"] for one in answer.json()["items"] if "problem" in one] == ["not_json"]
    assert [one.state for one in receipts()].count("dead") == 1


@pytest.mark.parametrize("body", [b"[]", b"[ ]"])
def test_an_empty_batch_is_nothing(cast: Any, api_of: Any, receipts: Any, body: bytes) -> None:
    assert counts(post(api_of("north_key"), body)) == (0, 0, 0)
    assert counts(post(api_of("north_key"), b"\n\n", NDJSON)) == (0, 0, 0)
    assert receipts() == []


@pytest.mark.parametrize(
    ("kind", "headers", "status"),
    [
        ("text/plain", {}, 415),
        ("application/xml", {}, 415),
        ("application/json; charset=latin-1", {}, 415),
        ("application/json", {"Content-Encoding": "gzip"}, 415),
        ("application/json; charset=UTF-8", {}, 202),
        ("application/x-ndjson", {}, 202),
    ],
)
def test_other_types_and_encodings_are_refused(
    cast: Any, api_of: Any, receipts: Any, kind: str, headers: dict[str, str], status: int
) -> None:
    answer = post(api_of("north_key"), '{"title": "One"}', kind, **headers)
    assert answer.status_code == status
    assert len(receipts()) == (status == 202)


def test_a_body_over_32_mib_is_refused_and_one_of_32_is_not(cast: Any, api_of: Any, receipts: Any) -> None:
    api = api_of("north_key")
    answer = post(api, b'"' + b"x" * (32 * 1024 * 1024) + b'"')
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert receipts() == []
    head = b'{"title": "One", "more": "'
    body = head + b"x" * (32 * 1024 * 1024 - len(head) - 2) + b'"}'
    assert post(api, body).status_code == 202


def test_too_fast_is_429_with_retry_after_and_stores_nothing(
    cast: Any, api_of: Any, receipts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "INTAKE_RATE", 2)
    monkeypatch.setattr(settings, "INTAKE_BURST", 4)
    api = api_of("north_key")
    batch = "\n".join(json.dumps({"title": str(at)}) for at in range(4))
    assert post(api, batch, NDJSON).status_code == 202
    refused = post(api, batch, NDJSON)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_fast")
    assert 1 <= int(refused["Retry-After"]) <= 2
    assert len(receipts()) == 4
    assert balance(api)["repeated"] == 0
    assert post(api_of("south_key"), '{"title": "Another key is not slowed"}').status_code == 202


def test_only_a_sensor_key_posts(cast: Any, api_of: Any, client: Any, client_of: Any, receipts: Any) -> None:
    anonymous = post(client, '{"title": "One"}')
    assert (anonymous.status_code, anonymous.json()["code"]) == (401, "not_authenticated")
    for who in ("ana", "lee", "ada", "aud", "nia"):
        answer = post(api_of(who), '{"title": "One"}')
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert post(client_of("ana"), '{"title": "One"}').status_code == 403
    assert api_of("north_key").get("/api/v1/alerts").status_code == 405
    assert receipts() == []


def test_a_receipt_is_read_by_its_agencys_sensors_and_the_floor_alone(cast: Any, api_of: Any) -> None:
    receipt = post(api_of("north_key"), '{"title": "One"}').json()["items"][0]["receipt"]
    path = f"/api/v1/receipts/{receipt}"
    for who in ("north_key", "ana", "lee", "aud"):
        assert api_of(who).get(path).json()["state"] == "pending"
    for who in ("south_key", "zoe", "nia", "sol", "ada"):
        answer = api_of(who).get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    for unknown in ("00000000-0000-0000-0000-000000000000", "7", "x%00"):
        assert api_of("north_key").get(f"/api/v1/receipts/{unknown}").status_code == 404


def test_a_balance_is_read_by_its_agency_and_the_floor_alone(cast: Any, api_of: Any, client: Any) -> None:
    post(api_of("north_key"), '{"title": "One"}')
    path = "/api/v1/intake/balance?agency=north"
    for who in ("north_key", "nia", "ana", "lee", "aud"):
        found = api_of(who).get(path).json()
        assert (found["received"], [one["source"] for one in found["sources"]]) == (1, ["edr"])
    for who in ("south_key", "sol", "zoe", "ada"):
        assert api_of(who).get(path).status_code == 404
    assert api_of("ana").get("/api/v1/intake/balance?agency=nowhere").status_code == 404
    assert api_of("south_key").get("/api/v1/intake/balance").json()["received"] == 0
    assert client.get(path).status_code == 401


def test_strange_text_is_kept_and_becomes_a_case(cast: Any, api_of: Any, deliver_all: Any) -> None:
    api = api_of("north_key")
    body = '{"title": "NUL \\u0000 and lone \\ud800", "entities": ["ws-1"]}'
    receipt = post(api, body).json()["items"][0]["receipt"]
    deliver_all()
    assert api.get(f"/api/v1/receipts/{receipt}").json()["state"] == "opened"
    assert counts(post(api, body)) == (0, 1, 0)
