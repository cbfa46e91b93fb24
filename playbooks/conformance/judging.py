"""What an engine made of a case, against what the case expects. Needs nothing but Python; README.md tells how to use it."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

Case = Mapping[str, Any]


def document_of(case: Case) -> bytes:
    """The bytes of the playbook to read: the document, or the text that is none."""
    return str(case["text"]).encode() if "text" in case else json.dumps(case["playbook"]).encode()


def differences(case: Case, result: Any) -> list[str]:
    """A sentence for each difference between a result and what the case expects; none when the rule is kept.

    `result` is the outcome of a run (`outcome`, `steps`, `variables`, in milliseconds `elapsed_ms` where the engine tells it), or for a
    document that must be refused the list of findings (`code`, `severity`, `pointer`).
    """
    expected = case["expect"]
    if "outcome" in expected:
        return list(_run(case, expected, result) if isinstance(result, Mapping) else ["there is no outcome of a run"])
    return list(_findings(expected, result) if isinstance(result, list) else ["there is no list of findings"])


def _run(case: Case, expected: Mapping[str, Any], result: Mapping[str, Any]) -> Iterator[str]:
    if result.get("outcome") != expected["outcome"]:
        yield f"the outcome is {result.get('outcome')}, expected {expected['outcome']}"
    names = {step: one.get("name", step) for step, one in case["playbook"]["workflow"].items()}
    steps = [names.get(one["step"], one["step"]) for one in result.get("steps", [])]
    if "steps" in expected and steps != expected["steps"]:
        yield f"the way is {_way(steps)}, expected {_way(expected['steps'])}"
    begins = expected.get("steps_begin", [])
    if steps[: len(begins)] != begins:
        yield f"the way begins {_way(steps[: len(begins)])}, expected {_way(begins)}"
    for name, outcomes in expected.get("outcomes", {}).items():
        told = [one.get("outcome") for one, step in zip(result.get("steps", []), steps, strict=True) if step == name]
        if told != outcomes:
            yield f"{name} came out as {told}, expected {outcomes}"
    for name, value in expected.get("variables", {}).items():
        if result.get("variables", {}).get(name) != value:
            yield f"{name} is {result.get('variables', {}).get(name)!r}, expected {value!r}"
    # Not every engine tells how much virtual time has passed.
    if "elapsed_ms" in expected and "elapsed_ms" in result and result["elapsed_ms"] != expected["elapsed_ms"]:
        yield f"it took {result['elapsed_ms']} ms, expected {expected['elapsed_ms']}"


def _way(steps: Sequence[str]) -> str:
    return " > ".join(steps[:30]) + (" ..." if len(steps) > 30 else "")


def _findings(expected: Mapping[str, Any], found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    wanted = {"refused": ("error",), "warned": ("error", "warning")}
    for key, severities in wanted.items():
        told = [f"{one.get('code')} at {one.get('pointer')}" for one in found if one.get("severity") in severities]
        for one in expected.get(key, []):
            if one not in told:
                yield f"{one} is missing among {told}"


def main(arguments: Sequence[str]) -> int:
    """`judging.py CASE RESULT`: print the differences; 1 when there are any, 2 when it is called wrongly."""
    if len(arguments) != 2:
        sys.stderr.write("usage: judging.py CASE RESULT (a case's file, and a file of JSON with what your engine made of it)\n")
        return 2
    case, result = (json.loads(Path(name).read_text(encoding="utf-8")) for name in arguments)
    found = differences(case, result)
    sys.stdout.writelines(f"{arguments[0]}: {one}\n" for one in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
