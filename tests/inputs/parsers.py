"""Every parser of outside bytes, as a function of bytes that raises only when the parser does what it must not."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from playbooks.connectors.addresses import AddressRefused, destination
from playbooks.connectors.endpoint import ENDPOINT
from playbooks.decide import Place, decide
from playbooks.definition.aloud import said
from playbooks.definition.canonical import canonical
from playbooks.definition.checking import check
from playbooks.definition.conditions import ConditionSyntax, Undecidable, holds, read, variables_of
from playbooks.definition.graph import compiled
from playbooks.definition.variables import UndefinedVariable, UnfitValue, filled, filled_json, in_a_header, in_a_path, names_in
from playbooks.products import Answer
from playbooks.rendering import lines
from soc.cases.intake.batching import batches
from soc.cases.intake.grouping import explain, fingerprint
from soc.cases.intake.mapping import normalise_mapped
from soc.cases.intake.normal import OBSERVABLE_TYPES, NormalAlert
from soc.cases.intake.observables import detect, observable, refang
from soc.cases.intake.problems import Problem
from soc.cases.intake.reading import moment, technique
from soc.cases.intake.recognising import normalise
from soc.cases.intake.splitting import key_is_valid, split
from soc.cases.operations.inputs import choice_of, text_of, time_of
from soc.cases.queries.filters import spellings
from soc.cases.queries.letters import spelled
from soc.cases.states import Severity
from soc.live.consumers import wanted_names
from soc.live.topics import understood
from soc.scorecards.periods import BadPeriod, parse
from tenants.errors import DomainError, Invalid
from tenants.gates.exports import csv_answer
from tenants.gates.sockets import _session_key
from tenants.gates.versions import version_of
from tenants.queries.paging import decode, encode

NOW = datetime(2026, 11, 24, tzinfo=UTC)
VALUES = {"__host__": "ws-1", "__n__": "3", "__bad__": "\r\nX: 1", "__empty__": "", "$$x$$": "y"}


@dataclass(frozen=True)
class Parser:
    """One parser, what it is fed at first, and the files of the shared data that it is fed too."""

    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    files: str = ""  # a pattern below the shared data, where there is one


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _json(data: bytes) -> Any:
    """A JSON value, or the text itself: what a reader behind a JSON parser may be handed."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return _text(data)


def _normal(alert: object) -> None:
    found = normalise(alert)
    if isinstance(found, NormalAlert):
        assert len(fingerprint(found)) == 64
        assert explain(found, last_alert_at=None, received_at=NOW)
        stored = " ".join([found.title, found.description, found.rule_key, *(one.value for one in found.observables)])
        assert "\x00" not in stored
        stored.encode()  # a lone surrogate cannot be stored
    else:
        assert isinstance(found, Problem) and found.code


def _intake(data: bytes, *, ndjson: bool) -> None:
    posting = split(data, ndjson=ndjson)
    assert [item.index for item in posting.items] == list(range(len(posting.items)))
    for item in posting.items:
        assert len(item.content_key) == 64 and item.idempotency_key
        if item.problem is None:
            _normal(item.alert)


def intake_json(data: bytes) -> None:
    _intake(data, ndjson=False)


def intake_ndjson(data: bytes) -> None:
    _intake(data, ndjson=True)


def file_of_alerts(data: bytes) -> None:
    assert all(batch.count > 0 and batch.body is not None for batch in batches(data))


def mapping(data: bytes) -> None:
    value = _json(data)
    value = value if isinstance(value, dict) else {"mapping": value, "alert": value}
    found = normalise_mapped(value.get("mapping"), value.get("alert"))
    assert isinstance(found, (NormalAlert, Problem))


def observables(data: bytes) -> None:
    text = _text(data)
    for kind in {*OBSERVABLE_TYPES, detect(text), detect(text, dotted="host")} - {None}:
        observable(str(kind), text)
    assert isinstance(refang(text), str)
    assert spellings(text)


def times(data: bytes) -> None:
    text = _text(data)
    found = moment(text)
    assert found is None or found.tzinfo is UTC
    technique(text)
    for reader in (
        lambda: time_of(text, field="at", default=NOW),
        lambda: text_of(text, field="reason", most=100),
        lambda: choice_of(text, Severity, field="severity"),
    ):
        try:
            reader()
        except Invalid as refused:
            assert refused.cure


def playbook(data: bytes) -> None:
    document = _json(data)
    findings = check(document, frozenset({"case.note"}))
    if any(one.severity == "error" for one in findings):
        return
    canonical(document)
    graph = compiled(document)
    for step in graph.order():
        decide(graph, Place(step=step), None, VALUES) if step in graph.nodes else None


def condition(data: bytes) -> None:
    text = _text(data)
    try:
        found = read(text)
    except ConditionSyntax:
        return
    assert isinstance(variables_of(found), list)
    assert isinstance(said(text), str)
    try:
        assert holds(found, VALUES) in (True, False)
    except Undecidable:
        return


def variables(data: bytes) -> None:
    text = _text(data)
    assert isinstance(names_in(text), list)
    for fill in (lambda: filled(text, VALUES, in_a_path), lambda: filled(text, VALUES, in_a_header), lambda: filled_json(text, VALUES)):
        try:
            fill()
        except (UndefinedVariable, UnfitValue, ValueError):
            continue


def rendered(data: bytes) -> None:
    text = _text(data)
    cut = text.split("\n")[:20]
    for one in (
        {"kind": "http", "method": "POST", "url": text, "headers": {"X": text}, "body": _json(data), "values": dict(enumerate(cut))},
        {"kind": "manual", "text": text, "values": {"x": cut[0], "y": cut[-1]}},
        {"kind": "local", "action": text, "arguments": {"x": text}, "values": {"x": text}},
    ):
        assert "".join(piece.text for line in lines(one) for piece in line) is not None


def cursor(data: bytes) -> None:
    for fields in (1, 2):
        try:
            values = decode(_text(data), fields)
        except Invalid:
            continue
        assert decode(encode(values), fields) == values


def period(data: bytes) -> None:
    try:
        found = parse(_text(data))
    except BadPeriod:
        return
    assert found.start < found.end


def headers(data: bytes) -> None:
    text = data.decode("latin-1")
    key_is_valid(text)
    assert _session_key([(b"cookie", data)]).isalnum() or not _session_key([(b"cookie", data)])
    try:
        found = version_of(SimpleNamespace(META={"HTTP_IF_MATCH": text}, POST={"version": text}))
    except DomainError:
        return
    assert found is None or found >= 0


def topics(data: bytes) -> None:
    for name in wanted_names(_text(data)) or []:
        understood(name)


def letter(data: bytes) -> None:
    shown = spelled(data)
    assert all(char.isprintable() or char in "\n\t" for char in shown)


def export(data: bytes) -> None:
    written = csv_answer("x", ("a", "b"), [(_text(data), _text(data[::-1]))]).content
    assert written


def address(data: bytes) -> None:
    text = _text(data)
    try:
        destination(text, allowed_hosts=["edr.example", text], named_networks=[], resolve=lambda host, port: ["10.0.0.1", "::1"])
    except (AddressRefused, OSError):
        return


def product_answer(data: bytes) -> None:
    answer = Answer(status=200, body=_json(data))
    call = {"key": "k", "url": "http://x/isolations?key=k", "method": "GET"}
    for action in ENDPOINT.actions:
        action.reads(answer, call)
        if action.happened is not None:
            action.happened(answer, call)


ALERT = b'{"title": "x", "severity": "high", "entities": [{"type": "host", "value": "h"}], "observables": ["10.0.0.1"]}'
BOOK = (
    b'{"type": "playbook", "spec_version": "cacao-2.0", "id": "playbook--1", "name": "n", "created_by": "identity--1",'
    b'"created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z", "workflow_start": "start--1",'
    b'"workflow": {"start--1": {"type": "start", "on_completion": "end--1"}, "end--1": {"type": "end"}}}'
)
PARSERS: dict[str, Parser] = {
    "intake-json": Parser(intake_json, (ALERT, b"[" + ALERT + b"]", b'{"rule": {"id": "a"}, "event": {}}'), "alerts/*.json"),
    "intake-ndjson": Parser(intake_ndjson, (ALERT + b"\n" + ALERT, b'{"idempotency_key": "k", "alert": {"title": "x"}}'), "alerts/*.jsonl"),
    "file-of-alerts": Parser(file_of_alerts, (ALERT, ALERT + b"\n" + ALERT, b"[1, 2]"), "alerts/*"),
    "mapping": Parser(mapping, (b'{"mapping": {"title": "/a/0~1"}, "alert": {"a": ["x"]}}',)),
    "observables": Parser(observables, (b"hxxp://evil[.]example/a", b"10.0.0.1", b"a@b.example", b"d41d8cd98f00b204e9800998ecf8427e")),
    "times-and-texts": Parser(times, (b"2026-11-24T00:00:00Z", b"2026-11-24 00:00:00.123456+05:30", b"T1566.002", b"high")),
    "playbook": Parser(playbook, (BOOK,), "playbooks/*.json"),
    "condition": Parser(condition, (b"__host__:value = 'x' AND NOT (__n__:value > 2)", b"[x:y IN ('a', 'b')]", b"$$x$$ LIKE 'a%'")),
    "variables": Parser(variables, (b"/hosts/__host__:value/isolate", b'{"a": ["__n__:value"]}')),
    "rendered-action": Parser(rendered, (b'{"a": "[secret edr]"}\nws-1', b"((a+)+)+\nb")),
    "cursor": Parser(cursor, (encode(["2026-11-24T00:00:00+00:00", 1]).encode(), encode(["x"]).encode())),
    "period": Parser(period, (b"2026-03", b"2026-Q1", b"2026", b"FY2026")),
    "headers": Parser(headers, (b'"3"', b"W/3", b"watchfloor_session=abc; x=y")),
    "topics": Parser(topics, (b'{"join": ["agency.doi.queue", "case.DOI-2026-000001", "standings"]}',)),
    "dead-letter": Parser(letter, (ALERT, b"\xff\xfe\x00", "\u202e".encode())),
    "export": Parser(export, (b"=1+1", b"@x", b'"a"')),
    "address": Parser(address, (b"https://edr.example/x", b"http://[::1]:99999/", b"https://169.254.169.254/")),
    "product-answer": Parser(product_answer, (b'[{"key": "k", "host": "h", "at": "x"}]', b'{"results": [{"key": "k"}]}')),
}
