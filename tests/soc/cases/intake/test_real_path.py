"""The recorded detections go in over HTTP and come out as cases."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from soc.cases.models import Alert, Case, Observable, Receipt, Technique, TimelineEntry

ALERTS = Path(__file__).parents[4] / ".." / "shared" / "data" / "alerts"
STATES = ("grouped", "opened", "suppressed", "dead", "pending")


def recorded(name: str) -> bytes:
    path = ALERTS / name
    if not path.exists():
        pytest.skip(f"the recording {name} is not beside this repository")
    return path.read_bytes()


def post(api: Any, body: bytes | str, kind: str = "application/json", **headers: str) -> Any:
    return api.generic("POST", "/api/v1/alerts", body, content_type=kind, headers=headers)


def balance(api: Any) -> dict[str, Any]:
    found = api.get("/api/v1/intake/balance").json()
    for one in (found, *found["sources"]):
        assert one["received"] == sum(one[state] for state in STATES)
    return found


def test_552_real_detections_become_77_cases_and_sending_them_again_opens_nothing(
    cast: Any, api_of: Any, deliver_all: Any, central: Any
) -> None:
    body = recorded("sigma-hits.jsonl")
    api = api_of("north_key")
    answer = post(api, body, "application/x-ndjson")
    assert answer.status_code == 202
    assert {name: answer.json()[name] for name in ("accepted", "repeated", "refused")} == {"accepted": 552, "repeated": 0, "refused": 0}
    assert (balance(api)["received"], balance(api)["pending"]) == (552, 552)
    deliver_all()
    found = balance(api)
    assert (found["received"], found["opened"], found["grouped"], found["pending"]) == (552, 77, 475, 0)
    hits = [json.loads(line) for line in body.splitlines() if line.strip()]
    expected = Counter((hit["rule"]["id"], hit["event"]["Hostname"].lower()) for hit in hits)
    with central():
        cases = list(Case.objects.all())
        assert Counter({(case.rule, case.entity): case.alert_count for case in cases}) == expected
        assert {case.entity_kind for case in cases} == {"host"}
        assert Alert.objects.count() == 552
        assert TimelineEntry.objects.filter(origin="sensor").count() == 552
        for case in cases:
            mine = [hit for hit in hits if (hit["rule"]["id"], hit["event"]["Hostname"].lower()) == (case.rule, case.entity)]
            held = set(Observable.objects.filter(case=case).values_list("kind", "value"))
            assert ("host", case.entity) in held
            hashes = {
                part.partition("=")[2].lower() for hit in mine for part in (hit["event"].get("Hashes") or "").split(",") if "=" in part
            }
            assert {value for kind, value in held if kind == "hash"} == hashes
            tags = {tag[7:].upper() for hit in mine for tag in hit["rule"].get("tags") or [] if tag[7:8] in "tT" and tag[8:9].isdigit()}
            assert set(Technique.objects.filter(case=case).values_list("technique", flat=True)) == tags
            accounts = {value.lower() for kind, value in held if kind == "account"}
            assert len(accounts) == len([kind for kind, _ in held if kind == "account"])
            for hit in mine:
                user = hit["event"].get("SubjectUserName") or ""
                assert user in ("", "-") or any(account.endswith(user.lower()) for account in accounts)
        assert all(case.next_due_kind for case in cases), "no case is without its clocks"
    again = post(api, body, "application/x-ndjson")
    assert {name: again.json()[name] for name in ("accepted", "repeated", "refused")} == {"accepted": 0, "repeated": 552, "refused": 0}
    assert again.json()["items"][0]["receipt"] == answer.json()["items"][0]["receipt"]
    deliver_all()
    found = balance(api)
    assert (found["received"], found["repeated"]) == (552, 552)
    with central():
        assert Case.objects.count() == 77


def test_the_guardduty_finding_becomes_a_case(cast: Any, api_of: Any, deliver_all: Any, central: Any) -> None:
    api = api_of("north_key")
    answer = post(api, recorded("ocsf-detection-finding-guardduty.json"))
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)
    deliver_all()
    receipt = api.get(f"/api/v1/receipts/{answer.json()['items'][0]['receipt']}").json()
    assert (receipt["state"], receipt["problem"]) == ("opened", None)
    assert receipt["why"].startswith("Opened a new case")
    with central():
        case = Case.objects.get()
        assert (case.number, case.severity) == (receipt["case"], "low")
        assert Receipt.objects.get().case_id == case.pk
