"""A clock is what its ledger adds up to."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soc.clocks.reckoning import ClockState, Entry, EntryKind, LedgerBroken, Reckoning, follows, reckon
from soc.clocks.terms import Term

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
TERM = Term(duration=4 * HOUR)
PAUSABLE = Term(duration=4 * HOUR, may_pause=True)


def at(hours: float) -> datetime:
    return NOON + hours * HOUR


def entry(kind: str, hours: float, term: Term | None = None) -> Entry:
    return Entry(EntryKind(kind), at(hours), term)


def started(term: Term = TERM) -> Entry:
    return entry("started", 0, term)


def test_a_clock_without_entries_has_not_started() -> None:
    assert reckon([]).state(NOON) is ClockState.NOT_STARTED
    assert reckon([entry("closed", 1), entry("reopened", 2)]).state(at(9)) is ClockState.NOT_STARTED


@pytest.mark.parametrize(("hours", "state"), [(0, "running"), (4, "running"), (4.01, "late")])
def test_it_runs_until_its_due_time_and_is_late_after_it(hours: float, state: str) -> None:
    clock = reckon([started()])
    assert clock.due_at == at(4)
    assert clock.state(at(hours)) == state


@pytest.mark.parametrize(("hours", "state"), [(4, "met"), (4.01, "late")])
def test_its_event_meets_it_or_not(hours: float, state: str) -> None:
    clock = reckon([started(), entry("stopped", hours)])
    assert clock.state(at(99)) == state
    assert (clock.stopped_at, clock.stopped_by_closing) == (at(hours), False)


def test_a_pause_moves_the_due_time_by_its_length() -> None:
    paused = reckon([started(PAUSABLE), entry("paused", 1)])
    assert (paused.state(at(50)), paused.due_at) == (ClockState.PAUSED, at(4))
    resumed = reckon([started(PAUSABLE), entry("paused", 1), entry("resumed", 3)])
    assert (resumed.state(at(5.9)), resumed.due_at) == (ClockState.RUNNING, at(6))


def test_a_pause_cannot_make_a_late_clock_punctual() -> None:
    clock = reckon([started(PAUSABLE), entry("paused", 5), entry("resumed", 9)])
    assert (clock.due_at, clock.state(at(9))) == (at(4), ClockState.LATE)
    assert reckon([started(PAUSABLE), entry("paused", 5)]).state(at(6)) is ClockState.LATE


def test_a_rule_that_knows_no_pause_is_not_paused() -> None:
    with pytest.raises(LedgerBroken) as broken:
        reckon([started(), entry("paused", 1)])
    assert broken.value.index == 1


def test_closing_stops_what_runs_and_reopening_gives_back_the_old_due_time() -> None:
    closed = reckon([started(), entry("closed", 1)])
    assert (closed.state(at(99)), closed.stopped_at, closed.stopped_by_closing) == (ClockState.MET, at(1), True)
    reopened = reckon([started(), entry("closed", 1), entry("reopened", 3)])
    assert (reopened.state(at(3)), reopened.due_at, reopened.stopped_at) == (ClockState.RUNNING, at(4), None)
    long_closed = reckon([started(), entry("closed", 1), entry("reopened", 30)])
    assert long_closed.state(at(30)) is ClockState.LATE
    assert long_closed.breach_is_due(at(30))


def test_what_its_own_event_stopped_stays_stopped() -> None:
    clock = reckon([started(), entry("stopped", 1), entry("closed", 2), entry("reopened", 3)])
    assert (clock.state(at(99)), clock.stopped_at) == (ClockState.MET, at(1))


def test_a_clock_closed_in_its_pause_is_still_paused_when_reopened() -> None:
    clock = reckon([started(PAUSABLE), entry("paused", 1), entry("closed", 2), entry("reopened", 5)])
    assert clock.state(at(6)) is ClockState.PAUSED
    assert follows(clock, entry("resumed", 6)).due_at == at(9)


def test_a_breach_is_written_exactly_once() -> None:
    clock = reckon([started()])
    assert not clock.breach_is_due(at(4))
    assert clock.breach_is_due(at(4.01))
    written = follows(clock, entry("breached", 4.01))
    assert not written.breach_is_due(at(99))
    reopened = reckon([started(), entry("breached", 5), entry("closed", 6), entry("reopened", 7)])
    assert not reopened.breach_is_due(at(99))
    with pytest.raises(LedgerBroken):
        follows(written, entry("breached", 6))


@pytest.mark.parametrize("last", [entry("stopped", 1), entry("closed", 1)])
def test_what_has_stopped_is_not_breached(last: Entry) -> None:
    assert not reckon([started(), last]).breach_is_due(at(99))


def test_a_paused_clock_is_not_breached() -> None:
    assert not reckon([started(PAUSABLE), entry("paused", 1)]).breach_is_due(at(99))


def test_a_higher_severity_is_due_earlier_and_a_lower_one_gives_nothing_back() -> None:
    tighter = reckon([started(), entry("tightened", 1, Term(duration=2 * HOUR))])
    assert tighter.due_at == at(2)
    assert follows(tighter, entry("tightened", 1.5, Term(duration=72 * HOUR))).due_at == at(2)
    assert reckon([started(), entry("stopped", 1), entry("tightened", 2, Term(duration=HOUR))]).state(at(3)) is ClockState.MET


@pytest.mark.parametrize(
    "ledger",
    [
        [entry("stopped", 1)],
        [entry("started", 0)],
        [started(), started()],
        [started(), entry("stopped", -1)],
        [started(), entry("stopped", 1), entry("stopped", 2)],
        [started(), entry("closed", 1), entry("stopped", 2)],
        [started(), entry("resumed", 1)],
        [started(), entry("tightened", 1)],
        [started(PAUSABLE), entry("paused", 2), entry("resumed", 1)],
        [started(), Entry(EntryKind.STOPPED, datetime(2027, 1, 1))],
    ],
)
def test_what_cannot_follow_breaks_the_ledger(ledger: list[Entry]) -> None:
    with pytest.raises(LedgerBroken):
        reckon(ledger)


@given(st.lists(st.tuples(st.sampled_from(list(EntryKind)), st.floats(0, 3)), max_size=20))
def test_adding_up_again_equals_adding_up_as_it_goes(steps: list[tuple[EntryKind, float]]) -> None:
    ledger, clock, hours, breaches = [], Reckoning(), 0.0, 0
    for kind, step in steps:
        hours += step
        written = Entry(kind, at(hours), PAUSABLE if kind in ("started", "tightened") else None)
        try:
            clock = follows(clock, written)
        except LedgerBroken:
            continue
        ledger.append(written)
        breaches += kind is EntryKind.BREACHED
    assert reckon(ledger) == clock
    assert breaches <= 1
    if clock.due_at is not None:
        assert clock.due_at >= at(4)
