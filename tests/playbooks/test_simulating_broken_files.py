"""No playbook, however broken, makes a simulation fail or hang: the cases of the conformance suite, each broken at random places.

`CASES=10000 pytest tests/playbooks/test_simulating_broken_files.py` breaks many.
"""

import json
import os
import time
from random import Random
from typing import Any

from playbooks.conformance import files
from playbooks.simulation.files import as_result, simulated
from playbooks.simulation.inputs import UnfitInputs

CASES = int(os.environ.get("CASES", "400"))
SEED = int(os.environ.get("SEED", "1"))
ODD: list[Any] = [
    None,
    True,
    [],
    {},
    "",
    "__x__:value",
    "__x__",
    0,
    -1,
    1.5,
    2**53 - 1,
    "default",
    ["a"],
    {"a": {}},
    "\u2028",
    "NOT (",
    "[a:b = 1]",
]
SLOWEST = 20.0


def places(part: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) in a document."""
    found: list[tuple[Any, Any]] = []
    todo = [part]
    while todo:
        one = todo.pop()
        keys = list(one) if isinstance(one, dict) else list(range(len(one))) if isinstance(one, list) else []
        found += [(one, key) for key in keys]
        todo += [one[key] for key in keys]
    return found


def broken(document: Any, luck: Random) -> None:
    """Break one place: take it away, put something odd or another part of the document there."""
    found = places(document)
    if not found:
        return
    container, key = luck.choice(found)
    way = luck.random()
    if way < 0.2:
        del container[key]
    elif way < 0.5:
        container[key] = luck.choice(ODD)
    else:
        # Another part of the document, a step's id more often than not: ways are wired anew and stay valid often enough to run.
        steps = document.get("workflow")
        other, at = luck.choice(found)
        wired = way < 0.8 and isinstance(steps, dict) and steps
        container[key] = luck.choice(list(steps)) if wired else json.loads(json.dumps(other[at]))


def test_broken_playbooks_are_refused_or_come_to_an_end() -> None:
    luck = Random(SEED)
    cases = [json.loads(path.read_text(encoding="utf-8")) for path in files()]
    cases = [case for case in cases if "playbook" in case]
    outcomes: dict[str, int] = {}
    for _ in range(CASES):
        case = json.loads(json.dumps(luck.choice(cases)))
        for _ in range(luck.randint(1, 3)):
            broken(case["playbook"], luck)
        inputs = case.get("inputs") or {"variables": {}, "answers": {}}
        if luck.random() < 0.3 and places(inputs):
            broken(inputs, luck)
        began = time.monotonic()
        try:
            made = simulated(json.dumps(case["playbook"]).encode(), inputs=json.dumps(inputs).encode())
        except UnfitInputs:
            outcome = "unfit"
        else:
            outcome = json.loads(json.dumps(as_result(made.walk)))["outcome"] if made.walk else "refused"
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
        assert time.monotonic() - began < SLOWEST, case
    assert {"completed", "refused", "unfit"} <= set(outcomes), outcomes
