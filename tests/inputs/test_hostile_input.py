"""Whatever is sent, by whomever: no failure, no answer that the schema does not name, no half-done change.

CASES (5,000) and SEED (1) are for all roles together: `CASES=100000 SEED=7 pytest tests/inputs/test_hostile_input.py`.
"""

import os
import random
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode, checks

from soc.cases.models import Case
from tenants.isolation import scope
from tests.cast import Cast
from tests.inputs.calling import ROLES, Answer, Ask, Caller, caller, in_one_transaction, undone
from tests.inputs.hostile import Hostile
from tests.inputs.judging import Judge
from tests.inputs.places import WORDS
from tests.walls.conftest import norths  # noqa: F401 (a fixture)

CASES = int(os.environ.get("CASES", "5000"))
SEED = int(os.environ.get("SEED", "1"))
CONFORMANCE = [checks.status_code_conformance, checks.content_type_conformance, checks.response_schema_conformance]


@pytest.mark.parametrize("role", ROLES)
def test_hostile_input_changes_and_breaks_nothing(
    role: str,
    cast: Cast,
    norths: dict[str, Any],  # noqa: F811
    record_property: Callable[[str, object], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    calls = caller(role, cast)
    judge = Judge(role)
    share = CASES // len(ROLES)
    with in_one_transaction():
        for ask in Hostile(norths, SEED * 100 + list(ROLES).index(role)).asks(share // 2):
            with undone():
                judge.look(ask, calls.send(ask))
        drive_by_the_schema(judge, calls, norths, share - share // 2)
    record_property("hostile input", judge.row())
    with capsys.disabled():
        print(f"\n{judge.row()}  (seed {SEED}, slowest {judge.slowest[0]:.2f} s: {judge.slowest[1][:60]})", end="")
    assert not judge.wrong, f"{len(judge.wrong)} faults as {role}, seed {SEED}:\n" + "\n".join(
        f"- {fault}\n    {example}" for fault, example in sorted(judge.wrong.items())
    )


def drive_by_the_schema(judge: Judge, calls: Caller, norths: dict[str, Any], count: int) -> None:  # noqa: F811
    """Cases that schemathesis makes of the API's description: values that fit, and values that do not."""
    described = schemathesis.openapi.from_dict(judge.described)
    described.app = calls.app
    # A probe that takes nothing has no values that do not fit.
    drives = [
        (operation, mode)
        for operation in (found.ok() for found in described.get_all_operations())
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        if mode is GenerationMode.POSITIVE or {"parameters", "requestBody"} & set(operation.definition.raw)
    ]
    chance = random.Random(SEED)
    with scope.floor(None):
        version = str(Case.objects.get(number=norths["case"]).version)
    for at, (operation, mode) in enumerate(drives):
        wanted = count * (at + 1) // len(drives) - count * at // len(drives)

        @seed(SEED * 1000 + at)
        @settings(
            max_examples=max(wanted, 1), deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def once(case: Any) -> None:
            if chance.random() < 0.5:  # about something that exists
                for word in case.path_parameters or {}:
                    case.path_parameters[word] = norths[WORDS[word]]
                if case.headers and "If-Match" in case.headers:
                    case.headers["If-Match"] = version
            send_by_the_schema(judge, calls, case)

        once()


def send_by_the_schema(judge: Judge, calls: Caller, case: Any) -> None:
    """Send a case, judge its answer, and hold it against the description."""
    case.headers = {**(case.headers or {}), "Accept-Encoding": "identity"}
    if calls.bearer:  # the schema makes up bearers too; those are the anonymous role's
        case.headers["Authorization"] = f"Bearer {calls.bearer}"
    with undone():
        response = case.call()
        ask = Ask(case.method, case.formatted_path, "", dict(case.headers or {}), repr(case.body)[:200].encode(), "by the schema")
        headers = {name: ", ".join(values) for name, values in response.headers.items()}
        judge.look(ask, Answer(response.status_code, headers, response.content, response.elapsed))
        try:
            case.validate_response(response, checks=CONFORMANCE)
        except BaseExceptionGroup as faults:
            for fault in faults.exceptions:
                judge.wrong.setdefault(f"{fault!s:.300}: {ask.method} {case.operation.path}", f"{ask} {response.content[:300]!r}")
