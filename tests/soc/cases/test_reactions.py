"""What cases hear from playbooks and clocks, and say on their timeline."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from playbooks.catalogue import RunContext, action, describe, find_subject, is_readable
from playbooks.events import (
    ApprovalAsked,
    ApprovalDecided,
    ApprovalLapsesSoon,
    RunCovers,
    RunEnded,
    RunStarted,
    StartRefused,
    StepEnded,
    UndoRegistered,
    VoteGiven,
)
from soc.cases import playbook_actions, reactions
from soc.cases.models import Case, Note, Observable, Task
from soc.cases.operations.closing import close
from soc.cases.operations.grading import change_severity
from tenants.actors import Actor, playbook_run, system
from tenants.errors import Unknown
from tenants.isolation import scope
from tenants.journal.recording import record
from tests.cast import Cast, StageClock, narrowed

EXPIRES = datetime(2026, 11, 24, 14, 32, tzinfo=UTC)
ACTION = "Isolate host brt-ws-2291"


@pytest.fixture
def hear(cast: Cast, case: Case, deliver_all: Callable[[], int], stored: Callable[[Case], Any]) -> Callable[..., Any]:
    """Record an event about the case, deliver it, and return the timeline's newest line."""
    deliver_all()

    def tell(event: Any, by: Actor | None = None) -> Any:
        with scope.agency(cast.north.pk, actor="test"):
            record(
                event,
                agency_id=cast.north.pk,
                subject="run:r",
                by=by or playbook_run("r", label="Malware on a host", agency_id=cast.north.pk),
            )
        deliver_all()
        return stored(case).rows[4][-1]

    return tell


def about(case: Case) -> dict[str, str]:
    return {"run": "r", "about": case.subject}


@pytest.mark.parametrize(
    ("outcome", "says"),
    [
        ("approved", f"Approved: {ACTION}"),
        ("denied", f"Denied, so it is not done: {ACTION}. The user is a surgeon."),
        ("lapsed", f"Nobody decided in time, the approval lapsed, so it is not done: {ACTION}"),
        ("void", f"The action changed, its approval is void, so it is not done: {ACTION}"),
    ],
)
def test_approved_denied_and_lapsed_stand_on_the_case_alike(case: Case, hear: Callable[..., Any], outcome: str, says: str) -> None:
    reason = "The user is a surgeon." if outcome == "denied" else ""
    line = hear(ApprovalDecided(**about(case), approval="a", action=ACTION, outcome=outcome, reason=reason))
    assert line["text"] == says
    assert (line["origin"], line["actor_label"], line["visibility"]) == ("automation", "Malware on a host", "internal")


def test_the_way_of_a_run_is_told(cast: Cast, case: Case, hear: Callable[..., Any]) -> None:
    said = [
        (
            RunStarted(**about(case), book="Malware on a host", version="v", why="A host, severity high."),
            "Playbook started: Malware on a host. A host, severity high.",
        ),
        (
            RunCovers(**about(case), by_subject="case:7", book="Malware on a host", why="The run on X stands for this one too."),
            "Playbook not started again: Malware on a host. The run on X stands for this one too.",
        ),
        (
            ApprovalAsked(**about(case), approval="a", action=ACTION, hash="h", expires_at=EXPIRES),
            f"Asked for approval: {ACTION}. Lapses at 14:32 UTC",
        ),
        (
            ApprovalLapsesSoon(**about(case), approval="a", action=ACTION, expires_at=EXPIRES),
            f"The approval lapses at 14:32 UTC, the watch lead is told: {ACTION}",
        ),
        (UndoRegistered(**about(case), step="s", text="Reconnect brt-ws-2291"), "Can be undone: Reconnect brt-ws-2291"),
        (
            StepEnded(**about(case), step="s", name="Isolate", outcome="failed", detail="The product is away."),
            "Step failed: Isolate. The product is away.",
        ),
        (RunEnded(**about(case), outcome="done"), "The playbook ended"),
        (RunEnded(**about(case), outcome="failed", detail="A step failed."), "The playbook failed. A step failed."),
        (RunEnded(**about(case), outcome="stopped", detail="Its time is over."), "The playbook was stopped. Its time is over."),
        (
            StartRefused(about=about(case)["about"], book="Malware on a host", version="v", rule="r", reason="It has no signature."),
            "Playbook not started: Malware on a host. It has no signature.",
        ),
    ]
    for event, text in said:
        assert hear(event)["text"] == text


def test_a_vote_is_told_with_the_person_who_gave_it(cast: Cast, case: Case, hear: Callable[..., Any]) -> None:
    line = hear(VoteGiven(**about(case), approval="a", vote="deny", voter="Ana Diaz", reason="Wait for the owner."), by=cast.ana)
    assert (line["text"], line["origin"], line["actor_label"]) == ("Ana Diaz voted to deny. Wait for the owner.", "person", "Ana Diaz")


def test_a_step_that_went_well_and_a_run_about_something_else_add_no_line(
    cast: Cast, case: Case, hear: Callable[..., Any], stored: Callable[[Case], Any]
) -> None:
    before = stored(case)
    hear(StepEnded(**about(case), step="s", name="Isolate", outcome="done"))
    hear(RunEnded(run="r", about="host:7", outcome="done"))
    hear(RunEnded(run="r", about="case:999999", outcome="done"))
    assert stored(case) == before


def test_a_playbooks_line_spoils_nobodys_edit(case: Case, hear: Callable[..., Any], stored: Callable[[Case], Any]) -> None:
    hear(RunEnded(**about(case), outcome="done"))
    assert stored(case).case["version"] == 1


def test_the_line_of_another_agencys_run_never_reaches_the_case(
    cast: Cast, case: Case, deliver_all: Any, stored: Callable[[Case], Any]
) -> None:
    deliver_all()
    before = stored(case)
    with scope.agency(cast.south.pk, actor="test"):
        by = playbook_run("r", label="Book", agency_id=cast.south.pk)
        record(RunEnded(**about(case), outcome="done"), agency_id=cast.south.pk, subject="run:r", by=by)
    deliver_all()
    assert stored(case) == before


def test_a_clock_that_runs_out_stands_on_the_case_once(
    cast: Cast, open_one: Callable[..., Case], deliver_all: Callable[[], int], stored: Callable[[Case], Any]
) -> None:
    opened = datetime.now(UTC) - timedelta(minutes=20)
    case = open_one(severity="critical", at=opened)
    deliver_all()
    deliver_all()
    lines = [row for row in stored(case).rows[4] if row["actor_label"] == "Clock"]
    assert [(line["text"], line["happened_at"]) for line in lines] == [
        ("Acknowledge: the time ran out, this is late", opened + timedelta(minutes=15))
    ]


# What starts a playbook


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the playbooks were asked to start."""
    calls: list[dict[str, Any]] = []
    monkeypatch.setattr(reactions, "start_matching_runs", lambda **asked: calls.append(asked))
    return calls


def test_a_new_case_asks_the_playbooks_with_its_facts(
    cast: Cast, asked: list[dict[str, Any]], case: Case, deliver_all: Any, central: Any
) -> None:
    with central():
        same = {"agency_id": case.agency_id, "case": case, "created_at": case.opened_at}
        Observable.objects.create(**same, kind="host", value="other-host")
        Observable.objects.create(**same, kind="account", value="BRT\\j.tsosie")
    deliver_all()
    (call,) = asked
    assert (call["agency_id"], call["subject"], call["by"].agency_id) == (cast.north.pk, case.subject, cast.north.pk)
    assert call["facts"]["hosts"] == ["brt-ws-2291", "other-host"]
    assert call["facts"]["accounts"] == ["BRT\\j.tsosie"]
    assert (call["facts"]["severity"], call["facts"]["number"]) == ("high", case.number)


def test_a_case_that_became_severe_asks_again_and_a_closed_one_does_not(
    cast: Cast, asked: list[dict[str, Any]], open_one: Any, do: Any, deliver_all: Any
) -> None:
    case = open_one(severity="low")
    deliver_all()
    do(change_severity, case, cast.ana, severity="critical", reason="A server.")
    deliver_all()
    assert [call["facts"]["severity"] for call in asked] == ["low", "critical"]
    closed = open_one()
    do(close, closed, cast.ana, disposition="undetermined", reason="A drill.")
    deliver_all()
    assert len(asked) == 2


# What a playbook may do


def context(cast: Cast, case: Case, clock: StageClock | None = None) -> RunContext:
    by = playbook_run("r", label="Malware on a host", agency_id=cast.north.pk)
    return RunContext("r", cast.north.pk, case.subject, "Malware on a host", "s", "key", by.at(clock) if clock else by, {})


@pytest.mark.parametrize(
    ("name", "args", "becomes"),
    [
        ("case.note", {"text": "Isolated."}, ("version", 1)),
        ("case.task", {"title": "Capture memory"}, ("version", 1)),
        ("case.severity", {"severity": "critical", "reason": "A server."}, ("severity", "critical")),
        ("case.investigate", {}, ("state", "investigating")),
        ("case.contain", {"reason": "Isolated."}, ("state", "contained")),
        ("case.recover", {"reason": "Back."}, ("state", "recovered")),
        ("case.close", {"disposition": "true_positive", "reason": "Over."}, ("state", "closed")),
    ],
)
def test_a_playbook_works_the_case_under_its_own_name(
    cast: Cast, case: Case, stored: Callable[[Case], Any], name: str, args: dict[str, str], becomes: tuple[str, Any]
) -> None:
    with scope.agency(cast.north.pk, actor="test"):
        answered = action(name).perform(context(cast, case), args)
    assert answered["number"] == case.number
    now = stored(case)
    assert now.case[becomes[0]] == becomes[1]
    assert (now.rows[4][-1]["origin"], now.rows[4][-1]["actor_label"]) == ("automation", "Malware on a host")


def test_a_playbooks_note_and_task_stay_internal(cast: Cast, case: Case, central: Any) -> None:
    with scope.agency(cast.north.pk, actor="test"):
        action("case.note").perform(context(cast, case), {"text": "Isolated."})
        action("case.task").perform(context(cast, case), {"title": "Capture memory"})
    with central():
        assert Note.objects.get(case=case).visibility == "internal"
        assert Task.objects.get(case=case).visibility == "internal"


def test_a_playbook_of_another_agency_does_not_find_the_case(cast: Cast, case: Case, stored: Callable[[Case], Any]) -> None:
    before = stored(case)
    with scope.agency(cast.south.pk, actor="test"), pytest.raises(Unknown):
        action("case.note").perform(context(cast, case), {"text": "Isolated."})
    assert stored(case) == before


def test_playbooks_find_and_name_cases_for_those_who_may_read_them(cast: Cast, case: Case, open_one: Any, in_scope: Any) -> None:
    restricted = open_one(restricted=True)
    for who, number, subject in (
        (cast.ana, case.number, case.subject),
        (cast.nia, case.number, case.subject),
        (cast.sol, case.number, None),
        (cast.ana, restricted.number, restricted.subject),
        (cast.nia, restricted.number, None),
        (narrowed(cast.ana, cast.south), case.number, None),
        (cast.ana, "\x00", None),
    ):
        with in_scope(who):
            assert find_subject("case", number, who) == subject
    with in_scope(cast.ana):
        assert describe([case.subject, "case:999999", "host:7"]) == {
            case.subject: {"number": case.number, "title": case.title, "severity": "high"}
        }
        assert is_readable(case.subject, cast.ana)
    with in_scope(cast.nia):
        assert is_readable(case.subject, cast.nia)
        assert not is_readable(restricted.subject, cast.nia)


def test_every_action_of_the_catalogue_is_an_operation() -> None:
    assert {name for name in playbook_actions.ACTIONS if action(name) is None} == set()
    assert system("x").is_machine
