"""The threat model names tests that exist, and files that exist."""

import re

from tests.architecture.house import ROOT

MODEL = (ROOT / "docs" / "threat-model.md").read_text()
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def test_every_test_that_the_threat_model_names_exists() -> None:
    named = TEST.findall(MODEL)
    gone = [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / path).exists() or not re.search(rf"^\s*(async )?def {name}\(", (ROOT / path).read_text(), re.MULTILINE)
    ]
    assert len(named) > 50
    assert not gone, f"A line of docs/threat-model.md is held by nothing: {gone}"


def test_every_guard_that_the_threat_model_names_exists() -> None:
    named = re.findall(r"`((?:tenants|playbooks|soc)/[\w/.]*)`", MODEL)
    assert named
    assert not [path for path in named if not (ROOT / path).exists()]


def test_each_threat_has_a_test() -> None:
    rows = [
        line for line in MODEL.splitlines() if line.startswith("| ") and line.count("|") == 4 and not line.startswith(("| threat", "|---"))
    ]
    threats = [line for line in rows if not TEST.search(line)]
    assert not threats, f"These lines say no test: {threats}"
