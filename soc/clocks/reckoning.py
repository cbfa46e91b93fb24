"""What the ledger of a clock adds up to: its state and its due time, from its entries alone."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from soc.clocks.terms import Term


class EntryKind(StrEnum):
    """What can happen to a clock."""

    STARTED = "started"
    PAUSED = "paused"
    RESUMED = "resumed"
    TIGHTENED = "tightened"
    STOPPED = "stopped"
    BREACHED = "breached"
    CLOSED = "closed"
    REOPENED = "reopened"


class ClockState(StrEnum):
    """The states that a clock shows to the world."""

    NOT_STARTED = "not_started"
    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a clock's ledger. `at` is aware; `term` belongs to STARTED and TIGHTENED, `reason` is for people."""

    kind: EntryKind
    at: datetime
    term: Term | None = None
    reason: str = ""


class LedgerBroken(ValueError):
    """An entry does not follow from those before it."""

    def __init__(self, index: int, entry: Entry, why: str) -> None:
        super().__init__(f"Entry {index} ({entry.kind.value}) does not fit: {why}.")
        self.index, self.entry, self.why = index, entry, why


@dataclass(frozen=True, slots=True)
class Reckoning:
    """Where a clock stands after its ledger. All times are aware; `due_at` is absolute.

    `stopped_at` is set by the clock's own event or by the closing of what it hangs on (`stopped_by_closing`).
    While a clock is paused, `due_at` is what it was when the pause began.
    """

    term: Term | None = None
    started_at: datetime | None = None
    due_at: datetime | None = None
    paused_at: datetime | None = None
    stopped_at: datetime | None = None
    breached_at: datetime | None = None
    stopped_by_closing: bool = False
    paused_for: timedelta = timedelta(0)

    @property
    def runs(self) -> bool:
        """Whether it has started, has not stopped and is not paused."""
        return self.started_at is not None and self.stopped_at is None and self.paused_at is None

    @property
    def is_open(self) -> bool:
        """Whether its own event or a closing can still stop it: it runs or is paused."""
        return self.started_at is not None and self.stopped_at is None

    def state(self, at: datetime) -> ClockState:
        """The state to show at a time. A clock is late when its due time passed while it ran, stopped or not."""
        if self.started_at is None or self.due_at is None:
            return ClockState.NOT_STARTED
        counted_to = min(moment for moment in (self.paused_at, self.stopped_at, at) if moment is not None)
        if counted_to > self.due_at:
            return ClockState.LATE
        if self.stopped_at is not None:
            return ClockState.MET
        return ClockState.PAUSED if self.paused_at is not None else ClockState.RUNNING

    def breach_is_due(self, at: datetime) -> bool:
        """Whether BREACHED has to be written now: the clock runs, its due time has passed, and none was written yet."""
        return self.runs and self.breached_at is None and self.due_at is not None and at > self.due_at


def reckon(ledger: Iterable[Entry]) -> Reckoning:
    """Add up the entries of one clock in the order in which they were written.

    Closing stops what still runs (or is paused); reopening makes exactly that go on with its old due time, so the time
    closed counts. What its own event had stopped stays stopped. A stop may carry an earlier time than the entry before it,
    because containment can be shown to have worked before it was written down.
    Raises LedgerBroken when an entry cannot follow: a second start or stop, a pause that the rule does not allow, a second
    breach.
    """
    found = Reckoning()
    for index, entry in enumerate(ledger):
        try:
            found = _after(found, entry)
        except _Unfit as unfit:
            raise LedgerBroken(index, entry, str(unfit)) from None
    return found


def follows(reckoning: Reckoning, entry: Entry) -> Reckoning:
    """What a reckoning becomes by one more entry. Raises LedgerBroken when the entry cannot follow."""
    try:
        return _after(reckoning, entry)
    except _Unfit as unfit:
        raise LedgerBroken(-1, entry, str(unfit)) from None


class _Unfit(Exception):
    pass


def _after(clock: Reckoning, entry: Entry) -> Reckoning:
    if entry.at.tzinfo is None:
        raise _Unfit("its time has no time zone")
    if clock.started_at is None and entry.kind not in (EntryKind.STARTED, EntryKind.CLOSED, EntryKind.REOPENED):
        raise _Unfit("the clock has not started")
    if clock.started_at is not None and entry.at < clock.started_at:
        raise _Unfit("it lies before the start")
    match entry.kind:
        case EntryKind.STARTED:
            return _started(clock, entry)
        case EntryKind.PAUSED:
            return _paused(clock, entry)
        case EntryKind.RESUMED:
            return _resumed(clock, entry)
        case EntryKind.TIGHTENED:
            return _tightened(clock, entry)
        case EntryKind.STOPPED:
            _require(clock.is_open, "the clock has stopped already")
            return replace(clock, stopped_at=entry.at)
        case EntryKind.BREACHED:
            _require(clock.breached_at is None, "the breach is written already")
            return replace(clock, breached_at=entry.at)
        case EntryKind.CLOSED:
            return replace(clock, stopped_at=entry.at, stopped_by_closing=True) if clock.is_open else clock
        case EntryKind.REOPENED:
            return replace(clock, stopped_at=None, stopped_by_closing=False) if clock.stopped_by_closing else clock


def _started(clock: Reckoning, entry: Entry) -> Reckoning:
    _require(clock.started_at is None, "the clock has started already")
    term = _term(entry)
    return replace(clock, term=term, started_at=entry.at, due_at=term.due_at(entry.at))


def _paused(clock: Reckoning, entry: Entry) -> Reckoning:
    _require(clock.runs, "the clock does not run")
    _require(clock.term is not None and clock.term.may_pause, "the rule of this clock knows no pause")
    return replace(clock, paused_at=entry.at)


def _resumed(clock: Reckoning, entry: Entry) -> Reckoning:
    paused_at, due_at = clock.paused_at, clock.due_at
    if paused_at is None or due_at is None or not clock.is_open:
        raise _Unfit("the clock is not paused")
    _require(entry.at >= paused_at, "it lies before the pause")
    # Who was late before the pause cannot become punctual by it.
    gap = entry.at - paused_at if paused_at <= due_at else timedelta(0)
    return replace(clock, paused_at=None, due_at=due_at + gap, paused_for=clock.paused_for + gap)


def _tightened(clock: Reckoning, entry: Entry) -> Reckoning:
    if not clock.is_open or clock.started_at is None or clock.due_at is None:
        return clock
    term = _term(entry)
    due_at = term.due_at(clock.started_at) + clock.paused_for
    # A milder severity never gives time back: the clock counts at the most severe one it ever had.
    return replace(clock, term=replace(term, may_pause=_may_pause(clock)), due_at=due_at) if due_at < clock.due_at else clock


def _may_pause(clock: Reckoning) -> bool:
    return clock.term is not None and clock.term.may_pause


def _term(entry: Entry) -> Term:
    if entry.term is None:
        raise _Unfit("it does not say how long the clock runs")
    return entry.term


def _require(condition: bool, why: str) -> None:
    if not condition:
        raise _Unfit(why)
