"""What one case says about our speed: a duration for each measure, or why it says nothing."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from soc.cases.intake.dwell import dwell_is_unknown
from soc.scorecards.survival import Duration

DETECT = "time_to_detect"
ACKNOWLEDGE = "time_to_acknowledge"
CONTAIN = "time_to_contain"
RECOVER = "time_to_recover"
MEASURES = (DETECT, ACKNOWLEDGE, CONTAIN, RECOVER)

NOTHING_MALICIOUS = ("benign_positive", "false_positive_rule", "false_positive_data")
SKEW = timedelta(minutes=5)  # how far a sensor's clock may run ahead of ours before its time means nothing

NOT_MALICIOUS = "Closed as not malicious: there was nothing to detect, contain or recover from."
DWELL_UNKNOWN = "Dwell unknown: nobody said when it happened, or it was more than 30 days before the case."
AFTER_THE_CASE = "The sensor's time lies after the opening of the case."
NOT_OPENED_YET = "The case was not open yet."


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """When what happened in one case, all times aware, None for what did not happen (or was undone by reopening).

    `happened_at` is None when it is unknown or marked "dwell unknown"; `acknowledged_at` is the first claim or assignment;
    `disposition` counts from `closed_at` on.
    """

    opened_at: datetime
    happened_at: datetime | None = None
    acknowledged_at: datetime | None = None
    declared_at: datetime | None = None
    contained_at: datetime | None = None
    recovered_at: datetime | None = None
    closed_at: datetime | None = None
    disposition: str = ""


@dataclass(frozen=True, slots=True)
class Observation:
    """What one case says for one measure: seconds that ended or go on, or `excluded` with the reason and no seconds."""

    measure: str
    seconds: float | None
    ended: bool
    excluded: str = ""


def observe(facts: CaseFacts, *, as_of: datetime) -> tuple[Observation, ...]:
    """One observation for each of `MEASURES`, as far as it was known at `as_of`; what came later has not happened.

    Definitions, after the event timeline of federal incident handling (t0 activity, t3 detection, t5 declaration, t7
    containment, t9 recovery):

    * detect = opening - happening (t3 - t0). It ends with the opening. Left out when the dwell is unknown, so that an
      unknown beginning never counts as zero; a sensor's clock up to five minutes ahead of ours counts as zero.
    * acknowledge = first claim or assignment - opening. A case that was closed without either is censored at its closing.
    * contain = containment - opening (t7 - t3).
    * recover = recovery - declaration where an incident was declared before it recovered (t9 - t5), else - opening.

    A case closed as a benign or false positive leaves detect, contain and recover, and keeps acknowledge: somebody had to
    look at it. Any other case closed without containment or recovery is censored at its closing, so that closing early
    wins nothing. What is claimed to have worked before the case was opened took zero seconds.
    """
    known = _known(facts, as_of)
    if facts.opened_at > as_of:
        return tuple(_excluded(measure, NOT_OPENED_YET) for measure in MEASURES)
    acknowledge = _until(ACKNOWLEDGE, known.opened_at, known.acknowledged_at, known.closed_at, as_of)
    if known.closed_at is not None and known.disposition in NOTHING_MALICIOUS:
        return (
            _excluded(DETECT, NOT_MALICIOUS),
            acknowledge,
            _excluded(CONTAIN, NOT_MALICIOUS),
            _excluded(RECOVER, NOT_MALICIOUS),
        )
    return (
        _detect(known),
        acknowledge,
        _until(CONTAIN, known.opened_at, known.contained_at, known.closed_at, as_of),
        _until(RECOVER, _recovery_starts(known), known.recovered_at, known.closed_at, as_of),
    )


def durations(observations: Iterable[Observation], measure: str) -> list[Duration]:
    """The durations of one measure, without what is excluded, for `survival.median`."""
    return [Duration(found.seconds, found.ended) for found in observations if found.measure == measure and found.seconds is not None]


def _known(facts: CaseFacts, as_of: datetime) -> CaseFacts:
    def by_then(moment: datetime | None) -> datetime | None:
        return moment if moment is not None and moment <= as_of else None

    return replace(
        facts,
        acknowledged_at=by_then(facts.acknowledged_at),
        declared_at=by_then(facts.declared_at),
        contained_at=by_then(facts.contained_at),
        recovered_at=by_then(facts.recovered_at),
        closed_at=by_then(facts.closed_at),
    )


def _detect(facts: CaseFacts) -> Observation:
    if facts.happened_at is None or dwell_is_unknown(facts.happened_at, facts.opened_at):
        return _excluded(DETECT, DWELL_UNKNOWN)
    if facts.happened_at > facts.opened_at + SKEW:
        return _excluded(DETECT, AFTER_THE_CASE)
    return Observation(DETECT, _seconds(facts.happened_at, facts.opened_at), ended=True)


def _recovery_starts(facts: CaseFacts) -> datetime:
    declared, recovered = facts.declared_at, facts.recovered_at
    if declared is None or (recovered is not None and recovered < declared):
        return facts.opened_at
    return declared


def _until(measure: str, start: datetime, event: datetime | None, closed: datetime | None, as_of: datetime) -> Observation:
    if event is not None:
        return Observation(measure, _seconds(start, event), ended=True)
    return Observation(measure, _seconds(start, closed if closed is not None else as_of), ended=False)


def _seconds(start: datetime, end: datetime) -> float:
    return max((end - start).total_seconds(), 0.0)


def _excluded(measure: str, why: str) -> Observation:
    return Observation(measure, seconds=None, ended=False, excluded=why)
