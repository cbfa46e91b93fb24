"""Closing a case with what it turned out to be, and opening it again."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from soc.cases.errors import CaseIsClosed, CaseIsOpen
from soc.cases.models import Case
from soc.cases.operations.claiming import claim
from soc.cases.operations.closing import close, reopen
from soc.cases.operations.containing import contain
from soc.cases.operations.grading import declare
from soc.clocks.queries.clocks import clocks_of
from tenants.actors import playbook_run
from tenants.errors import Invalid, NotAllowed, Stale, Unknown, VersionRequired
from tests.cast import Cast, StageClock

Do = Callable[..., Case]
Look = Callable[[Case], Any]


@pytest.fixture
def states(central: Callable[[], Any]) -> Callable[[Case], dict[str, tuple[str, Any]]]:
    """State and due time of each clock of a case."""

    def read(case: Case) -> dict[str, tuple[str, Any]]:
        with central():
            return {c.kind: (c.state, c.due_at) for c in clocks_of([case.subject])[case.subject]}

    return read


@pytest.mark.parametrize("disposition", ["true_positive", "benign_positive", "false_positive_rule", "false_positive_data", "undetermined"])
def test_closing_says_what_the_case_was_and_why(cast: Cast, case: Case, do: Do, stored: Look, disposition: str) -> None:
    closed = do(close, case, cast.ana, disposition=disposition, reason="Looked at twice.")
    assert (closed.state, closed.disposition, closed.closing_reason) == ("closed", disposition, "Looked at twice.")
    assert closed.closed_at is not None
    now = stored(case)
    assert now.case["gathering"] is False
    assert now.case["next_due_at"] is None
    assert now.rows[4][-1]["text"].endswith(": Looked at twice.")


@pytest.mark.parametrize("disposition", [None, "", "false_positive", "TRUE_POSITIVE", 7, ["true_positive"]])
def test_closing_demands_a_disposition_of_the_taxonomy(cast: Cast, case: Case, do: Do, stored: Look, disposition: Any) -> None:
    before = stored(case)
    with pytest.raises(Invalid) as refused:
        do(close, case, cast.ana, disposition=disposition, reason="Over.")
    assert refused.value.field == "disposition"
    assert "false_positive_rule" in refused.value.cure
    assert stored(case) == before


@pytest.mark.parametrize("reason", [None, "", " \n"])
def test_closing_and_reopening_demand_a_reason(cast: Cast, case: Case, do: Do, stored: Look, reason: Any) -> None:
    before = stored(case)
    with pytest.raises(Invalid) as refused:
        do(close, case, cast.ana, disposition="undetermined", reason=reason)
    assert refused.value.field == "reason"
    assert stored(case) == before
    do(close, case, cast.ana, disposition="undetermined", reason="Over.")
    before = stored(case)
    with pytest.raises(Invalid) as refused:
        do(reopen, case, cast.ana, reason=reason)
    assert refused.value.field == "reason"
    assert stored(case) == before


def test_closing_stops_what_runs_and_reopening_lets_exactly_that_run_on(
    cast: Cast, clock: StageClock, open_one: Callable[..., Case], do: Do, states: Callable[[Case], Any]
) -> None:
    case = open_one(at=clock(), severity="high")
    ana = cast.ana.at(clock)
    clock.wind(minutes=5)
    do(claim, case, ana)
    do(declare, case, ana, kind="incident", reason="Real.")
    running = states(case)
    assert {kind: state for kind, (state, _) in running.items()} == {
        "acknowledge": "met",
        "contain": "running",
        "report_to_cisa": "running",
    }
    clock.wind(minutes=5)
    do(close, case, ana, disposition="true_positive", reason="Over.")
    assert {state for state, _ in states(case).values()} == {"met"}
    clock.wind(hours=2)
    open_again = do(reopen, case, ana, reason="It came back.")
    after = states(case)
    # The report was due an hour after its declaration, and the time closed counts.
    assert {kind: state for kind, (state, _) in after.items()} == {"acknowledge": "met", "contain": "running", "report_to_cisa": "late"}
    assert {kind: due for kind, (_, due) in after.items()} == {kind: due for kind, (_, due) in running.items()}
    assert (open_again.next_due_kind, open_again.next_due_at) == ("report_to_cisa", running["report_to_cisa"][1])


def test_what_its_own_event_stopped_stays_stopped(
    cast: Cast, clock: StageClock, open_one: Callable[..., Case], do: Do, states: Callable[[Case], Any]
) -> None:
    case = open_one(at=clock())
    ana = cast.ana.at(clock)
    clock.wind(minutes=5)
    do(contain, case, ana, reason="Isolated.")
    do(close, case, ana, disposition="true_positive", reason="Over.")
    open_again = do(reopen, case, ana, reason="A second look.")
    assert open_again.state == "contained"
    assert states(case)["contain"][0] == "met"
    assert states(case)["acknowledge"][0] == "running"


@pytest.mark.parametrize("before_closing", ["new", "triage", "contained"])
def test_reopening_returns_to_the_state_before(cast: Cast, case: Case, do: Do, before_closing: str) -> None:
    if before_closing == "triage":
        do(claim, case, cast.ana)
    elif before_closing == "contained":
        do(contain, case, cast.ana, reason="Isolated.")
    do(close, case, cast.ana, disposition="benign_positive", reason="A test of the agency.")
    again = do(reopen, case, cast.lee, reason="Not a test.")
    assert (again.state, again.disposition, again.closed_at, again.closing_reason) == (before_closing, "", None, "")


def test_a_reopened_case_takes_alerts_again_unless_another_does_so_by_now(
    cast: Cast, case: Case, do: Do, open_one: Callable[..., Case]
) -> None:
    do(close, case, cast.ana, disposition="undetermined", reason="Over.")
    assert do(reopen, case, cast.ana, reason="Again.").gathering is True
    do(close, case, cast.ana, disposition="undetermined", reason="Over.")
    newer = open_one(fingerprint=case.fingerprint)
    assert newer.gathering
    assert do(reopen, case, cast.ana, reason="Again.").gathering is False


def test_a_case_is_closed_once_and_only_a_closed_one_is_reopened(cast: Cast, case: Case, do: Do, stored: Look) -> None:
    before = stored(case)
    with pytest.raises(CaseIsOpen):
        do(reopen, case, cast.ana, reason="Again.")
    assert stored(case) == before
    do(close, case, cast.ana, disposition="undetermined", reason="Over.")
    before = stored(case)
    with pytest.raises(CaseIsClosed):
        do(close, case, cast.ana, disposition="true_positive", reason="Over again.")
    assert stored(case) == before


@pytest.mark.parametrize(
    ("who", "version", "error"),
    [
        ("sol", 1, Unknown),
        ("zoe", 1, Unknown),
        ("nia", 1, NotAllowed),
        ("aud", 1, NotAllowed),
        ("ana", None, VersionRequired),
        ("ana", 5, Stale),
    ],
)
def test_who_may_not_or_read_something_else_closes_nothing(
    cast: Cast, case: Case, do: Do, stored: Look, who: str, version: int | None, error: type[Exception]
) -> None:
    before = stored(case)
    with pytest.raises(error):
        do(close, case, getattr(cast, who), version=version, disposition=None, reason=None)
    assert stored(case) == before


def test_a_playbook_closes_under_its_own_name_and_needs_no_version(cast: Cast, case: Case, do: Do, stored: Look) -> None:
    run = playbook_run("r", label="Malware on a host", agency_id=cast.north.pk)
    do(close, case, run, version=None, disposition="false_positive_rule", reason="The rule was withdrawn.")
    line = stored(case).rows[4][-1]
    assert (line["origin"], line["actor_label"]) == ("automation", "Malware on a host")


def test_a_late_case_is_late_when_it_closes(
    cast: Cast, clock: StageClock, open_one: Callable[..., Case], do: Do, states: Callable[[Case], Any]
) -> None:
    case = open_one(at=clock(), severity="critical")
    clock.time += timedelta(hours=2)
    do(close, case, cast.ana.at(clock), disposition="true_positive", reason="Over.")
    assert {states(case)[kind][0] for kind in ("acknowledge", "contain")} == {"late"}
