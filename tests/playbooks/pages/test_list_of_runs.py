"""The list of runs: who sees which, narrowed, a page at a time, and as a file."""

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants.queries import paging
from tests.playbooks.conftest import Stage

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def three(stage: Stage) -> Stage:
    """Two runs of the north and one of the south, whose agency is asked."""
    for number, agency in ((1, "north"), (2, "north"), (3, "south")):
        stage.start(f"case:{number}", agency, hosts=[f"ws-{number}"], number=f"T-{number}")
    stage.work()
    return stage


def shown(text):
    return [number for number in ("T-1", "T-2", "T-3") if f">{number}<" in text]


@pytest.mark.parametrize(
    ("who", "seen"), [("ana", ["T-1", "T-2", "T-3"]), ("aud", ["T-1", "T-2", "T-3"]), ("zoe", ["T-3"]), ("sol", ["T-3"]), ("nia", [])]
)
def test_each_reader_sees_the_runs_that_the_rules_allow(three, client_of, who, seen):
    answer = client_of(who).get("/runs/")
    assert answer.status_code == 200 and shown(answer.text) == seen
    exported = client_of(who).get("/runs/export/?kind=json").json()["results"]
    assert sorted(one["case"] for one in exported) == seen
    assert client_of("ada").get("/runs/").status_code == 404


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        ("agency=south", ["T-3"]),
        ("agency=nowhere", []),
        ("state=open", ["T-1", "T-2", "T-3"]),
        ("state=done", []),
        ("state=perhaps", []),
        ("book=malware-on-a-host&agency=north", ["T-1", "T-2"]),
        ("book=other", []),
        ("waits=approval", ["T-1", "T-2", "T-3"]),
        ("waits=timer", []),
        ("agency=%00", ["T-1", "T-2", "T-3"]),
    ],
)
def test_the_list_is_narrowed_and_so_is_its_file(three, client_of, asked, seen):
    client = client_of("ana")
    text = client.get(f"/runs/?{asked}").text
    assert shown(text) == seen and ("No run matches" in text) == (not seen)
    rows = list(csv.DictReader(io.StringIO(client.get(f"/runs/export/?kind=csv&{asked}").text)))
    assert sorted(row["case"] for row in rows) == seen and all(row["state"] == "waiting" for row in rows)


def test_an_agency_of_others_is_as_unknown_as_none(three, client_of):
    assert shown(client_of("zoe").get("/runs/?agency=north").text) == []
    assert "North" not in client_of("zoe").get("/runs/").text


def test_pages_follow_each_other_without_gaps(three, client_of, monkeypatch):
    monkeypatch.setattr(paging, "PAGE_SIZE", 2)
    monkeypatch.setattr("playbooks.queries.approvals.PAGE_SIZE", 2)
    client = client_of("ana")
    first = client.get("/runs/?state=open").text
    assert shown(first) == ["T-2", "T-3"] and "Older runs" in first
    link = first.split('">Older runs')[0].rpartition('href="')[2].replace("&amp;", "&")
    second = client.get(f"/runs/{link}").text
    assert shown(second) == ["T-1"] and "Back to the newest" in second and "Older runs" not in second
    assert len(client.get("/runs/export/?kind=json").json()["results"]) == 3
    assert client.get("/runs/?cursor=x").status_code in (409, 422) and client.get("/runs/export/?kind=xml").status_code == 404


def test_an_empty_list_says_when_a_run_comes(stage, client_of):
    assert "No playbook has run yet." in client_of("ana").get("/runs/").text
    assert "No run has asked your agency yet." in client_of("nia").get("/runs/").text


def test_more_runs_cost_no_more_queries(three, client_of):
    client = client_of("ana")

    def spent():
        with CaptureQueriesContext(connection) as some:
            client.get("/runs/")
        return len(some)

    before = spent()
    three.start("case:4", "south", hosts=["ws-4"])
    three.work()
    assert spent() == before
