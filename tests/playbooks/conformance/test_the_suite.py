"""The conformance suite itself: many small cases, one rule each, written alike, and a judge that sees what differs."""

import copy
import json
from collections import Counter

import pytest

from playbooks.conformance import HERE, files
from playbooks.conformance.judging import differences, main

CASES = {str(path.relative_to(HERE).with_suffix("")): json.loads(path.read_text(encoding="utf-8")) for path in files()}
KEYS = ["rule", "source", "reading", "playbook", "text", "inputs", "expect"]
KINDS = {"start", "end", "action", "playbook-action", "parallel", "if-condition", "while-condition", "switch-condition"}
RUNS = {name: case for name, case in CASES.items() if "outcome" in case["expect"]}


def test_it_has_many_cases_and_every_kind_of_step():
    assert len(CASES) >= 300
    assert {step["type"] for case in RUNS.values() for step in case["playbook"]["workflow"].values()} == KINDS
    assert {case["expect"]["outcome"] for case in RUNS.values()} == {"completed", "failed", "stopped"}


@pytest.mark.parametrize("name", CASES)
def test_a_case_is_written_like_the_others(name):
    case, text = CASES[name], (HERE / f"{name}.json").read_text(encoding="utf-8")
    assert text == json.dumps(case, indent=2, ensure_ascii=False) + "\n"
    assert list(case) == [key for key in KEYS if key in case]
    assert case["rule"].endswith(".")
    assert case["source"]
    assert len(text) < 16_000, "A case is about one rule: it is small."


def test_no_two_cases_share_a_rule_or_an_id():
    rules = Counter(case["rule"] for case in CASES.values())
    assert not [rule for rule, times in rules.items() if times > 1]
    ids = Counter(case["playbook"]["id"] for case in RUNS.values())
    assert not [one for one, times in ids.items() if times > 1]


@pytest.mark.parametrize("name", RUNS)
def test_the_names_of_a_case_are_the_names_of_its_steps(name):
    case = RUNS[name]
    names = [step["name"] for step in case["playbook"]["workflow"].values()]
    told = {*case["expect"].get("steps", []), *case["expect"].get("steps_begin", []), *case["expect"].get("outcomes", {})}
    assert len(set(names)) == len(names)
    assert told
    assert told <= set(names)
    assert set(case["inputs"].get("answers", {})) <= set(case["playbook"]["workflow"])


CASE = {
    "playbook": {"workflow": {"start--1": {"name": "Start"}, "end--1": {"name": "End"}}},
    "expect": {
        "outcome": "completed",
        "steps": ["Start", "End"],
        "outcomes": {"End": ["success"]},
        "variables": {"__x__": "a"},
        "elapsed_ms": 5,
    },
}
STEPS = [{"step": "start--1", "iteration": 1, "outcome": "success"}, {"step": "end--1", "iteration": 1, "outcome": "success"}]
RESULT = {"outcome": "completed", "steps": STEPS, "variables": {"__x__": "a", "__y__": "b"}, "elapsed_ms": 5}


def test_the_judge_is_content_with_what_is_expected():
    assert differences(CASE, RESULT) == []
    assert differences(CASE, {key: value for key, value in RESULT.items() if key != "elapsed_ms"}) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"outcome": "failed"}, "the outcome is failed"),
        ({"steps": STEPS[:1]}, "the way is Start, expected Start > End"),
        ({"steps": [{**one, "outcome": "failure"} for one in STEPS]}, "End came out as ['failure']"),
        ({"variables": {"__x__": "b"}}, "__x__ is 'b', expected 'a'"),
        ({"variables": {}}, "__x__ is None"),
        ({"elapsed_ms": 6}, "it took 6 ms"),
    ],
)
def test_the_judge_sees_what_differs(change, said):
    found = differences(CASE, {**copy.deepcopy(RESULT), **change})
    assert any(one.startswith(said) for one in found), found


def test_the_judge_sees_a_finding_that_is_missing_or_only_a_warning():
    case = {"expect": {"refused": ["no_end at /workflow"]}}
    finding = {"code": "no_end", "severity": "error", "pointer": "/workflow", "message": "No end."}
    assert differences(case, [finding]) == []
    assert differences(case, []) != []
    assert differences(case, [{**finding, "severity": "warning"}]) != []
    assert differences({"expect": {"warned": ["no_end at /workflow"]}}, [{**finding, "severity": "warning"}]) == []
    assert differences(case, RESULT) == ["there is no list of findings"]
    assert differences(CASE, [finding]) == ["there is no outcome of a run"]


def test_the_judge_is_a_program(tmp_path, capsys):
    case, good, bad = tmp_path / "case.json", tmp_path / "good.json", tmp_path / "bad.json"
    case.write_text(json.dumps(CASE))
    good.write_text(json.dumps(RESULT))
    bad.write_text(json.dumps({**RESULT, "outcome": "stopped"}))
    assert main([str(case), str(good)]) == 0
    assert main([str(case), str(bad)]) == 1
    assert main([]) == 2
    assert "the outcome is stopped, expected completed" in capsys.readouterr().out
