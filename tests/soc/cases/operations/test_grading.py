"""What a case is: title, severity, and whether an incident is declared."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from soc.cases.errors import AlreadyDeclared, CaseIsClosed
from soc.cases.models import Case
from soc.cases.operations.closing import close
from soc.cases.operations.grading import change_severity, declare, edit
from tenants.actors import playbook_run
from tenants.errors import Invalid, NotAllowed, Stale, Unknown, VersionRequired
from tests.cast import Cast, StageClock

Do = Callable[..., Case]
Look = Callable[[Case], Any]

VERBS: list[tuple[Any, dict[str, Any]]] = [
    (edit, {"title": "Another"}),
    (change_severity, {"severity": "low", "reason": "A test."}),
    (declare, {"kind": "incident", "reason": "Real."}),
]


def due_of(stored: Any, kind: str) -> Any:
    return next(c["due_at"] for c in stored.clocks if c["kind"] == kind)


def test_title_and_summary_are_edited(cast: Cast, case: Case, do: Do, stored: Look) -> None:
    edited = do(edit, case, cast.ana, title=" Rubeus and LSASS ", summary="A document started PowerShell.")
    assert (edited.title, edited.summary) == ("Rubeus and LSASS", "A document started PowerShell.")
    assert stored(case).rows[4][-1]["text"] == "Edited the title and the summary"
    cleared = do(edit, case, cast.ana, summary="")
    assert (cleared.title, cleared.summary) == ("Rubeus and LSASS", "")


def test_the_second_of_two_editors_is_told_and_loses_nothing(cast: Cast, case: Case, do: Do, stored: Look) -> None:
    do(edit, case, cast.ana, version=1, summary="One host.")
    before = stored(case)
    with pytest.raises(Stale):
        do(edit, case, cast.lee, version=1, summary="Two hosts.")
    assert stored(case) == before


@pytest.mark.parametrize("asked", [{}, {"title": ""}, {"title": 7}, {"title": "x" * 301}, {"summary": 7}, {"summary": "x" * 20_001}])
def test_an_edit_that_says_nothing_is_refused(cast: Cast, case: Case, do: Do, stored: Look, asked: dict[str, Any]) -> None:
    before = stored(case)
    with pytest.raises(Invalid):
        do(edit, case, cast.ana, **asked)
    assert stored(case) == before


def test_raising_the_severity_brings_the_due_times_forward(
    cast: Cast, clock: StageClock, open_one: Callable[..., Case], do: Do, stored: Look
) -> None:
    case = open_one(at=clock(), severity="medium")
    clock.wind(minutes=1)
    raised = do(change_severity, case, cast.ana.at(clock), severity="critical", reason="A domain controller.")
    assert (raised.severity, raised.severity_rank) == ("critical", 4)
    now = stored(case)
    assert due_of(now, "acknowledge") == case.opened_at + timedelta(minutes=15)
    assert due_of(now, "contain") == case.opened_at + timedelta(hours=1)
    assert raised.next_due_at == case.opened_at + timedelta(minutes=15)
    assert now.rows[4][-1]["text"] == "Raised the severity from medium to critical: A domain controller."


def test_lowering_it_gives_no_more_time(cast: Cast, case: Case, do: Do, stored: Look) -> None:
    before = stored(case)
    assert do(change_severity, case, cast.ana, severity="low", reason="A lab machine.").severity == "low"
    assert stored(case).clocks == before.clocks


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"severity": None, "reason": "x"}, "severity"),
        ({"severity": "urgent", "reason": "x"}, "severity"),
        ({"severity": "high", "reason": "x"}, "severity"),
        ({"severity": "low", "reason": None}, "reason"),
    ],
)
def test_a_severity_that_is_unknown_unchanged_or_unreasoned_is_refused(
    cast: Cast, case: Case, do: Do, stored: Look, asked: dict[str, Any], field: str
) -> None:
    before = stored(case)
    with pytest.raises(Invalid) as refused:
        do(change_severity, case, cast.ana, **asked)
    assert refused.value.field == field
    assert stored(case) == before


@pytest.mark.parametrize("kind", ["incident", "major_incident"])
def test_declaring_starts_the_one_hour_report(
    cast: Cast, clock: StageClock, open_one: Callable[..., Case], do: Do, stored: Look, kind: str
) -> None:
    case = open_one(at=clock(), severity="informational")
    clock.wind(minutes=40)
    declared = do(declare, case, cast.ana.at(clock), kind=kind, reason="Data left the network.")
    assert (declared.incident, declared.declared_at) == (kind, clock())
    assert due_of(stored(case), "report_to_cisa") == clock() + timedelta(hours=1)
    assert declared.next_due_kind == "report_to_cisa"


def test_a_major_incident_may_follow_and_does_not_start_the_report_anew(
    cast: Cast, clock: StageClock, open_one: Callable[..., Case], do: Do, stored: Look
) -> None:
    case = open_one(at=clock())
    ana = cast.ana.at(clock)
    do(declare, case, ana, kind="incident", reason="Real.")
    due = due_of(stored(case), "report_to_cisa")
    clock.wind(minutes=30)
    assert do(declare, case, ana, kind="major_incident", reason="A hundred thousand people.").incident == "major_incident"
    assert due_of(stored(case), "report_to_cisa") == due


@pytest.mark.parametrize(
    ("first", "second"), [("incident", "incident"), ("major_incident", "incident"), ("major_incident", "major_incident")]
)
def test_nothing_is_declared_twice_or_taken_back(cast: Cast, case: Case, do: Do, stored: Look, first: str, second: str) -> None:
    do(declare, case, cast.ana, kind=first, reason="Real.")
    before = stored(case)
    with pytest.raises(AlreadyDeclared):
        do(declare, case, cast.ana, kind=second, reason="Again.")
    assert stored(case) == before


@pytest.mark.parametrize("kind", [None, "", "minor", 7])
def test_what_is_declared_has_a_name(cast: Cast, case: Case, do: Do, stored: Look, kind: Any) -> None:
    before = stored(case)
    with pytest.raises(Invalid) as refused:
        do(declare, case, cast.ana, kind=kind, reason="Real.")
    assert refused.value.field == "kind"
    assert stored(case) == before


def test_a_machine_declares_nothing(cast: Cast, case: Case, do: Do, stored: Look) -> None:
    before = stored(case)
    with pytest.raises(NotAllowed):
        do(declare, case, playbook_run("r", label="Book", agency_id=cast.north.pk), kind="incident", reason="A guess.")
    assert stored(case) == before


@pytest.mark.parametrize(("verb", "asked"), VERBS)
@pytest.mark.parametrize(
    ("who", "version", "error"),
    [
        ("sol", 1, Unknown),
        ("zoe", 1, Unknown),
        ("nia", 1, NotAllowed),
        ("aud", 1, NotAllowed),
        ("ana", None, VersionRequired),
        ("ana", 2, Stale),
    ],
)
def test_who_may_not_or_read_something_else_changes_nothing(
    cast: Cast, case: Case, do: Do, stored: Look, verb: Any, asked: dict[str, Any], who: str, version: int | None, error: type[Exception]
) -> None:
    before = stored(case)
    with pytest.raises(error):
        do(verb, case, getattr(cast, who), version=version, **asked)
    assert stored(case) == before


@pytest.mark.parametrize(("verb", "asked"), VERBS)
def test_a_closed_case_keeps_what_it_is(cast: Cast, case: Case, do: Do, stored: Look, verb: Any, asked: dict[str, Any]) -> None:
    do(close, case, cast.ana, disposition="undetermined", reason="Over.")
    before = stored(case)
    with pytest.raises(CaseIsClosed):
        do(verb, case, cast.ana, **asked)
    assert stored(case) == before
