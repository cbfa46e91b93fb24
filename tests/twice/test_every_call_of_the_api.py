"""Every mutating call of the API: twice at once, again after a crash, and with another body: one effect, one answer, 409."""

from typing import Any

import pytest

from tests.crashes.points import crash_at
from tests.races.threads import at_once
from tests.twice.api import CALLS, mutating_operations
from tests.twice.stage import Stage, as_read, crashes_of, new_key, send

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_mutating_operation_of_the_schema_is_tried_twice() -> None:
    found = set(mutating_operations())
    missing, gone = sorted(found - set(CALLS)), sorted(set(CALLS) - found)
    assert not missing, f"Say in tests/twice/api.py who calls {missing} and with what: a repeated call must have one effect."
    assert not gone, f"The API no longer has {gone}: take them out of tests/twice/api.py."


def effect_of(stage: Stage, name: str) -> tuple[tuple[int, int], int]:
    """What the call changes when it is made once, and how often it commits."""
    who, make = CALLS[name]
    asked, client = make(stage), stage.api(who)
    before = stage.changed()
    with crash_at(0, commits_only=True) as points:
        answer = send(client, asked, new_key())
    assert answer.status_code in (200, 201, 202), f"{name}: {answer.status_code} {answer.content!r}"
    once = moved(stage, before)
    assert sum(once) > 0, f"{name} changes nothing: give it something to change"
    assert points.passed > 0, f"{name} commits nothing"
    return once, points.passed


def said(name: str, answer: Any) -> Any:
    """What must be the same in both answers: everything, but that an alert is called repeated the second time."""
    body = as_read(answer)
    return [item["receipt"] for item in body["items"]] if name == "post_alerts" else body


def moved(stage: Stage, before: tuple[int, int]) -> tuple[int, int]:
    facts, rows = stage.changed()
    return facts - before[0], rows - before[1]


def test_twice_at_once_is_once(stage: Stage) -> None:
    wrong = []
    for name, (who, make) in CALLS.items():
        once, _ = effect_of(stage, name)
        asked, key, before = make(stage), new_key(), stage.changed()
        first, second = at_once(*[lambda: send(stage.api(who), asked, key)] * 2)  # noqa: B023 they end within this round
        if isinstance(first, Exception) or isinstance(second, Exception):
            wrong.append(f"{name} raised {first!r} {second!r}")
        elif first.status_code != second.status_code or said(name, first) != said(name, second):
            wrong.append(f"{name} was answered {first.status_code} {first.content!r} and {second.status_code} {second.content!r}")
        if (changed := moved(stage, before)) != once:
            wrong.append(f"{name} changed {changed}, once is {once}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("after", [False, True], ids=["the line is cut before a commit", "the answer is lost after a commit"])
def test_again_after_a_crash_is_once(stage: Stage, after: bool) -> None:
    wrong = []
    for name, (who, make) in CALLS.items():
        (once, commits), crashes = effect_of(stage, name), 0
        for at in crashes_of(commits):
            asked, key, client, before = make(stage), new_key(), stage.api(who), stage.changed()
            with crash_at(at, commits_only=True, after=after) as points:
                send(client, asked, key)
            crashes += points.crashed
            answer = send(client, asked, key)
            if answer.status_code not in (200, 201, 202) or moved(stage, before) != once:
                wrong.append(f"{name}, commit {at}: {answer.status_code}, changed {moved(stage, before)}, once is {once}")
        if not crashes:
            wrong.append(f"{name} never met a crash")
    assert not wrong, "\n".join(wrong)


def test_the_same_key_with_another_body_is_a_conflict(stage: Stage) -> None:
    wrong = []
    for name, (who, make) in CALLS.items():
        asked, key, client = make(stage), new_key(), stage.api(who)
        assert send(client, asked, key).status_code in (200, 201, 202)
        before = stage.changed()
        other = send(client, asked, key, and_more="another body")
        again = send(client, asked, key)
        if other.status_code != 409 or as_read(other)["code"] != "idempotency_conflict":
            wrong.append(f"{name}: {other.status_code} {other.content!r}")
        if again.status_code not in (200, 201, 202) or moved(stage, before) != (0, 0):
            wrong.append(f"{name}: the first body again got {again.status_code}, and {moved(stage, before)} moved")
    assert not wrong, "\n".join(wrong)


def test_a_key_is_its_callers_own(stage: Stage) -> None:
    key = new_key()
    first, second = (CALLS["open_case"][1](stage) for _ in range(2))
    one, two = send(stage.api("nora"), first, key), send(stage.api("ana"), second, key)
    assert (one.status_code, two.status_code) == (201, 201)
    assert as_read(one)["number"] != as_read(two)["number"]
