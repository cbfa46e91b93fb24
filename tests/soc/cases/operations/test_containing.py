"""Containing and recovering, each since a time."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from soc.cases.errors import CaseIsClosed, StageAlreadyReached
from soc.cases.models import Case
from soc.cases.operations.closing import close
from soc.cases.operations.containing import contain, recover
from tenants.errors import Invalid, NotAllowed, Stale, Unknown, VersionRequired
from tests.cast import Cast, StageClock

Do = Callable[..., Case]
Look = Callable[[Case], Any]


def test_containing_stops_the_containment_clock_at_the_time_that_is_named(
    cast: Cast, clock: StageClock, open_one: Callable[..., Case], do: Do, stored: Look
) -> None:
    case = open_one(at=clock())
    since = clock.wind(minutes=20)
    clock.wind(minutes=5)
    contained = do(contain, case, cast.ana.at(clock), at=since.isoformat(), reason="The host is isolated.")
    assert (contained.state, contained.contained_at) == ("contained", since)
    now = stored(case)
    ended = next(c for c in now.clocks if c["kind"] == "contain")
    assert (ended["state"], ended["stopped_at"]) == ("met", since)
    line = now.rows[4][-1]
    assert line["text"] == "Contained: The host is isolated."
    assert (line["happened_at"], line["created_at"]) == (since, clock())


def test_a_containment_after_the_limit_is_late(cast: Cast, clock: StageClock, open_one: Callable[..., Case], do: Do, stored: Look) -> None:
    case = open_one(at=clock(), severity="critical")
    clock.wind(hours=1, seconds=1)
    do(contain, case, cast.ana.at(clock), reason="Isolated by hand.")
    assert next(c for c in stored(case).clocks if c["kind"] == "contain")["state"] == "late"


def test_recovering_follows_containing(cast: Cast, clock: StageClock, open_one: Callable[..., Case], do: Do) -> None:
    case = open_one(at=clock())
    clock.wind(minutes=10)
    do(contain, case, cast.ana.at(clock), reason="Isolated.")
    clock.wind(minutes=10)
    recovered = do(recover, case, cast.ana.at(clock), reason="The host is back.")
    assert (recovered.state, recovered.recovered_at) == ("recovered", clock())


def test_a_case_that_recovered_first_can_still_be_contained_and_keeps_its_stage(
    cast: Cast, clock: StageClock, open_one: Callable[..., Case], do: Do, stored: Look
) -> None:
    case = open_one(at=clock())
    clock.wind(minutes=10)
    do(recover, case, cast.ana.at(clock), reason="Restored from backup.")
    contained = do(contain, case, cast.ana.at(clock), reason="The account was disabled at once.")
    assert (contained.state, contained.contained_at) == ("recovered", clock())
    assert next(c for c in stored(case).clocks if c["kind"] == "contain")["state"] == "met"


@pytest.mark.parametrize("verb", [contain, recover])
@pytest.mark.parametrize(
    ("at", "says"),
    [
        (timedelta(seconds=1), "in the future"),
        (timedelta(minutes=-31), "before the case opened"),
        ("2026-11-24 14:32", "with its offset"),
        ("yesterday", "with its offset"),
        (7, "with its offset"),
        ("0001-01-01T00:00:00+14:00", "with its offset"),
    ],
)
def test_a_time_that_cannot_be_is_refused_and_nothing_changes(
    cast: Cast, clock: StageClock, open_one: Callable[..., Case], do: Do, stored: Look, verb: Any, at: Any, says: str
) -> None:
    case = open_one(at=clock())
    clock.wind(minutes=30)
    before = stored(case)
    with pytest.raises(Invalid, match=says) as refused:
        do(verb, case, cast.ana.at(clock), at=(clock() + at).isoformat() if isinstance(at, timedelta) else at, reason="Done.")
    assert refused.value.field == "at"
    assert stored(case) == before


def test_a_case_does_not_recover_before_it_was_contained(
    cast: Cast, clock: StageClock, open_one: Callable[..., Case], do: Do, stored: Look
) -> None:
    case = open_one(at=clock())
    clock.wind(minutes=30)
    do(contain, case, cast.ana.at(clock), reason="Isolated.")
    before = stored(case)
    with pytest.raises(Invalid, match="before the case was contained"):
        do(recover, case, cast.ana.at(clock), at=(clock() - timedelta(minutes=1)).isoformat(), reason="Back.")
    assert stored(case) == before


@pytest.mark.parametrize("verb", [contain, recover])
@pytest.mark.parametrize("reason", [None, "", "   ", 7, "a\x00b", "x" * 2001])
def test_a_reason_is_asked_for(cast: Cast, case: Case, do: Do, stored: Look, verb: Any, reason: Any) -> None:
    before = stored(case)
    with pytest.raises(Invalid) as refused:
        do(verb, case, cast.ana, reason=reason)
    assert refused.value.field == "reason"
    assert stored(case) == before


@pytest.mark.parametrize("verb", [contain, recover])
def test_a_stage_is_reached_once(cast: Cast, case: Case, do: Do, stored: Look, verb: Any) -> None:
    do(verb, case, cast.ana, reason="Done.")
    before = stored(case)
    with pytest.raises(StageAlreadyReached):
        do(verb, case, cast.ana, reason="Done again.")
    assert stored(case) == before


@pytest.mark.parametrize("verb", [contain, recover])
def test_a_closed_case_is_left_alone(cast: Cast, case: Case, do: Do, stored: Look, verb: Any) -> None:
    do(close, case, cast.ana, disposition="true_positive", reason="Over.")
    before = stored(case)
    with pytest.raises(CaseIsClosed):
        do(verb, case, cast.ana, reason="Done.")
    assert stored(case) == before


@pytest.mark.parametrize("verb", [contain, recover])
@pytest.mark.parametrize(
    ("who", "version", "error"),
    [("sol", 1, Unknown), ("nia", 1, NotAllowed), ("aud", 1, NotAllowed), ("ana", None, VersionRequired), ("ana", 9, Stale)],
)
def test_who_may_not_or_read_something_else_moves_nothing(
    cast: Cast, case: Case, do: Do, stored: Look, verb: Any, who: str, version: int | None, error: type[Exception]
) -> None:
    before = stored(case)
    with pytest.raises(error):
        do(verb, case, getattr(cast, who), version=version, reason=None)
    assert stored(case) == before
