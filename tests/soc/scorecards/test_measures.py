"""What one case says for each measure."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from soc.scorecards.measures import (
    ACKNOWLEDGE,
    AFTER_THE_CASE,
    CONTAIN,
    DETECT,
    DWELL_UNKNOWN,
    MEASURES,
    NOT_MALICIOUS,
    NOT_OPENED_YET,
    RECOVER,
    CaseFacts,
    Observation,
    observe,
)
from soc.scorecards.scoring import figures

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
NOW = NOON + 10 * HOUR
OPEN = CaseFacts(opened_at=NOON, happened_at=NOON - 2 * HOUR)


def at(hours: float) -> datetime:
    return NOON + hours * HOUR


def of(measure: str, facts: CaseFacts, as_of: datetime = NOW) -> Observation:
    found = {each.measure: each for each in observe(facts, as_of=as_of)}
    assert tuple(found) == MEASURES
    return found[measure]


def hours(found: Observation) -> tuple[float | None, bool]:
    return (None if found.seconds is None else found.seconds / 3600, found.ended)


def test_an_open_case_is_detected_and_all_else_goes_on() -> None:
    assert [hours(found) for found in observe(OPEN, as_of=NOW)] == [(2, True), (10, False), (10, False), (10, False)]


def test_a_case_worked_to_its_end() -> None:
    facts = replace(OPEN, acknowledged_at=at(1), contained_at=at(3), recovered_at=at(5), closed_at=at(6), disposition="true_positive")
    assert [hours(found) for found in observe(facts, as_of=NOW)] == [(2, True), (1, True), (3, True), (5, True)]


@pytest.mark.parametrize(
    ("happened_at", "why"),
    [(None, DWELL_UNKNOWN), (NOON - timedelta(days=31), DWELL_UNKNOWN), (at(1), AFTER_THE_CASE)],
)
def test_a_beginning_that_is_not_known_is_no_detection_time(happened_at: datetime | None, why: str) -> None:
    found = of(DETECT, replace(OPEN, happened_at=happened_at))
    assert (found.seconds, found.excluded) == (None, why)


def test_a_sensor_a_little_ahead_counts_as_zero() -> None:
    assert hours(of(DETECT, replace(OPEN, happened_at=NOON + timedelta(minutes=5)))) == (0, True)


@pytest.mark.parametrize("disposition", ["benign_positive", "false_positive_rule", "false_positive_data"])
def test_a_case_that_was_nothing_leaves_all_but_acknowledging(disposition: str) -> None:
    facts = replace(OPEN, acknowledged_at=at(1), contained_at=at(2), closed_at=at(3), disposition=disposition)
    assert hours(of(ACKNOWLEDGE, facts)) == (1, True)
    assert {of(measure, facts).excluded for measure in (DETECT, CONTAIN, RECOVER)} == {NOT_MALICIOUS}


@pytest.mark.parametrize("disposition", ["true_positive", "undetermined"])
def test_closing_without_containing_is_censored_at_the_closing(disposition: str) -> None:
    facts = replace(OPEN, closed_at=at(4), disposition=disposition)
    assert [hours(of(measure, facts)) for measure in (ACKNOWLEDGE, CONTAIN, RECOVER)] == [(4, False)] * 3


def test_recovery_counts_from_the_declaration_where_there_is_one() -> None:
    assert hours(of(RECOVER, replace(OPEN, declared_at=at(2), recovered_at=at(5)))) == (3, True)
    assert hours(of(RECOVER, replace(OPEN, declared_at=at(6), recovered_at=at(5)))) == (5, True)
    assert hours(of(RECOVER, replace(OPEN, declared_at=at(2)))) == (8, False)


def test_what_came_later_has_not_happened() -> None:
    facts = replace(OPEN, contained_at=at(3), closed_at=at(6), disposition="false_positive_rule")
    assert hours(of(CONTAIN, facts, as_of=at(2))) == (2, False)
    assert hours(of(CONTAIN, facts, as_of=at(5))) == (3, True)
    assert of(CONTAIN, facts, as_of=at(6)).excluded == NOT_MALICIOUS
    assert {found.excluded for found in observe(facts, as_of=at(-1))} == {NOT_OPENED_YET}


def test_what_worked_before_the_case_took_no_time() -> None:
    assert hours(of(CONTAIN, replace(OPEN, contained_at=at(-1)))) == (0, True)


def test_the_figures_of_some_cases() -> None:
    cases = [replace(OPEN, contained_at=at(hour)) for hour in (1, 2, 3)] + [
        OPEN,
        replace(OPEN, happened_at=None, closed_at=at(1), disposition="benign_positive"),
    ]
    detect, acknowledge, contain, _ = figures(cases, as_of=NOW)
    assert (contain.measure, contain.estimate.n, contain.estimate.events, contain.excluded) == (CONTAIN, 4, 3, 1)
    assert contain.estimate.value == 2 * 3600
    assert (detect.estimate.n, detect.estimate.events, detect.excluded) == (4, 4, 1)
    assert (acknowledge.estimate.n, acknowledge.estimate.value) == (5, None)
