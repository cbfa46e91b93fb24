"""Documents that nobody would write: whatever comes, the check ends, its findings are in order, and what it lets through compiles.

`CASES=10000` looks longer; the seed is fixed, so that a run can be repeated.
"""

import copy
import json
import os
import time
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from playbooks.definition.checking import CODES, TOO_MUCH, check, checked
from playbooks.definition.findings import Finding
from playbooks.definition.graph import compiled
from tests.playbooks.definition.documents import everything

CASES = int(os.environ.get("CASES", "300"))
LONGEST_SECONDS = 20.0

WORDS = st.sampled_from(
    ["__host__:value", "__nobody__:value", "__a.b__", "__fixed__", "__count__:value <", "NOT (", "--", "action--", "playbook", "end",
     "http-api", "GET / HTTP/1.1", "2026-11-24T00:00:00.000Z", "9999-99-99T99:99:99.999Z", "%%%", "../..", "\ud800", "\0", "~/", "", " ",
     "💥" * 40, "default"]
)  # fmt: skip
NUMBERS = st.sampled_from([0, -1, 1, 100, 101, 2**31, 2**53, -(2**63), 10**40, 0.5, -0.0, 1e308, float("nan"), float("inf")])
LEAVES = st.none() | st.booleans() | NUMBERS | WORDS | st.text(max_size=12)
ANYTHING = st.recursive(
    LEAVES, lambda some: st.lists(some, max_size=4) | st.dictionaries(WORDS | st.text(max_size=8), some, max_size=4), max_leaves=12
)
SOUND = everything()
# Names of properties and ids, so that a change meets what the check looks for.
NAMES = sorted({key for part in [SOUND, *SOUND["workflow"].values()] for key in part} | {*SOUND["workflow"], *SOUND["agent_definitions"]})


def places(document: Any) -> list[tuple[Any, Any]]:
    """Every container in a document with each of its keys."""
    found = []
    todo = [document]
    while todo:
        one = todo.pop()
        keys = list(one) if isinstance(one, dict) else range(len(one)) if isinstance(one, list) else []
        for key in keys:
            found.append((one, key))
            todo.append(one[key])
    return found


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """The sound playbook after some changes: dropped, retyped, doubled, moved, deepened, renamed and cross-wired parts."""
    document = copy.deepcopy(SOUND)
    for _ in range(draw(st.integers(1, 6))):
        some = places(document)
        if not some:
            break
        holder, key = some[draw(st.integers(0, len(some) - 1))]
        other, there = some[draw(st.integers(0, len(some) - 1))]
        how = draw(st.sampled_from(["drop", "retype", "copy", "deepen", "rename", "name", "word", "wire"]))
        if how == "drop":
            del holder[key]
        elif how == "retype":
            holder[key] = draw(ANYTHING)
        elif how == "copy":
            holder[key] = copy.deepcopy(other[there])
        elif how == "deepen":
            holder[key] = [holder[key]] if draw(st.booleans()) else {draw(st.sampled_from(NAMES)): holder[key]}
        elif how == "rename" and isinstance(holder, dict):
            holder[draw(st.sampled_from(NAMES) | WORDS)] = holder.pop(key)
        elif how == "name":
            holder[key] = draw(st.sampled_from(NAMES))
        elif how == "wire" and isinstance(there, str):
            holder[key] = there
        else:
            holder[key] = draw(WORDS)
    return document


def resolves(document: Any, at: str) -> bool:
    """Whether a pointer names a place in the document, or one in an object that is there."""
    names = [name.replace("~1", "/").replace("~0", "~") for name in at.split("/")[1:]]
    one = document
    for number, name in enumerate(names):
        if isinstance(one, list) and name.isdigit() and int(name) < len(one):
            one = one[int(name)]
        elif isinstance(one, dict) and name in one:
            one = one[name]
        else:
            return number == len(names) - 1
    return True


def in_order(document: Any, findings: list[Finding]) -> None:
    for one in findings:
        assert one.code in CODES
        assert one.severity in ("error", "warning")
        assert one.message.strip() and one.message != TOO_MUCH
        assert resolves(document, one.pointer), one


def looked_at(document: Any) -> None:
    began = time.monotonic()
    for lenient in (False, True):
        findings = check(document, frozenset({"case.note"}), lenient)
        in_order(document, findings)
        if not any(one.severity == "error" for one in findings):
            graph = compiled(document)
            assert set(graph.order()) <= set(graph.nodes)
    assert time.monotonic() - began < LONGEST_SECONDS


MANY = settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck), database=None)


@seed(20261124)
@MANY
@given(mutated())
def test_a_broken_playbook_gets_findings_in_order_and_what_has_no_error_compiles(document: Any) -> None:
    looked_at(document)


@seed(20261124)
@settings(MANY, max_examples=max(100, CASES // 4))
@given(ANYTHING | st.dictionaries(st.sampled_from(NAMES), ANYTHING, max_size=8))
def test_any_json_gets_findings_in_order(document: Any) -> None:
    looked_at(document)


@seed(20261124)
@settings(MANY, max_examples=max(100, CASES // 4))
@given(mutated(), st.data())
def test_a_damaged_file_is_read_or_refused(document: Any, data: st.DataObject) -> None:
    raw = bytearray(json.dumps(document).encode("utf-8", "replace"))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    read, findings = checked(bytes(raw), yaml=data.draw(st.booleans()))
    in_order(read, findings)
