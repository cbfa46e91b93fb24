"""Commands to web APIs and OpenC2 consumers: real requests to the connector on the host that a book names, else a person's task."""

import json
import socket
from pathlib import Path

import pytest
from django.db import connection

from playbooks.connectors.openc2 import command_id
from playbooks.operations.answering import answer
from playbooks.operations.publishing import import_book
from tenants.actors import system
from tenants.gates.opening import opened
from tenants.isolation import scope
from tests.playbooks.web_product import ANSWER, API, calling, command, openc2, web_product
from tests.playbooks.web_stage import begin, joined, later, latest, started

pytestmark = pytest.mark.django_db(transaction=True)

SAMPLES = Path(__file__).parents[3] / "shared" / "data" / "playbooks"
BASIC = "http-basic--0b1f8a44-8c5e-4d0f-9a51-0f7e5b0c6a03"
DEEP = json.loads("[" * 400 + "]" * 400)
SECRET = "the-secret-of-the-web-api"


@pytest.fixture
def web(monkeypatch):
    monkeypatch.setenv("SECRET_WEB", SECRET)
    with web_product() as one:
        yield one


@pytest.mark.parametrize(
    ("method", "declared", "arrived", "done"),
    [
        ("GET", {}, ["GET", "GET"], 0),
        ("HEAD", {}, ["HEAD", "HEAD"], 0),
        ("PUT", {}, ["PUT", "PUT"], 1),
        ("DELETE", {}, ["DELETE", "DELETE"], 1),
        ("POST", {"effect": "keyed"}, ["POST", "POST"], 1),
        ("PATCH", {"effect": "keyed"}, ["PATCH", "PATCH"], 1),
        ("POST", {"effect": "verifiable", "lookup": "/orders/{key}"}, ["POST", "GET"], 1),
    ],
)
def test_after_a_lost_answer_the_call_is_repeated_or_looked_up_as_its_class_says(stage, web, method, declared, arrived, done):
    joined(stage, web, **declared)
    web.drop = 1
    run = begin(stage, calling(command(f"{method} /things/1")))
    assert stage.run(run).waits_for == "timer"
    later(stage)
    assert (stage.run(run).state, [one.method for one in web.requests], len(web.done)) == ("done", arrived, done)
    keys = {one.key for one in web.requests if one.method == method}
    assert keys == ({""} if method in ("GET", "HEAD") else {latest(run).effect_key})


def test_an_unsafe_call_without_an_answer_is_never_repeated_and_a_person_says_whether_it_happened(stage, web):
    joined(stage, web)
    web.drop = 1
    run = begin(stage, calling(command("POST /things")))
    later(stage)
    assert (stage.run(run).waits_for, latest(run).state, latest(run).effect_class) == ("person", "unknown", "unsafe")
    asked = str(latest(run).public_id)
    with opened(stage.cast.ana):
        answer(step=asked, answer="yes", reason="I looked", by=stage.cast.ana)
    stage.work()
    assert (stage.run(run).state, len(web.requests)) == ("done", 1)


def test_a_call_that_is_not_found_is_repeated_under_its_key(stage, web):
    joined(stage, web, effect="verifiable", lookup="/orders/{key}")
    web.answers = [(503, {})]
    run = begin(stage, calling(command("POST /things")))
    later(stage)
    assert [one.method for one in web.requests] == ["POST", "GET", "POST"]
    assert (stage.run(run).state, web.done) == ("done", [latest(run).effect_key])


def test_a_look_up_that_speaks_of_something_else_is_no_word_on_the_call(stage, web):
    joined(stage, web, effect="verifiable", lookup="/all?key={key}")
    web.drop = 1
    run = begin(stage, calling(command("POST /things")))
    later(stage)
    assert [one.method for one in web.requests] == ["POST", "GET"]
    assert (latest(run).state, latest(run).detail) == ("started", "The product could not be asked: its answer does not name the key")


@pytest.mark.parametrize(
    ("method", "declared", "second", "state"),
    [
        ("DELETE", {}, 404, "ok"),
        ("DELETE", {}, 403, "failed"),
        ("PUT", {}, 404, "failed"),
        ("POST", {"effect": "keyed"}, 409, "started"),
        ("POST", {"effect": "keyed"}, 422, "failed"),
    ],
)
def test_what_a_second_answer_says_of_the_first_call(stage, web, method, declared, second, state):
    joined(stage, web, **declared)
    web.answers = [(500, {}), (second, {})]
    run = begin(stage, calling(command(f"{method} /things/1")))
    later(stage)
    assert (latest(run).state, len(web.requests)) == (state, 2)


@pytest.mark.parametrize(
    ("line", "status", "state"), [("POST /things", 303, "unknown"), ("POST /things", 307, "failed"), ("DELETE /things/1", 404, "failed")]
)
def test_a_first_answer_that_tells_of_a_result_leaves_it_to_a_person_and_any_other_is_a_refusal(stage, web, line, status, state):
    joined(stage, web)
    web.answers = [(status, {})]
    run = begin(stage, calling(command(line)))
    later(stage)
    assert (latest(run).state, len(web.requests)) == (state, 1)


def test_a_redirect_is_refused(stage, web):
    joined(stage, web)
    web.redirect_to = "http://169.254.169.254/latest/meta-data/"
    run = begin(stage, calling(command("GET /things")))
    assert (latest(run).state, len(web.requests)) == ("failed", 1)
    assert "redirects are not followed" in latest(run).detail


HOSTILE = '../..\n", "admin": {"x": "{y}\'?#'


def test_a_value_stays_a_value_in_the_address_and_in_json(stage, web):
    joined(stage, web)
    sent = '{"said": "__x__:value", "whole": "<__x__:value>"}'
    begin(stage, calling(command("POST /of/__x__:value?q=__x__:value", content=sent), x={}), x=HOSTILE)
    (one,) = web.requests
    quoted = "..%2F..%0A%22%2C%20%22admin%22%3A%20%7B%22x%22%3A%20%22%7By%7D%27%3F%23"
    assert one.path == f"/of/{quoted}?q={quoted}"
    assert json.loads(one.content) == {"said": HOSTILE, "whole": f"<{HOSTILE}>"}
    assert one.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("line", "more", "value", "why"),
    [
        ("GET /of", {"headers": {"X-Said": ["__x__:value"]}}, HOSTILE, "a header holds printable ASCII only"),
        ("GET /of/__x__:value", {}, "..", "cannot stand in an address"),
        ("GET /of/../../etc", {}, "x", "it climbs"),
        ("GET /of/%2e%2E/etc", {}, "x", "it climbs"),
        ("POST /of", {"content": "<a>__x__:value</a>", "headers": {"Content-Type": ["text/xml"]}}, HOSTILE, "cannot stand in this"),
        ("POST /of", {"content": '{"a": ', "headers": {"Content-Type": ["application/json"]}}, "x", "The content is no JSON"),
        ("TRACE /of", {}, "x", "TRACE is no request that is made here"),
        ("GET https://other.example/of", {}, "x", "goes to other.example"),
    ],
)
def test_what_cannot_be_written_safely_fails_the_step_and_is_not_sent(stage, web, line, more, value, why):
    joined(stage, web)
    run = begin(stage, calling(command(line, **more), x={}), x=value)
    assert (latest(run).state, web.requests) == ("failed", [])
    assert why in latest(run).detail and why in stage.things.done[-1][2]["text"]


def test_headers_and_content_leave_as_the_book_has_them_and_the_engine_speaks_for_itself(stage, web):
    joined(stage, web)
    headers = {"X-Said": ["__x__:value"], "Authorization": ["__x__:value"], "Idempotency-Key": ["mine"], "Host": ["other.example"]}
    headers |= {"Content-Type": ["application/x-www-form-urlencoded"], "Transfer-Encoding": ["chunked"], "Cookie": ["__x__:value"]}
    document = calling(command("POST /form", headers=headers, content="a=1&b=__x__:value"), x={})
    document["target_definitions"][API]["authentication_info"] = BASIC
    document["authentication_info_definitions"] = {BASIC: {"type": "http-basic", "kms": True, "kms_key_identifier": "the-book-s"}}
    run = begin(stage, document, x="2 & c=3")
    (one,) = web.requests
    assert one.content == "a=1&b=2%20%26%20c%3D3"
    assert (one.headers["x-said"], one.headers["authorization"]) == ("2 & c=3", f"Bearer {SECRET}")
    assert (one.key, one.headers["host"]) == (latest(run).effect_key, f"127.0.0.1:{web.port}")
    assert not {"transfer-encoding", "cookie"} & set(one.headers)


def test_the_secret_stands_in_no_row(stage, web):
    joined(stage, web)
    web.answer = {"echo": SECRET, "ticket": f"<{SECRET}>"}
    run = begin(stage, calling(command("POST /things"), step={"out_args": ["__ticket__"]}, ticket={"external": False}))
    assert web.requests[0].headers["authorization"] == f"Bearer {SECRET}"
    assert stage.run(run).variables["__ticket__"] == "<[secret web]>"
    with scope.floor(None), connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        readable = []
        for name in tables:
            cursor.execute("SELECT has_table_privilege(%s, 'SELECT')", [name])
            if cursor.fetchone()[0]:
                readable.append(name)
                cursor.execute(f"SELECT count(*) FROM {name} t WHERE t::text LIKE %s", [f"%{SECRET}%"])
                assert cursor.fetchone() == (0,), name
    assert {"playbooks_stepattempt", "playbooks_effect", "playbooks_run", "playbooks_runevent"} <= set(readable)


@pytest.mark.parametrize(
    ("answered", "names", "kept"),
    [
        (ANSWER, ["__ticket__", "__count__", "__tags__"], {"__ticket__": "T-9", "__count__": 3, "__tags__": ["a", "b"]}),
        (ANSWER, ["__ticket__", "__nothing__"], {"__ticket__": "T-9"}),
        (ANSWER, ["__result__"], {"__result__": json.dumps(ANSWER)}),
        (ANSWER, ["__status_code__", "__ticket__"], {"__status_code__": 200, "__ticket__": "T-9"}),
        ({"status_code": "own"}, ["__status_code__"], {"__status_code__": "own"}),
        ([1, 2], ["__result__"], {"__result__": "[1, 2]"}),
        ({"n": 10**30}, ["__result__"], {"__result__": f'{{"n": {10**30}}}'}),
        (DEEP, ["__result__"], {"__result__": json.dumps(DEEP)}),
    ],
)
def test_what_was_answered_goes_to_the_variables_that_the_step_returns(stage, web, answered, names, kept):
    joined(stage, web)
    web.answer = answered
    declared = {name.strip("_"): {"external": False} for name in names}
    run = begin(stage, calling(command("GET /things"), step={"out_args": names}, **declared))
    now = stage.run(run).variables
    assert {name: now[name] for name in names if now.get(name) is not None} == kept


@pytest.mark.parametrize(
    ("address", "line", "asked"),
    [
        ({"url": ["{base}/v1"]}, "GET /hosts", "/v1/hosts"),
        ({"url": ["{base}/v1/"]}, "GET /v1/hosts", "/v1/hosts"),
        ({"url": ["{base}/v1/hosts"]}, "GET /", "/v1/hosts"),
        ({"ipv4": ["127.0.0.1"]}, "GET /v1/hosts", "/v1/hosts"),
        ({"url": ["__at__:value/v1"]}, "GET /hosts", "/v1/hosts"),
        ({"ipv4": ["127.0.0.1"]}, "GET {base}/v1/hosts", "/v1/hosts"),
    ],
)
def test_the_address_of_the_target_and_the_command_make_one_address(stage, web, address, line, asked):
    joined(stage, web, base_url=f"{web.address}/v1")
    filled = {kind: [one.format(base=web.address) for one in some] for kind, some in address.items()}
    begin(stage, calling(command(line.format(base=web.address)), address=filled, at={}), at=web.address)
    assert [one.path for one in web.requests] == [asked]


def test_what_is_not_below_the_base_address_of_the_connector_is_not_sent(stage, web):
    joined(stage, web, base_url=f"{web.address}/v1")
    run = begin(stage, calling(command("GET /v10/hosts")))
    assert (latest(run).state, web.requests) == ("failed", [])
    assert latest(run).detail == f"/v10/hosts is not below {web.address}/v1"


@pytest.mark.parametrize(
    "other",
    [
        {"address": {"dname": ["other.example"]}},
        {"port": "1"},
        {"address": {"url": ["https://127.0.0.1/x"]}},
        {"agent": {"type": "group", "name": "People", "contact": {}}},
        {"address": {"dname": ["__x__:value"]}},
        {"address": {"url": ["http://127.0.0.1:__x__:value/"]}},
    ],
)
def test_without_a_connector_for_the_address_it_is_a_task_for_a_person_with_the_command_shown(stage, web, other):
    joined(stage, web)
    run = begin(stage, calling(command("GET /things"), **other, x={}), x="evil.example/@127.0.0.1")
    one = latest(run)
    assert (stage.run(run).waits_for, one.kind, web.requests) == ("person", "manual", [])
    assert (one.rendered["text"], one.rendered["target"]) == ("GET /things HTTP/1.1", "The API")


DENY = {"action": "deny", "target": {"ipv4_net": "__net__:value"}, "args": {"duration": 500}, "command_id": "the-book-s"}
WRAPPED = {"headers": {"request_id": "the-book-s"}, "body": {"openc2": {"request": DENY}}}


@pytest.mark.parametrize("content", [DENY, WRAPPED], ids=["alone", "message"])
def test_an_openc2_command_carries_the_id_of_its_effect_and_a_lost_answer_repeats_it(stage, web, content):
    joined(stage, web, "openc2")
    web.drop = 1
    run = begin(stage, calling(openc2(content), net={}), net='10.0.0.0/8", "x": "')
    later(stage)
    known = command_id(latest(run).effect_key)
    assert (stage.run(run).state, web.done, len(web.requests)) == ("done", [known], 2)
    sent = json.loads(web.requests[1].content)
    inner = sent if content is DENY else sent["body"]["openc2"]["request"]
    assert inner == {**DENY, "target": {"ipv4_net": '10.0.0.0/8", "x": "'}, "command_id": known}
    assert content is DENY or sent["headers"]["request_id"] == known


def response(status, **more):
    return {"body": {"openc2": {"response": {"status": status, **more}}}}


@pytest.mark.parametrize(
    ("answers", "state", "detail"),
    [
        ([(200, {"status": 102}), (200, {"status": 200})], "ok", "The consumer answered 200"),
        ([(200, response(102)), (200, response(200))], "ok", "The consumer answered 200"),
        ([(200, response(400, status_text="No such target"))], "failed", "The consumer answered 400. No such target"),
        ([(401, {})], "failed", "The product refused with 401."),
        ([(501, {"status": 501})], "failed", "The consumer answered 501."),
        ([(500, response(500))], "failed", "The consumer answered 500."),
        ([(200, response(503)), (200, response(200))], "ok", "The consumer answered 200"),
        ([(502, "bad gateway"), (204, None)], "ok", "The consumer answered 204"),
    ],
)
def test_what_a_consumer_answers_is_judged_as_openc2_says(stage, web, answers, state, detail):
    joined(stage, web, "openc2")
    web.answers = list(answers)
    run = begin(stage, calling(openc2({"action": "query", "target": {"features": []}})))
    later(stage)
    assert (latest(run).state, latest(run).detail, web.answers) == (state, detail, [])
    assert len({one.key for one in web.requests}) == 1


@pytest.mark.parametrize(
    "content", [{"action": "destroy", "target": {"x": 1}}, {"action": "deny"}, ["deny"], {"action": "deny", "target": {}}]
)
def test_what_is_no_openc2_command_is_not_sent(stage, web, content):
    joined(stage, web, "openc2")
    run = begin(stage, calling(openc2(content)))
    assert (latest(run).state, web.requests) == ("failed", [])
    assert "no OpenC2 command" in latest(run).detail


@pytest.mark.skipif(not SAMPLES.exists(), reason="the samples are not beside this repository")
@pytest.mark.parametrize(
    ("sample", "kind", "asked"), [("soarca-http", "http", ("GET", "/get")), ("soarca-openc2", "openc2", ("POST", "/post"))]
)
def test_books_of_others_call_where_the_agency_has_a_connector_and_ask_people_where_not(stage, web, monkeypatch, sample, kind, asked):
    found = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *a, **k: found("127.0.0.1" if host == "httpbin.org" else host, *a, **k))
    with scope.floor(None):
        slug = import_book(raw=(SAMPLES / f"{sample}.json").read_bytes(), lenient=True, by=system("test")).version.book.slug
    by_hand = started(stage, slug)
    assert (stage.run(by_hand).waits_for, latest(by_hand).kind, web.requests) == ("person", "manual", [])
    joined(stage, web, kind, base_url=f"http://httpbin.org:{web.port}")
    run = started(stage, slug)
    (one,) = web.requests
    assert (stage.run(run).state, (one.method, one.path), one.headers["host"]) == ("done", asked, f"httpbin.org:{web.port}")
