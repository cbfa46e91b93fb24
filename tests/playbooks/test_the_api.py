"""Runs and approvals from outside, about a real case: who sees what, and the order of refusals."""

import hashlib

import pytest
import rfc8785

from playbooks.operations.connecting import connect
from playbooks.operations.publishing import publish_library
from tenants.actors import system
from tenants.isolation import scope
from tests.playbooks.endpoint_product import endpoint_product

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def product():
    with endpoint_product() as one:
        yield one


@pytest.fixture
def asked(cast, product, api_of, deliver_all):
    """South gave no consent: its case waits for the floor and for its liaison. Returns the case's number."""
    with scope.floor(None):
        publish_library(by=system("library"))
        connect(
            agency_id=cast.south.pk, kind="endpoint", name="EDR", base_url=product.address, named_networks=["127.0.0.1/32"], by=cast.ada
        )
    alert = {"title": "Malware on a workstation", "severity": "high", "rule": "mal-1", "entities": [{"type": "host", "value": "WS-7"}]}
    receipt = api_of("south_key").send("/api/v1/alerts", alert).json()["items"][0]["receipt"]
    deliver_all()
    return api_of("ana").get(f"/api/v1/receipts/{receipt}").json()["case"]


def approval_of(api_of, who, case):
    answer = api_of(who).get("/api/v1/approvals", {"case": case})
    assert answer.status_code == 200
    return answer.json()["results"]


def cast_vote(api_of, who, one, **changed):
    body = {"hash": one["hash"], "vote": "approve", "reason": "Seen", **changed}
    return api_of(who).send(f"/api/v1/approvals/{one['id']}/vote", body)


def test_from_an_alert_to_one_isolation_that_a_person_confirms(asked, api_of, product, deliver_all):
    (one,) = approval_of(api_of, "ana", asked)
    assert one["case"] == asked
    assert one["agency"] == "south"
    assert one["state"] == "open"
    assert one["action"] == "Isolate host ws-7 from the network"
    assert one["hash"] == hashlib.sha256(rfc8785.dumps(one["rendered"])).hexdigest()
    assert one["needs"] == [{"role": "floor", "agency": "south", "given": False}, {"role": "liaison", "agency": "south", "given": False}]
    assert cast_vote(api_of, "lee", one).json()["needs"][0]["given"] is True
    assert cast_vote(api_of, "sol", one).json()["state"] == "approved"
    deliver_all()
    assert [i["host"] for i in product.isolations.values()] == ["ws-7"]
    case = api_of("ana").get(f"/api/v1/cases/{asked}").json()
    assert case["state"] == "new", "contained means verified by a person"
    assert any(task["title"].startswith("Confirm that nothing but ws-7 is affected") for task in case["tasks"])
    (run,) = api_of("ana").get("/api/v1/runs", {"case": asked}).json()["results"]
    assert (run["state"], run["detail"], run["approval"]) == ("done", "Isolated", None)
    assert api_of("ana").get(f"/api/v1/runs/{run['id']}").json() == run
    states = {step["name"]: step["state"] for step in run["steps"]}
    assert states["Isolate the host"] == "done"
    assert states["Note that it was not isolated"] == "not_taken"


def test_a_liaison_sees_what_was_asked_of_them_and_nothing_else(asked, api_of, deliver_all):
    (one,) = approval_of(api_of, "sol", asked)
    (run,) = api_of("sol").get("/api/v1/runs", {"case": asked}).json()["results"]
    assert [step["name"] for step in run["steps"]] == ["Isolate the host"]
    assert run["steps"][0]["detail"] == ""
    assert (run["why"], run["detail"]) == ("", "")
    assert run["approval"]["id"] == one["id"]
    cast_vote(api_of, "sol", one, vote="deny", reason="Pay day")
    deliver_all()
    (one,) = approval_of(api_of, "sol", asked)
    assert one["state"] == "denied"
    (run,) = api_of("sol").get("/api/v1/runs", {"case": asked}).json()["results"]
    assert run["steps"][0]["state"] == "skipped"


def test_the_other_agency_learns_nothing(asked, api_of):
    (one,) = approval_of(api_of, "ana", asked)
    (run,) = api_of("ana").get("/api/v1/runs", {"case": asked}).json()["results"]
    assert approval_of(api_of, "nia", asked) == []
    assert api_of("nia").get("/api/v1/runs", {"case": asked}).json() == {"results": [], "next": None}
    assert api_of("nia").get("/api/v1/approvals").json() == {"results": [], "next": None}
    assert api_of("nia").get(f"/api/v1/runs/{run['id']}").status_code == 404
    assert cast_vote(api_of, "nia", one).status_code == 404
    (still,) = approval_of(api_of, "ana", asked)
    assert still == one


@pytest.mark.parametrize(("who", "reads", "votes"), [("aud", 200, 403), ("ada", 404, 404), ("south_key", 404, 404), ("stranger", 401, 401)])
def test_those_who_do_not_vote(asked, api_of, who, reads, votes):
    (one,) = approval_of(api_of, "ana", asked)
    for path in ("/api/v1/approvals", "/api/v1/runs"):
        assert api_of(who).get(path).status_code == reads
    answer = cast_vote(api_of, who, one)
    assert answer.status_code == votes
    if votes == 403:
        assert answer.json()["code"] == "not_allowed"
    assert approval_of(api_of, "ana", asked) == [one]


def test_refusals_in_their_order(asked, api_of, client):
    (one,) = approval_of(api_of, "ana", asked)
    path = f"/api/v1/approvals/{one['id']}/vote"
    assert client.post(path).status_code == 401
    assert api_of("ana").send("/api/v1/approvals/nothing/vote", {}).status_code == 404
    assert cast_vote(api_of, "ana", one, hash="0" * 64).json()["code"] == "hash_mismatch"
    assert cast_vote(api_of, "ana", one, hash=None).status_code == 422
    assert cast_vote(api_of, "ana", one, vote="maybe").json()["field"] == "vote"
    assert cast_vote(api_of, "ana", one, reason="").json()["field"] == "reason"
    assert cast_vote(api_of, "ana", one).status_code == 200
    for who in ("ana", "lee"):
        assert cast_vote(api_of, who, one).status_code == 409
    assert api_of("ana").get("/api/v1/approvals", {"state": "sleepy"}).status_code == 422
    assert api_of("ana").get("/api/v1/approvals", {"case": "NO-2026-000001"}).json()["results"] == []


def test_the_same_vote_under_one_key_counts_once(asked, api_of):
    (one,) = approval_of(api_of, "ana", asked)
    body = {"hash": one["hash"], "vote": "approve", "reason": "Seen"}
    answers = [api_of("ana").send(f"/api/v1/approvals/{one['id']}/vote", body, key="k-1") for _ in range(2)]
    assert [a.status_code for a in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
