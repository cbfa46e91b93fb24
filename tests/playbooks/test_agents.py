"""Commands that the engine never runs itself: handed to the agent that the agency has registered, else a person's task."""

import base64
import json
from typing import Any

import pytest
from django.db import connection

from playbooks.models import StepAttempt
from playbooks.operations.publishing import publish
from tenants.actors import system
from tenants.errors import Invalid
from tenants.isolation import scope
from tests.playbooks.books import END, START, book, note
from tests.playbooks.web_product import OURS, web_product
from tests.playbooks.web_stage import joined, later, started

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "the-secret-of-the-agent"
HOST = "linux--0b1f8a44-8c5e-4d0f-9a51-0f7e5b0c6a07"


@pytest.fixture
def web(monkeypatch):
    monkeypatch.setenv("SECRET_WEB", SECRET)
    with web_product() as one:
        one.answer = {"exit_code": 0, "outputs": {"lines": 7}, "output": f"seven {SECRET}"}
        yield one


def running(stage, kind: str, text: str, agent: str = "security-category", **variables: Any):
    """A run whose step has a command of this kind on a host."""
    coded = {"command_b64": base64.b64encode(text.encode()).decode()}
    one = {"type": kind, **(coded if kind in ("elastic", "jupyter", "kestrel", "yara") else {"command": text})}
    first = {"type": "action", "name": "Run", "agent": OURS, "targets": [HOST], "commands": [one]}
    first |= {"on_success": "end", "on_failure": "bad", "out_args": ["__lines__"]}
    steps = {"start": START, "first": first, "end": END, "bad": note("it failed: __problem__:value", on_completion="end2"), "end2": END}
    document = book(steps, start="start", lines={"external": False}, at={}, **{name: {} for name in variables})
    category = {"category": ["orchestrator"]} if agent == "security-category" else {}
    document["agent_definitions"][OURS] = {"type": agent, "name": "We", **category}
    document["target_definitions"] = {HOST: {"type": "linux", "name": "The host", "address": {"dname": ["__at__:value"]}}}
    with scope.floor(None):
        publish(slug="web", document=document, by=system("test"))
    return started(stage, "web", at="ws-1.north.example", **variables)


def attempt(run) -> StepAttempt:
    with scope.floor(None):
        found: StepAttempt = StepAttempt.objects.filter(run=run, name="Run").latest("id")
        return found


@pytest.mark.parametrize("kind", ["bash", "powershell", "ssh", "caldera-cmd", "elastic", "jupyter", "kestrel", "yara"])
def test_a_command_goes_to_the_agent_that_is_registered_for_its_kind(stage, web, kind):
    joined(stage, web, "agent", runs=[kind])
    run = running(stage, kind, "count __what__:value", what="words")
    (one,) = web.requests
    said = json.loads(one.content)
    quoted = {"bash": "'words'", "ssh": "'words'", "powershell": "'words'"}.get(kind, "words")
    assert (one.method, said["kind"], said["command"].replace('"', "'")) in [
        ("POST", kind, f"count {quoted}"),
        ("POST", kind, "count words"),
    ]
    assert said["target"] == {"type": "linux", "name": "The host", "address": {"dname": ["ws-1.north.example"]}}
    assert said["key"] == one.key == attempt(run).effect_key
    assert (stage.run(run).state, stage.run(run).variables["__lines__"]) == ("done", 7)


def test_a_value_is_data_in_the_command_and_never_syntax(stage, web):
    joined(stage, web, "agent", runs=["bash"])
    running(stage, "bash", "echo __what__:value", what="$(reboot); `reboot` 'x'")
    said = json.loads(web.requests[0].content)["command"]
    assert said == """echo '$(reboot); `reboot` '"'"'x'"'"''""" or said == "echo '$(reboot); `reboot` '\\''x'\\'''"


@pytest.mark.parametrize(("registered", "agent"), [([], "security-category"), (["ssh"], "security-category"), (["bash"], "group")])
def test_without_an_agent_for_it_the_command_is_a_persons_task(stage, web, registered, agent):
    if registered:
        joined(stage, web, "agent", runs=registered)
    run = running(stage, "bash", "uptime", agent=agent)
    assert (stage.run(run).waits_for, web.requests) == ("person", [])
    assert (attempt(run).kind, attempt(run).rendered["text"]) == ("manual", "uptime")


def test_another_agencys_agent_runs_nothing_here(stage, web):
    from playbooks.operations.connecting import connect

    with scope.floor(None):
        told = {"kind": "agent", "name": "Theirs", "base_url": web.address, "named_networks": ["127.0.0.1/32"], "runs": ["bash"]}
        connect(agency_id=stage.cast.south.pk, by=stage.cast.ada, **told)
    run = running(stage, "bash", "uptime")
    assert (stage.run(run).waits_for, web.requests) == ("person", [])


@pytest.mark.parametrize(
    ("answer", "state", "told"),
    [
        ((200, {"exit_code": 3, "output": "no such file"}), "failed", "exit code 3. no such file"),
        ((200, {"output": "?"}), "unknown", ""),
        ((202, {"state": "running"}), "unknown", ""),
        ((200, {"exit_code": True}), "unknown", ""),
        ((422, {}), "failed", "refused with 422"),
    ],
)
def test_the_exit_code_says_how_it_ended_and_without_one_a_person_is_asked(stage, web, answer, state, told):
    joined(stage, web, "agent", runs=["bash"])
    web.answers = [answer]
    run = running(stage, "bash", "uptime")
    later(stage)
    assert (attempt(run).state, len(web.requests)) == (state, 1)
    assert told in attempt(run).detail


@pytest.mark.parametrize(
    ("declared", "arrived", "state"),
    [
        ({}, ["POST"], "unknown"),
        ({"effect": "keyed"}, ["POST", "POST"], "ok"),
        ({"effect": "verifiable", "lookup": "/orders/{key}"}, ["POST", "GET"], "unknown"),
    ],
)
def test_after_a_lost_answer_a_command_is_repeated_or_looked_up_only_as_its_class_says(stage, web, declared, arrived, state):
    joined(stage, web, "agent", runs=["bash"], **declared)
    web.drop = 1
    run = running(stage, "bash", "uptime")
    later(stage)
    assert [one.method for one in web.requests] == arrived
    assert len(web.done) == 1
    if state == "ok":
        assert attempt(run).state == "ok"
    elif not declared:
        assert (attempt(run).state, stage.run(run).waits_for) == ("unknown", "person")


def test_a_command_that_is_found_under_its_key_is_taken_as_it_ended(stage, web):
    joined(stage, web, "agent", runs=["bash"], effect="verifiable", lookup="/orders/{key}")
    web.drop, web.known = 1, {"exit_code": 0, "outputs": {"lines": 9}}
    run = running(stage, "bash", "uptime")
    later(stage)
    assert [one.method for one in web.requests] == ["POST", "GET"]
    assert (stage.run(run).state, stage.run(run).variables["__lines__"]) == ("done", 9)


@pytest.mark.parametrize(
    ("kind", "runs", "field"),
    [("agent", [], "runs"), ("agent", ["sigma"], "runs"), ("http", ["bash"], "runs"), ("agent", ["manual"], "runs")],
)
def test_what_no_agent_carries_out_is_refused(stage, web, kind, runs, field):
    with pytest.raises(Invalid) as refused:
        joined(stage, web, kind, runs=runs)
    assert refused.value.field == field


def test_one_agent_carries_out_a_kind_of_command(stage, web):
    joined(stage, web, "agent", runs=["bash", "ssh"])
    with pytest.raises(Invalid, match="The agent runs ssh already"):
        joined(stage, web, "agent", name="Another", runs=["ssh", "yara"])
    joined(stage, web, "agent", runs=["bash"])
    joined(stage, web, "agent", name="Another", runs=["ssh", "yara"])


def test_the_secret_of_an_agent_stands_in_no_row_page_or_log(stage, web, client_of, caplog, capsys):
    joined(stage, web, "agent", runs=["bash"])
    run = running(stage, "bash", "uptime")
    assert web.requests[0].headers["authorization"] == f"Bearer {SECRET}"
    with scope.floor(None), connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'")
        for (name,) in cursor.fetchall():
            cursor.execute("SELECT has_table_privilege(%s, 'SELECT')", [name])
            if cursor.fetchone()[0]:
                cursor.execute(f"SELECT count(*) FROM {name} t WHERE t::text LIKE %s", [f"%{SECRET}%"])
                assert cursor.fetchone() == (0,), name
    ana = client_of("ana")
    for path in (f"/runs/{run.public_id}/", "/playbooks/web/", f"/api/v1/runs/{run.public_id}"):
        answer = ana.get(path)
        assert (answer.status_code, SECRET.encode() in answer.content) == (200, False), path
    printed = capsys.readouterr()
    assert SECRET not in caplog.text + printed.out + printed.err
