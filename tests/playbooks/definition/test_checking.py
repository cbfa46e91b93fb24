"""The validator: what is sound has no finding, and each fault has its code, its severity and its place."""

import json
from pathlib import Path
from typing import Any

import pytest

from playbooks.definition.checking import CODES, check, checked
from playbooks.definition.findings import pointer
from playbooks.definition.graph import EXTENSION, compiled
from tests.playbooks.definition.documents import (
    BASIC,
    CALL,
    CHOICE,
    END,
    FIRST,
    FORK,
    IEP,
    LAYOUT,
    LOOP,
    MACHINE,
    OAUTH,
    PEOPLE,
    RESCUE,
    RESCUED,
    SERVER,
    SPLIT,
    START,
    STATEMENT,
    TLP,
    broken,
    everything,
    made,
    signature,
)

E, W = "error", "warning"
NOBODY = made("end", "nobody")
VERSION_1 = "end--6b23c237-ade8-1d00-9aa1-75999738d557"
W_FIRST, OURS = f"workflow {FIRST}", f"workflow {FIRST} step_extensions {EXTENSION}"
AUTH, AGENTS, MARKS = "authentication_info_definitions", "agent_definitions", "data_marking_definitions"
VAR = "playbook_variables"


def test_everything_that_the_standard_has_is_without_a_finding_and_compiles() -> None:
    for lenient in (False, True):
        assert check(everything(), frozenset({"case.note"}), lenient) == []
    assert len(compiled(everything()).nodes) == 24


# What is changed, the code, its severity in strict and in lenient mode, and the place of the finding (as in the change).
FAULTS: list[tuple[dict[str, Any], str, str, str, str]] = [
    # required and typed properties
    ({"name": ...}, "schema", E, E, "name"),
    ({"name": ""}, "schema", E, E, "name"),
    ({"created_by": ...}, "schema", E, E, "created_by"),
    ({"workflow_start": ...}, "schema", E, E, "workflow_start"),
    ({"workflow": []}, "schema", E, E, "workflow"),
    ({"description": 5}, "schema", E, E, "description"),
    ({"revoked": "no"}, "schema", E, E, "revoked"),
    ({"priority": 101}, "schema", E, E, "priority"),
    ({"severity": -1}, "schema", E, E, "severity"),
    ({"impact": "5"}, "schema", E, E, "impact"),
    ({"labels": "x"}, "schema", E, E, "labels"),
    ({"labels": []}, "schema", W, W, "labels"),
    ({"spec_version": "cacao-1.1"}, "schema", E, E, "spec_version"),
    ({"type": "book"}, "unknown_type", E, E, "type"),
    ({"colour": "red"}, "schema", W, W, "colour"),
    ({"external_references 0": {"name": "x"}}, "schema", E, W, "external_references 0"),
    ({"playbook_activities": ...}, "schema", W, W, "playbook_activities"),
    ({"playbook_activities": ["restore-data"]}, "schema", W, W, "playbook_activities 0"),
    ({"playbook_processing_summary while_logic": False}, "processing_summary", W, W, "playbook_processing_summary while_logic"),
    ({"playbook_processing_summary if_logic": "yes"}, "schema", E, E, "playbook_processing_summary if_logic"),
    # ids
    ({"id": "playbook--1"}, "schema", E, W, "id"),
    ({"id": made("bundle", "x")}, "schema", E, W, "id"),
    ({"created_by": made("person", "x")}, "schema", E, W, "created_by"),
    ({"derived_from": [made("action", "x")]}, "schema", E, W, "derived_from 0"),
    ({"workflow end--1": {"type": "end"}}, "schema", E, W, "workflow end--1"),
    ({f"workflow {VERSION_1}": {"type": "end"}}, "schema", E, W, f"workflow {VERSION_1}"),
    ({f"workflow {NOBODY}": {"type": "action"}}, "schema", E, E, f"workflow {NOBODY}"),
    ({f"workflow {FIRST.replace('action', 'end')}": {"type": "end"}}, "duplicate_id", E, W, f"workflow {FIRST.replace('action', 'end')}"),
    ({f"{AGENTS} {FIRST.replace('action', 'group')}": {"type": "group", "name": "x"}}, "duplicate_id", E, W,
     f"{AGENTS} {FIRST.replace('action', 'group')}"),
    ({f"{AGENTS} {made('robot', 'x')}": {"type": "group", "name": "x"}}, "schema", W, W, f"{AGENTS} {made('robot', 'x')}"),
    # times
    ({"created": "2026-11-24T00:00:00Z"}, "bad_timestamp", E, W, "created"),
    ({"modified": "2026-11-24T00:00:00.123456Z"}, "bad_timestamp", E, W, "modified"),
    ({"created": "yesterday"}, "bad_timestamp", E, E, "created"),
    ({"created": "2026-02-30T00:00:00.000Z"}, "bad_timestamp", E, E, "created"),
    ({"created": "2026-11-24T00:00:00.000+00:00"}, "bad_timestamp", E, E, "created"),
    ({"modified": "2020-11-24T00:00:00.000Z"}, "bad_timestamp", E, E, "modified"),
    ({"valid_until": "2026-01-01T00:00:00.0Z"}, "bad_timestamp", E, E, "valid_until"),
    ({"valid_from": 5}, "bad_timestamp", E, E, "valid_from"),
    ({f"workflow {CALL} playbook_version": "1.0"}, "bad_timestamp", E, E, f"workflow {CALL} playbook_version"),
    ({f"{W_FIRST} delay": -1}, "negative_time", E, E, f"{W_FIRST} delay"),
    ({f"{W_FIRST} timeout": -0.0001}, "schema", E, E, f"{W_FIRST} timeout"),
    ({f"{W_FIRST} timeout": "5000"}, "schema", E, E, f"{W_FIRST} timeout"),
    ({f"{W_FIRST} timeout": 2**52}, "schema", E, E, f"{W_FIRST} timeout"),
    ({f"workflow {FORK} timeout": -5}, "negative_time", E, E, f"workflow {FORK} timeout"),
    # steps and their ways
    ({f"workflow {NOBODY}": {"type": "loop"}}, "unknown_type", E, E, f"workflow {NOBODY} type"),
    ({f"workflow {FIRST}": "x"}, "schema", E, E, f"workflow {FIRST}"),
    ({f"{W_FIRST} on_success": NOBODY}, "dangling_step", E, E, f"{W_FIRST} on_success"),
    ({f"{W_FIRST} on_failure": NOBODY}, "dangling_step", E, E, f"{W_FIRST} on_failure"),
    ({f"workflow {FORK} on_false": NOBODY}, "dangling_step", E, E, f"workflow {FORK} on_false"),
    ({f"workflow {SPLIT} next_steps 1": NOBODY}, "dangling_step", E, E, f"workflow {SPLIT} next_steps 1"),
    ({f"workflow {CHOICE} cases high": NOBODY}, "dangling_step", E, E, f"workflow {CHOICE} cases high"),
    ({"workflow_exception": NOBODY}, "dangling_step", E, E, "workflow_exception"),
    ({"workflow_start": NOBODY}, "dangling_step", E, E, "workflow_start"),
    ({"workflow_start": NOBODY}, "no_start", E, E, "workflow_start"),
    ({"workflow_start": FIRST}, "no_start", E, E, "workflow_start"),
    ({f"{W_FIRST} on_completion": END}, "completion_and_success", E, E, f"{W_FIRST} on_completion"),
    ({f"workflow {START} on_success": FIRST}, "schema", E, E, f"workflow {START} on_success"),
    ({f"workflow {END} on_completion": FIRST}, "schema", E, E, f"workflow {END} on_completion"),
    ({f"workflow {SPLIT} next_steps": [made("action", "left")]}, "schema", E, E, f"workflow {SPLIT} next_steps"),
    ({f"workflow {CHOICE} cases": {}}, "schema", E, E, f"workflow {CHOICE} cases"),
    ({f"workflow {CHOICE} switch": ...}, "schema", E, E, f"workflow {CHOICE} switch"),
    ({f"workflow {LOOP} on_true": ...}, "schema", E, E, f"workflow {LOOP} on_true"),
    ({f"workflow {LOOP} on_false": made("action", "no")}, "schema", W, W, f"workflow {LOOP} on_false"),
    ({f"workflow {CALL} playbook_id": ...}, "schema", E, E, f"workflow {CALL} playbook_id"),
    ({f"workflow {CALL} playbook_id": FIRST}, "schema", E, W, f"workflow {CALL} playbook_id"),
    ({f"workflow {CALL} playbook_id": made("playbook", "x")}, "loop_outside_while", W, W, f"workflow {CALL} playbook_id"),
    ({f"{W_FIRST} commands": []}, "schema", E, E, f"{W_FIRST} commands"),
    ({f"{W_FIRST} agent": ...}, "schema", E, E, f"{W_FIRST} agent"),
    ({f"workflow {END} switch": 5}, "schema", E, E, f"workflow {END} switch"),
    ({f"{W_FIRST} on-success": END}, "schema", W, W, f"{W_FIRST} on-success"),
    # definitions that are named and not there
    ({f"{W_FIRST} agent": SERVER}, "undefined_agent", E, E, f"{W_FIRST} agent"),
    ({f"{W_FIRST} targets": [SERVER, MACHINE]}, "undefined_target", E, E, f"{W_FIRST} targets 1"),
    ({f"{AGENTS} {MACHINE} authentication_info": "x"}, "undefined_authentication", E, E, f"{AGENTS} {MACHINE} authentication_info"),
    ({"markings": [TLP, "marking-tlp--x"]}, "undefined_marking", E, E, "markings 1"),
    ({f"extension_definitions {LAYOUT}": ...}, "undefined_extension", W, W, f"workflow {FIRST} step_extensions {LAYOUT}"),
    # commands
    ({f"{W_FIRST} commands 0": {"type": "telepathy", "command": "x"}}, "unknown_type", W, W, f"{W_FIRST} commands 0 type"),
    ({f"{W_FIRST} commands 0": {"type": "telepathy"}}, "schema", E, E, f"{W_FIRST} commands 0 command"),
    ({f"{W_FIRST} commands 0": {"command": "x"}}, "schema", E, E, f"{W_FIRST} commands 0 type"),
    ({f"{W_FIRST} commands 0": {"type": "bash"}}, "schema", E, E, f"{W_FIRST} commands 0 command"),
    ({f"{W_FIRST} commands 0": {"type": "http-api"}}, "schema", E, E, f"{W_FIRST} commands 0 command"),
    ({f"{W_FIRST} commands 0": {"type": "http-api", "command": "GET get HTTP1.1"}}, "schema", E, W, f"{W_FIRST} commands 0 command"),
    ({f"{W_FIRST} commands 0": {"type": "openc2-http", "command": "GET / HTTP/1.1", "content_b64": "e30="}}, "schema", E, W,
     f"{W_FIRST} commands 0 command"),
    ({f"{W_FIRST} commands 0": {"type": "openc2-http", "command": "POST / HTTP/1.1"}}, "schema", E, E, f"{W_FIRST} commands 0 content_b64"),
    ({f"{W_FIRST} commands 0": {"type": "sigma", "command": "x"}}, "schema", E, E, f"{W_FIRST} commands 0 command_b64"),
    ({f"{W_FIRST} commands 0": {"type": "bash", "command_b64": "%"}}, "schema", E, W, f"{W_FIRST} commands 0 command_b64"),
    ({f"{W_FIRST} commands 11 headers": {"X": "y"}}, "schema", E, W, f"{W_FIRST} commands 11 headers X"),
    ({f"{W_FIRST} commands 14 command": "case.fly"}, "unknown_action", E, E, f"{W_FIRST} commands 14 command"),
    # agents, authentication, markings, extensions, signatures
    ({f"{AGENTS} {PEOPLE} name": ...}, "schema", E, E, f"{AGENTS} {PEOPLE} name"),
    ({f"{AGENTS} {PEOPLE}": {"type": "robot", "name": "x", "arm": 5}}, "unknown_type", W, W, f"{AGENTS} {PEOPLE} type"),
    ({f"{AGENTS} {MACHINE} address": ...}, "schema", E, E, f"{AGENTS} {MACHINE} address"),
    ({f"{AGENTS} {MACHINE} address": {"ipv4": "192.0.2.1"}}, "schema", E, E, f"{AGENTS} {MACHINE} address ipv4"),
    ({f"{AGENTS} {MACHINE} address ipv4 0": "192.0.2"}, "schema", E, W, f"{AGENTS} {MACHINE} address ipv4 0"),
    ({f"{AGENTS} {MACHINE} address fax": ["1"]}, "schema", E, W, f"{AGENTS} {MACHINE} address fax"),
    ({f"{AGENTS} {MACHINE} port": 443}, "schema", E, W, f"{AGENTS} {MACHINE} port"),
    ({f"{AGENTS} {MACHINE} port": "99999"}, "schema", E, E, f"{AGENTS} {MACHINE} port"),
    ({f"{AGENTS} {PEOPLE} location region": "moon"}, "schema", E, E, f"{AGENTS} {PEOPLE} location region"),
    ({f"{AGENTS} {PEOPLE} location longitude": ...}, "schema", E, W, f"{AGENTS} {PEOPLE} location latitude"),
    ({f"{AGENTS} {PEOPLE} location latitude": "91"}, "schema", E, W, f"{AGENTS} {PEOPLE} location latitude"),
    ({f"{AGENTS} {made('sector', 'x')} sector": ...}, "schema", E, E, f"{AGENTS} {made('sector', 'x')} sector"),
    ({f"{AGENTS} {made('security-category', 'x')} category": []}, "schema", E, E, f"{AGENTS} {made('security-category', 'x')} category"),
    ({f"{AUTH} {OAUTH}": {"type": "oauth2"}}, "schema", E, E, f"{AUTH} {OAUTH} token"),
    ({f"{AUTH} {OAUTH} kms_key_identifier": ...}, "schema", E, E, f"{AUTH} {OAUTH} kms_key_identifier"),
    ({f"{AUTH} {OAUTH}": {"type": "magic"}}, "unknown_type", W, W, f"{AUTH} {OAUTH} type"),
    ({f"{AUTH} {BASIC} password": "hunter2"}, "literal_secret", E, W, f"{AUTH} {BASIC} password"),
    ({f"{AUTH} {OAUTH} token": "abc__token__:value"}, "literal_secret", E, W, f"{AUTH} {OAUTH} token"),
    ({f"{VAR} __password__": {"type": "string", "value": "hunter2"}}, "literal_secret", E, W, f"{VAR} __password__ value"),
    ({f"{W_FIRST} commands 13 headers Authorization 0": "Bearer abc"}, "literal_secret", E, W,
     f"{W_FIRST} commands 13 headers Authorization 0"),
    ({f"{MARKS} {TLP} tlpv2_level": "TLP:WHITE"}, "schema", E, E, f"{MARKS} {TLP} tlpv2_level"),
    ({f"{MARKS} {TLP} created": ...}, "schema", E, E, f"{MARKS} {TLP} created"),
    ({f"{MARKS} {TLP} id": STATEMENT}, "schema", E, W, f"{MARKS} {TLP} id"),
    ({f"{MARKS} {TLP} type": "marking-x"}, "unknown_type", E, E, f"{MARKS} {TLP} type"),
    ({f"{MARKS} {STATEMENT} statement": ...}, "schema", E, E, f"{MARKS} {STATEMENT} statement"),
    ({f"{MARKS} {IEP} end_date": ...}, "schema", E, E, f"{MARKS} {IEP} end_date"),
    ({f"{MARKS} {IEP} attribution": ...}, "schema", E, E, f"{MARKS} {IEP} attribution"),
    ({f"extension_definitions {LAYOUT} schema": ...}, "schema", E, E, f"extension_definitions {LAYOUT} schema"),
    ({"signatures 0 public_key": ...}, "schema", E, E, "signatures 0"),
    ({"signatures 0 thumbprint": "x"}, "schema", E, E, "signatures 0"),
    ({"signatures 0 value": ...}, "schema", E, E, "signatures 0 value"),
    ({"signatures 0 type": "pgp"}, "unknown_type", E, E, "signatures 0 type"),
    ({"signatures 0 algorithm": "HS256"}, "schema", W, W, "signatures 0 algorithm"),
    ({"signatures 0 related_version": "2020-01-01T00:00:00.000Z"}, "schema", W, W, "signatures 0 related_version"),
    ({"signatures 0 signature": signature(value="")}, "schema", E, E, "signatures 0 signature value"),
    # variables
    ({f"{VAR} host": {"type": "string"}}, "variable_name", E, E, f"{VAR} host"),
    ({f"{VAR} __1st__": {"type": "string"}}, "variable_name", E, E, f"{VAR} __1st__"),
    ({f"{VAR} __{'x' * 247}__": {"type": "string"}}, "variable_name", E, E, f"{VAR} __{'x' * 247}__"),
    ({f"{VAR} __a.b__": {"type": "string"}}, "variable_name", E, W, f"{VAR} __a.b__"),
    ({f"{W_FIRST} step_variables local": {"type": "string"}}, "variable_name", E, E, f"{W_FIRST} step_variables local"),
    ({f"{VAR} __x__": {}}, "schema", E, E, f"{VAR} __x__ type"),
    ({f"{VAR} __x__": {"type": "shape"}}, "unknown_type", W, W, f"{VAR} __x__ type"),
    ({f"{VAR} __x__": {"type": "integer", "value": 5}}, "schema", E, W, f"{VAR} __x__ value"),
    ({f"{VAR} __x__": {"type": "integer", "value": "five"}}, "schema", E, W, f"{VAR} __x__ value"),
    ({f"{VAR} __x__": {"type": "uri", "value": "example.com"}}, "schema", W, W, f"{VAR} __x__ value"),
    ({f"{VAR} __x__": {"type": "ipv4-addr", "value": "1.2.3"}}, "schema", E, W, f"{VAR} __x__ value"),
    ({f"{VAR} __x__": {"type": "string", "constant": "yes"}}, "schema", E, E, f"{VAR} __x__ constant"),
    ({f"{W_FIRST} step_variables __local__ external": True}, "schema", E, W, f"{W_FIRST} step_variables __local__ external"),
    ({f"{W_FIRST} commands 0 command": "look __nobody__:value"}, "undefined_variable", E, E, f"{W_FIRST} commands 0 command"),
    ({f"{W_FIRST} commands 5 command_b64": "X19ub2JvZHlfXzp2YWx1ZQ=="}, "undefined_variable", E, E, f"{W_FIRST} commands 5 command_b64"),
    ({f"{W_FIRST} commands 11 content": "__nobody__:value"}, "undefined_variable", E, E, f"{W_FIRST} commands 11 content"),
    ({f"{W_FIRST} commands 11 headers X-Host 0": "__nobody__:value"}, "undefined_variable", E, E,
     f"{W_FIRST} commands 11 headers X-Host 0"),
    ({f"workflow {RESCUE} commands 0 command": "__local__:value"}, "undefined_variable", E, E, f"workflow {RESCUE} commands 0 command"),
    ({f"{AGENTS} {PEOPLE} name": "__local__:value"}, "undefined_variable", E, E, f"{AGENTS} {PEOPLE} name"),
    ({f"target_definitions {SERVER} name": "__nobody__:value"}, "undefined_variable", E, E, f"target_definitions {SERVER} name"),
    ({f"{AUTH} {BASIC} user_id": "__nobody__:value"}, "undefined_variable", E, E, f"{AUTH} {BASIC} user_id"),
    ({f"workflow {FORK} condition": "__nobody__:value = 'x'"}, "undefined_variable", E, W, f"workflow {FORK} condition"),
    ({f"workflow {CHOICE} switch": "__nobody__:value"}, "undefined_variable", E, W, f"workflow {CHOICE} switch"),
    ({f"{W_FIRST} in_args": ["__host__", "__nobody__"]}, "undefined_variable", E, E, f"{W_FIRST} in_args 1"),
    ({f"{W_FIRST} out_args": ["__nobody__"]}, "undefined_variable", E, E, f"{W_FIRST} out_args 0"),
    ({f"{W_FIRST} out_args": ["__key__", "__fixed__"]}, "constant_assigned", E, E, f"{W_FIRST} out_args 1"),
    ({f"workflow {CALL} out_args": ["__fixed__"]}, "constant_assigned", E, E, f"workflow {CALL} out_args 0"),
    # conditions
    ({f"workflow {FORK} condition": "Operator input to proceed"}, "condition_syntax", E, W, f"workflow {FORK} condition"),
    ({f"workflow {LOOP} condition": "__count__:value <"}, "condition_syntax", E, W, f"workflow {LOOP} condition"),
    ({f"workflow {LOOP} condition": "__count__:value < 1 AND " * 2000}, "condition_syntax", E, W, f"workflow {LOOP} condition"),
    ({f"workflow {CHOICE} switch": "how bad is it"}, "condition_syntax", E, W, f"workflow {CHOICE} switch"),
    # our own extension
    ({f"{OURS} approval": {}}, "schema", E, E, f"{OURS} approval title"),
    ({f"{OURS} approval touches": "__nobody__:value"}, "undefined_variable", E, E, f"{OURS} approval touches"),
    ({f"{OURS} arguments text": 5}, "schema", E, E, f"{OURS} arguments text"),
    ({f"{OURS} arguments text": "__nobody__:value"}, "undefined_variable", E, E, f"{OURS} arguments text"),
    ({f"{OURS} outputs": {"__nobody__": "x"}}, "undefined_variable", E, E, f"{OURS} outputs __nobody__"),
    ({f"{OURS} outputs": {"__fixed__": "x"}}, "constant_assigned", E, E, f"{OURS} outputs __fixed__"),
    ({f"{OURS} budget": {"iterations": 1}}, "schema", W, W, f"{OURS} budget"),
    ({f"workflow {LOOP} step_extensions {EXTENSION} budget": {"iterations": 0}}, "schema", E, E,
     f"workflow {LOOP} step_extensions {EXTENSION} budget iterations"),
    ({f"workflow {LOOP} step_extensions {EXTENSION} budget": {"seconds": -1}}, "negative_time", E, E,
     f"workflow {LOOP} step_extensions {EXTENSION} budget seconds"),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault[1]}-{next(iter(fault[0]))[-40:]}")
def test_a_fault_is_found_under_its_code_at_its_place(fault: tuple[dict[str, Any], str, str, str, str]) -> None:
    changes, code, *severities, path = fault
    for lenient, severity in zip((False, True), severities, strict=True):
        found = check(broken(changes), frozenset({"case.note"}), lenient)
        assert (code, severity, pointer(*path.split(" "))) in {(one.code, one.severity, one.pointer) for one in found}
        assert {one.code for one in found} <= CODES
        if severity == W:
            assert not [one for one in found if one.severity == E and one.code == code]


def test_every_fault_is_found_not_the_first_only() -> None:
    faults = {
        "created": "x",
        "name": 5,
        f"{W_FIRST} delay": -1,
        f"{W_FIRST} agent": "x",
        f"workflow {LOOP} condition": "?",
        "markings 0": "x",
    }
    found = {one.pointer for one in check(broken(faults)) if one.severity == E}
    assert found >= {pointer(*path.split(" ")) for path in faults}


def test_a_condition_is_found_with_the_column() -> None:
    (one,) = check(broken({f"workflow {FORK} condition": "__count__:value ~ 3"}))
    assert "column 17:" in one.message


def test_a_name_written_wrong_comes_with_the_one_that_was_meant() -> None:
    (one,) = check(broken({f"{W_FIRST} on-success": END}))
    assert "on_success" in one.message


@pytest.mark.parametrize(
    "changes",
    [
        {f"{W_FIRST} delay": 0}, {f"{W_FIRST} delay": 5.0}, {f"{VAR} __x__": {"type": "dictionary", "value": {"a": [1]}}},
        {f"{AUTH} {OAUTH}": {"type": "oauth2", "kms": True, "kms_key_identifier": "x"}},
        {f"{AUTH} {OAUTH}": {"type": "oauth2", "oauth_header": "Authorization: Bearer", "token": "__token__:value"}},
        {f"{VAR} __Mixed-Case_9__": {"type": "string"}}, {f"{VAR} __{'x' * 246}__": {"type": "string", "value": ""}},
        {"valid_until": "2020-01-01T00:00:00Z", "revoked": True}, {"created": "2016-12-31T23:59:60.000Z"},
        {"workflow_exception": ..., f"workflow {RESCUE}": ..., f"workflow {RESCUED}": ...},
        {"workflow_exception": END, f"workflow {RESCUE}": ..., f"workflow {RESCUED}": ...},
        {f"workflow {FORK} on_true": made("end", "yes"), f"workflow {made('action', 'yes')}": ...},
        {f"workflow {FORK} on_false": ..., f"workflow {made('action', 'no')}": ..., f"workflow {made('end', 'no')}": ...},
        # What a block declares is seen in its branches.
        {f"workflow {LOOP} step_variables": {"__mine__": {"type": "string", "value": "x"}},
         f"workflow {made('action', 'round')} commands 0 command": "__mine__:value"},
        {f"target_definitions {MACHINE}": {"type": "ssh", "name": "x", "address": {"dname": ["x"]}}},
        {f"{AGENTS} {MACHINE} name": "__local__:value"}, {f"workflow {CHOICE} switch": "__severity__"},
        {"id": "playbook--300270F9-0E64-42C8-93CC-0927EDBE3AE7"},
    ],
)  # fmt: skip
def test_what_the_standard_allows_is_no_error(changes: dict[str, Any]) -> None:
    assert [one for one in check(broken(changes), lenient=False) if one.severity == E] == []


@pytest.mark.parametrize("document", [None, [], "x", 5, {}, {"workflow": []}, {"type": ["playbook"]}, {"workflow": {"x": None}}])
def test_what_is_no_playbook_is_said_to_be_none(document: Any) -> None:
    assert {one.code for one in check(document)} & {"schema"}
    assert {one.severity for one in check(document)} >= {E}


def test_a_document_beyond_bounds_is_one_finding() -> None:
    deep: Any = []
    for _ in range(500):
        deep = [deep]
    cyclic: dict[str, Any] = {}
    cyclic["self"] = cyclic
    for document in (deep, {**everything(), "x": deep}, cyclic, {"labels": ["x"] * 600_000}, {1: 2}):
        assert [(one.code, one.pointer) for one in check(document)] == [("unreadable", "")]


def test_what_no_reader_would_keep_is_found_where_it_stands() -> None:
    found = check({**everything(), "name": "a\0", "description": "\ud800", "priority": 2**60, "x": float("nan"), "y": {1, 2}})
    assert {one.pointer for one in found if one.severity == E} >= {"/name", "/description", "/priority", "/x", "/y"}


DATA = Path(__file__).parents[4] / "shared" / "data" / "playbooks"
# What the real files are refused for: in strict mode, and in lenient.
REAL = {
    "oasis-basic-example-1": (set(), set()),
    "oasis-spec-3.1-example": (set(), set()),
    "soarca-manual": (set(), set()),
    "soarca-http": ({"bad_timestamp", "schema"}, set()),
    "soarca-openc2": ({"bad_timestamp"}, set()),
    "soarca-ssh": ({"bad_timestamp", "literal_secret"}, set()),
    "invalid-soarca-missing-step": (
        {"bad_timestamp", "schema", "no_start", "dangling_step", "unreachable_step", "literal_secret"}, {"no_start", "dangling_step"},
    ),
    "invalid-soarca-no-end": (
        {"bad_timestamp", "schema", "no_start", "dangling_step", "no_end", "branch_without_end", "literal_secret"},
        {"no_start", "dangling_step", "no_end", "branch_without_end"},
    ),
}  # fmt: skip


@pytest.mark.skipif(not DATA.exists(), reason="the shared real playbooks are not here")
@pytest.mark.parametrize("file", REAL)
def test_the_real_files_are_refused_for_what_is_wrong_with_them(file: str) -> None:
    raw = (DATA / f"{file}.json").read_bytes()
    for lenient, codes in zip((False, True), REAL[file], strict=True):
        document, found = checked(raw, lenient=lenient)
        assert {one.code for one in found if one.severity == E} == codes
        assert document == json.loads(raw)
