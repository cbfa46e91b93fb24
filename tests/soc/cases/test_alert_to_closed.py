"""From an alert by HTTP to a closed case: the way of the work, without what lies above it."""

from collections.abc import Callable
from typing import Any

import pytest

from playbooks.operations.publishing import publish_library
from soc.cases.models import Case
from tenants.actors import system
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)

ALERT = {
    "title": "Rubeus ticket request",
    "severity": "high",
    "rule": "rubeus",
    "entities": [{"type": "host", "value": "BRT-WS-2291"}],
    "observables": [{"type": "address", "value": "203.0.113[.]77"}],
    "techniques": ["T1558.003"],
}


def test_an_alert_becomes_a_case_that_its_playbook_notes_and_an_analyst_closes(
    cast: Cast, rules: None, api_of: Callable[[str], Any], deliver_all: Callable[[], int], central: Callable[[], Any]
) -> None:
    with central():
        publish_library(by=system("test"))
    accepted = api_of("north_key").send("/api/v1/alerts", ALERT)
    assert accepted.status_code == 202
    deliver_all()
    ana = api_of("ana")
    (row,) = ana.get("/api/v1/cases").json()["results"]
    case = ana.get(f"/api/v1/cases/{row['number']}").json()
    assert (case["severity"], case["techniques"], case["version"]) == ("high", ["T1558.003"], 1)
    assert {(o["type"], o["value"]) for o in case["observables"]} == {("host", "brt-ws-2291"), ("address", "203.0.113.77")}
    said = [line["text"] for line in case["timeline"]]
    assert any(text.startswith("Playbook started: ") for text in said), said
    assert any("brt-ws-2291" in note["text"] for note in case["notes"])
    path, version = f"/api/v1/cases/{row['number']}", case["version"]
    for verb, body in (
        ("claim", {}),
        ("contain", {"reason": "Isolated."}),
        ("close", {"disposition": "true_positive", "reason": "Over."}),
    ):
        answered = ana.send(f"{path}/{verb}", body, version=version)
        assert answered.status_code == 200, answered.content
        version = answered.json()["version"]
        deliver_all()
    closed = ana.get(path).json()
    assert (closed["state"], {c["kind"]: c["state"] for c in closed["clocks"]}) == (
        "closed",
        {"acknowledge": "met", "contain": "met", "report_to_cisa": "not_started"},
    )
    with central():
        assert Case.objects.get(number=row["number"]).gathering is False
