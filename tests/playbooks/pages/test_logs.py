"""The page of a run's log: walked event by event, changed values marked, secrets hidden, and a fork from it."""

import re

import pytest

from playbooks.models import Run
from tenants.isolation import scope
from tests.playbooks.books import END, book
from tests.playbooks.test_dry_runs import published, tried
from tests.playbooks.test_forking import done, event, fork

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("who", "status"), [("ana", 200), ("aud", 200), ("nia", 404), ("sol", 404), ("ada", 404)])
def test_who_reads_the_log(stage, client_of, who, status):
    run = done(stage)
    assert client_of(who).get(f"/runs/{run.public_id}/log/").status_code == status


def test_every_event_is_a_page_and_leads_to_the_next_by_key(stage, client_of):
    run, client = done(stage), client_of("ana")
    for no in range(1, run.last_event + 1):
        text = client.get(f"/runs/{run.public_id}/log/?at={no}").text
        assert f"Event {no} of {run.last_event}" in text
        assert (f'rel="next" href="?at={no + 1}" data-key="n"' in text) == (no < run.last_event)
        assert (f'rel="prev" href="?at={no - 1}" data-key="p"' in text) == (no > 1)
        assert ("Fork the run here" in text) == bool(re.search(f"Fork at event {no}<", text))
    assert client.get(f"/runs/{run.public_id}/log/?at=0").status_code == 404
    assert client.get(f"/runs/{run.public_id}/log/?at={run.last_event + 1}").status_code == 404
    assert client.get(f"/runs/{run.public_id}/log/?at=x").status_code == 404


def test_what_an_event_changed_is_marked_and_a_secret_is_hidden(stage, client_of):
    steps = {"start": {"type": "start", "on_completion": "end"}, "end": END}
    published(stage, book(steps, start="start", api_token={}, word={}))
    run = tried(stage, "small", api_token="hunter2", word="hello")
    text = client_of("ana").get(f"/runs/{run.public_id}/log/?at=1").text
    assert "hunter2" not in text and "[hidden]" in text
    assert "<mark>hello</mark>" in text


def test_a_fork_begins_on_the_page_and_stands_beside_its_origin(stage, client_of):
    run, client = done(stage), client_of("ana")
    at = event(run, "ok").no
    page = f"/runs/{run.public_id}/log/"
    once = re.search(r'name="once" value="([^"]+)"', client.get(f"{page}?at={at}").text)[1]
    refused = client.post(page, {"once": once, "at": at, "way": "simulate", "reason": ""})
    assert refused.status_code == 422 and "The reason is missing." in refused.text
    assert client.post(page, {"at": at, "way": "simulate", "reason": "What if"}).status_code == 302
    stage.work()
    with scope.floor(None):
        made = Run.objects.get(forked_from=run)
    text = client.get(f"/runs/{made.public_id}/log/").text
    assert f"{run.public_id}/log/?at={at}" in text and "Beside the run that it was forked from" in text


def test_programs_fork_too(stage, client_of):
    run = done(stage)
    at = event(run, "ok").no
    made = fork(stage, run, at)
    assert made.forked_at == at
