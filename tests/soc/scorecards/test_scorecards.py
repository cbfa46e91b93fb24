"""From a case closed to a scorecard counted: what moves, what is censored, what a replay says."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from soc.scorecards.models import Figure, Observation, Scorecard
from soc.scorecards.operations.counting import count_scorecards
from soc.scorecards.queries.scorecards import evidence_of, scorecard_of
from tenants.actors import system
from tenants.gates.opening import opened
from tenants.isolation import scope
from tenants.journal import sweeping
from tenants.models import Entry

pytestmark = pytest.mark.django_db


def card(reader, agency="north", period="2026-05"):
    with opened(reader):
        return scorecard_of(agency=agency, period=period, reader=reader)


def figure(view, measure):
    return next(f for f in view.figures if f.measure == measure)


def test_containing_and_closing_moves_closed_and_the_events_of_the_measures_that_it_ends(cast, work, clock, deliver_all):
    number = work.open(cast.north)
    deliver_all()
    before = card(work.by)
    assert (before.cases, before.closed) == (1, 0)
    assert {f.measure: f.estimate.events for f in before.figures}["time_to_contain"] == 0
    clock.wind(minutes=4)
    work.claim(number)
    clock.wind(minutes=26)
    work.contain(number)
    clock.wind(minutes=10)
    work.close(number)
    deliver_all()
    after = card(work.by)
    assert (after.cases, after.closed) == (1, 1) and after.as_of > before.as_of
    assert figure(after, "time_to_acknowledge").estimate.value == 240
    assert figure(after, "time_to_contain").estimate.value == 1800
    assert figure(after, "time_to_recover").estimate.events == 0, "closing does not recover anything"
    assert figure(after, "time_to_detect").excluded == 1, "nobody said when it happened"


def test_a_scorecard_holds_the_cases_of_its_month_quarter_year_and_fiscal_year(cast, work, clock, deliver_all):
    work.open(cast.north)
    clock.time = datetime(2026, 10, 2, tzinfo=UTC)
    work.open(cast.north)
    deliver_all()
    assert [card(work.by, period=p).cases for p in ("2026-05", "2026-Q2", "2026", "FY2026", "FY2027", "2026-06")] == [1, 1, 2, 1, 1, 0]


def test_open_cases_are_censored_and_the_median_does_not_exist_while_under_half_are_done(cast, work, clock, deliver_all):
    numbers = [work.open(cast.north) for _ in range(3)]
    clock.wind(minutes=30)
    work.contain(numbers[0])
    clock.wind(minutes=30)
    work.claim(numbers[1])
    deliver_all()
    contained = figure(card(work.by), "time_to_contain").estimate
    assert (contained.value, contained.n, contained.events) == (None, 3, 1)
    work.contain(numbers[1])
    deliver_all()
    contained = figure(card(work.by), "time_to_contain").estimate
    assert (contained.value, contained.n, contained.events) == (3600, 3, 2)
    assert contained.interval[0] == 1800, "the interval stands behind the figure"


def test_a_false_positive_leaves_all_measures_but_acknowledge(cast, work, clock, deliver_all):
    number = work.open(cast.north)
    clock.wind(minutes=5)
    work.claim(number)
    work.close(number, "false_positive_rule")
    deliver_all()
    ns = {f.measure: (f.estimate.n, f.excluded) for f in card(work.by).figures}
    assert ns == {
        "time_to_detect": (0, 1),
        "time_to_acknowledge": (1, 0),
        "time_to_contain": (0, 1),
        "time_to_recover": (0, 1),
    }


def test_reopening_takes_the_closing_back(cast, work, clock, deliver_all):
    number = work.open(cast.north)
    clock.wind(minutes=5)
    work.close(number)
    deliver_all()
    assert card(work.by).closed == 1
    clock.wind(minutes=5)
    work.reopen(number)
    deliver_all()
    assert card(work.by).closed == 0


def test_detection_is_counted_from_when_it_happened(cast, work, clock, deliver_all):
    work.open(cast.north, happened_at=clock() - timedelta(minutes=38))
    work.open(cast.north, happened_at=clock() - timedelta(days=31))
    deliver_all()
    detected = figure(card(work.by), "time_to_detect")
    assert (detected.estimate.value, detected.estimate.n, detected.excluded) == (38 * 60, 1, 1)


def test_a_restricted_case_is_counted_nowhere(cast, work, deliver_all):
    work.open(cast.north, restricted=True)
    deliver_all()
    assert card(work.by).cases == 0
    with opened(work.by):
        assert not Observation.objects.exists()


def test_a_burst_is_counted_once(cast, work, deliver_all):
    for _ in range(12):
        work.open(cast.north)
    deliver_all()
    with opened(work.by):
        assert Entry.objects.filter(kind="scorecards.ScorecardMoved").count() <= 8, "four periods, twice at most"
    assert card(work.by).cases == 12


def test_the_evidence_behind_a_figure_names_cases_seconds_and_positions(cast, work, clock, deliver_all):
    one, other = work.open(cast.north), work.open(cast.north)
    clock.wind(minutes=20)
    work.contain(one)
    deliver_all()
    with opened(cast.nia):
        found, following = evidence_of(agency="north", period="2026-05", measure="time_to_contain", reader=cast.nia)
        positions = set(Entry.objects.values_list("id", flat=True))
    assert [(e.case, e.seconds, e.ended) for e in found] == [(one, 1200, True), (other, 1200, False)]
    assert found[0].ended_at - found[0].started_at == timedelta(minutes=20) and found[1].ended_at is None
    assert following is None and all(set(e.entries) <= positions and e.entries for e in found)


def replay(agency="north", period="2026-05"):
    out = io.StringIO()
    try:
        call_command("replay_scorecard", agency=agency, period=period, stdout=out)
    except SystemExit as ended:
        return ended.code, out.getvalue()
    return 0, out.getvalue()


@pytest.mark.django_db(transaction=True)
def test_a_replay_from_the_journal_alone_says_same_and_says_what_differs_when_a_figure_was_altered(cast, work, clock, deliver_all):
    for minutes in (3, 9, 27):
        number = work.open(cast.north)
        clock.wind(minutes=minutes)
        work.claim(number)
        work.contain(number)
    work.close(number)
    work.open(cast.south)
    deliver_all()
    code, text = replay()
    assert code == 0 and text.rstrip().endswith("same") and "time_to_contain value: 540.0" in text
    assert replay(period="FY2026")[0] == 0 and replay(period="2025")[0] == 0
    with connection.as_owner():
        Figure.objects.filter(scorecard__period="2026-05", scorecard__agency=cast.north, measure="time_to_contain").update(value=60.0)
        Scorecard.objects.filter(period="2026-05", agency=cast.north).update(closed=3)
    code, text = replay()
    assert code == 1 and "same" not in text
    assert "time_to_contain value: the journal says 540.0, the scorecard says 60.0" in text
    assert "closed: the journal says 1, the scorecard says 3" in text
    assert replay(agency="south")[0] == 0


def test_what_it_costs_does_not_grow_with_the_number_of_cases(cast, work, clock, deliver_all):
    def queries_of_a_count():
        work.close(work.open(cast.north))
        sweeping.sweep(names=("deliveries",), rounds=100)
        with scope.agency(cast.north.pk, actor="test"), CaptureQueriesContext(connection) as seen:
            assert count_scorecards(agency_id=cast.north.pk, by=system("test")) == 1
        return len(seen)

    queries_of_a_count()
    few = queries_of_a_count()
    for _ in range(6):
        work.open(cast.north)
    deliver_all()
    assert queries_of_a_count() == few


@pytest.mark.parametrize(("agency", "period"), [("nowhere", "2026-05"), ("north", "2026-13")])
def test_a_replay_of_what_does_not_exist_says_so(cast, agency, period):
    with pytest.raises(CommandError, match=r"There is no agency nowhere|A period is written"):
        call_command("replay_scorecard", agency=agency, period=period)
