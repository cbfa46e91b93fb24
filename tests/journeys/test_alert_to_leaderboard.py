"""The way of one alert through the whole house, from a sensor to the standings. The first file to read.

Everything goes through the doors that sensors, analysts and liaisons use; `deliver_all` does the work that workers do.
"""

from collections.abc import Callable
from typing import Any

import pytest

from playbooks.operations.connecting import connect
from playbooks.operations.consenting import give_consent
from playbooks.operations.publishing import publish_library
from soc.clocks.operations.loading import load_facts
from soc.live.queries.seats import counts_at, seats_for
from tenants.actors import system
from tenants.isolation import scope
from tests.cast import Cast
from tests.playbooks.endpoint_product import endpoint_product

pytestmark = pytest.mark.django_db(transaction=True)

ALERT = {
    "title": "LSASS read by an unsigned process",
    "severity": "critical",
    "rule": "lsass-read",
    "entities": [{"type": "host", "value": "BRT-WS-2291"}],
    "observables": [{"type": "account", "value": "brt\\j.tsosie"}, {"type": "address", "value": "203.0.113[.]77"}],
    "techniques": ["T1003.001"],
}


@pytest.fixture
def floor(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Any:
    """North is live: the law is loaded, the library published, its endpoint product connected, its consent given."""
    monkeypatch.setenv("SECRET_EDR", "the-secret-of-the-product")
    with endpoint_product() as product:
        with scope.floor(None):
            load_facts(by=system("test"))
            publish_library(by=system("test"))
            connect(
                agency_id=cast.north.pk,
                kind="endpoint",
                name="North EDR",
                base_url=product.address,
                named_networks=["127.0.0.1/32"],
                secret_name="edr",
                by=cast.ada,
            )
        with scope.agency(cast.north.pk):
            give_consent(actions=["endpoint.isolate"], note="Agreed when we joined", by=cast.nia)
        yield product


def bell(cast: Cast) -> dict[str, int]:
    """How often each topic that north's liaison may join has rung."""
    with scope.agency(cast.north.pk):
        return counts_at(seats_for(["agency.north.scorecard", "agency.north.queue", "standings"], cast.nia), cast.nia)


def test_one_alert_goes_all_the_way(cast: Cast, floor: Any, api_of: Callable[[str], Any], deliver_all: Callable[[], int]) -> None:
    sensor, ana, lee, nia, sol = (api_of(who) for who in ("north_key", "ana", "lee", "nia", "sol"))

    # 1. A sensor posts an alert. The answer comes after the commit; the row is the work.
    answer = sensor.send("/api/v1/alerts", ALERT)
    assert answer.status_code == 202
    receipt = answer.json()["items"][0]["receipt"]
    assert sensor.get(f"/api/v1/receipts/{receipt}").json()["state"] == "pending"

    # 2. A worker opens a case; its clocks start with it, and the balance holds.
    deliver_all()
    opened = sensor.get(f"/api/v1/receipts/{receipt}").json()
    assert opened["state"] == "opened"
    number = opened["case"]
    balance = ana.get("/api/v1/intake/balance?agency=north").json()
    assert balance["received"] == balance["opened"] == 1
    case = ana.get(f"/api/v1/cases/{number}").json()
    assert {c["kind"]: c["state"] for c in case["clocks"]} == {
        "acknowledge": "running",
        "contain": "running",
        "report_to_cisa": "not_started",
    }

    # 3. The matching playbook has run as far as a machine may, and asks a person.
    (run,) = ana.get(f"/api/v1/runs?case={number}").json()["results"]
    (approval,) = ana.get(f"/api/v1/approvals?case={number}").json()["results"]
    assert run["state"] == "waiting"
    assert approval["state"] == "open"
    assert floor.orders() == []

    # 4. The watch lead approves exactly what was shown; the host is isolated once, under one key.
    vote = {"hash": approval["hash"], "vote": "approve", "reason": "Credentials are being read."}
    assert lee.send(f"/api/v1/approvals/{approval['id']}/vote", vote).status_code == 200
    deliver_all()
    assert len(floor.orders()) == 1
    assert [one["host"] for one in floor.isolations.values()] == ["brt-ws-2291"]

    # 5. An analyst claims, contains and closes. Every edit names the version that was seen.
    for verb, body in (
        ("claim", {}),
        ("declare", {"kind": "incident", "reason": "Credentials were read."}),
        ("contain", {"reason": "The host is off the network."}),
        ("close", {"disposition": "true_positive", "reason": "Contained and cleaned."}),
    ):
        version = ana.get(f"/api/v1/cases/{number}").json()["version"]
        worked = ana.send(f"/api/v1/cases/{number}/{verb}", body, version=version)
        assert worked.status_code == 200, worked.json()
    assert worked.json()["state"] == "closed"

    # 6. The measures count it, and say from which facts.
    before = bell(cast)
    deliver_all()
    card = ana.get("/api/v1/scorecards/north").json()
    assert (card["cases"], card["closed"]) == (1, 1)
    measures = {m["measure"]: m for m in card["measures"]}
    assert measures["time_to_contain"]["events"] == 1
    assert measures["time_to_contain"]["value"] is not None
    assert ana.get(measures["time_to_contain"]["evidence"]).status_code == 200

    # 7. The standings move: the floor sees the agency, its liaison their own row, a liaison elsewhere nothing of it.
    standings = "/api/v1/standings?measure=time_to_contain"
    (north,) = [row for row in ana.get(standings).json()["results"] if row["agency"] == "north"]
    assert (north["cases"], north["closed"], north["measures"][0]["events"]) == (1, 1, 1)
    assert "north" in {row["agency"] for row in nia.get(standings).json()["results"]}
    assert b"north" not in sol.get(standings).content

    # 8. Every open page heard that something changed, and nothing else.
    now = bell(cast)
    assert all(now[topic] > before[topic] for topic in ("agency.north.scorecard", "agency.north.queue", "standings"))

    # And nobody of another agency can tell that any of it exists.
    for path in (f"/api/v1/cases/{number}", f"/api/v1/runs/{run['id']}", f"/api/v1/receipts/{receipt}", "/api/v1/scorecards/north"):
        assert sol.get(path).status_code == 404
