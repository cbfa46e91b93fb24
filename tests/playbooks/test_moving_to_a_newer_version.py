"""A run moved to a newer version of its book: as it was shown, with what is open asked anew, and refused where history would change."""

import json
from copy import deepcopy
from typing import Any

import pytest
from django.db.models import F

from playbooks.definition.graph import EXTENSION
from playbooks.models import Approval, Run, RunEvent, StepAttempt
from playbooks.operations.answering import answer
from playbooks.operations.moving import move_run
from playbooks.operations.publishing import publish
from playbooks.operations.starting import start_run
from playbooks.operations.trusting import set_signature_policy
from playbooks.queries.moving import move_of
from playbooks.states import ApprovalState, RunState
from tenants.actors import system
from tenants.errors import Conflict, Invalid, NotAllowed, Unknown
from tenants.gates.opening import opened
from tenants.isolation import scope
from tenants.models import Entry
from tests.playbooks.books import END, START, book, local, manual, note, step_id

pytestmark = pytest.mark.django_db(transaction=True)

FIRST, CALL, LAST = (step_id("action", name) for name in ("first", "call", "last"))
OLD = book(
    {
        "start": START,
        "first": note("began on __host__:value", on_completion="call"),
        "call": manual("Call them", on_completion="last"),
        "last": note("the old end", on_completion="end"),
        "end": END,
    },
    start="start",
    host={},
)


def newer(document: dict[str, Any] = OLD, minute: int = 1, **steps: dict[str, Any]) -> dict[str, Any]:
    made = deepcopy(document)
    made["modified"] = f"2026-11-25T00:{minute:02}:00.000Z"
    for name, step in steps.items():
        made["workflow"][step_id("action", name)] |= step
    return made


def published(document: dict[str, Any]) -> None:
    with scope.floor(None):
        publish(slug="small", document=document, by=system("test"))


def begun(stage, document: dict[str, Any] = OLD, subject: str = "case:5") -> Run:
    published(document)
    one = stage.cast.north
    with scope.agency(one.pk):
        by = system("test", agency_id=one.pk)
        given = {"variables": {"hosts": ["ws-1"]}, "why": "A test", "by": by}
        run = start_run(agency_id=one.pk, subject=subject, book="small", **given)
    stage.work()
    return run


def number_of(run: Run) -> int:
    with scope.floor(None):
        return int(Run.objects.select_related("version").get(pk=run.pk).version.number)


def shown(stage, run: Run, **more: Any) -> Any:
    with opened(stage.cast.ana):
        return move_of(str(run.public_id), stage.cast.ana, **more)


def moved(stage, run: Run, by: Any = None, **other: Any) -> Run:
    view = shown(stage, run)
    by = by or stage.cast.ana
    given = {"version": view.target, "preview": view.preview, "reason": "The end was wrong", **other}
    with opened(by):
        return move_run(run=str(run.public_id), **given, by=by)


def reply(stage, run: Run) -> None:
    with opened(stage.cast.ana):
        step = StepAttempt.objects.filter(run=run).latest("id")
        answer(step=str(step.public_id), answer="yes", reason="I looked", by=stage.cast.ana)
    stage.work()


def test_a_moved_run_goes_on_by_the_new_version_and_says_who_moved_it_and_why(stage):
    run = begun(stage)
    published(newer(last={"step_extensions": {EXTENSION: {"arguments": {"text": "the new end"}}}}))
    moved(stage, run)
    stage.work()
    reply(stage, run)
    after = stage.run(run)
    assert (after.state, number_of(run)) == (RunState.DONE, 2)
    assert [args["text"] for _, _, args in stage.things.done] == ["began on ws-1", "the new end"]
    with scope.floor(None):
        event = RunEvent.objects.get(run=run, kind="moved")
        fact = Entry.objects.get(kind="playbooks.RunMoved")
    assert event.text == "Moved from version 1 to version 2: The end was wrong" and event.actor == stage.cast.ana.name
    assert event.data["lines"] and event.data["number"] == 2
    assert fact.data["number_before"] == 1 and fact.data["version"] == after.version_hash and fact.subject == after.journal_subject


def test_without_a_move_a_run_keeps_the_version_that_it_began_with(stage):
    run = begun(stage)
    published(newer(last={"step_extensions": {EXTENSION: {"arguments": {"text": "the new end"}}}}))
    reply(stage, run)
    assert stage.things.done[-1][2]["text"] == "the old end"


def test_a_changed_task_is_written_anew_for_the_person(stage):
    run = begun(stage)
    published(newer(call={"name": "Call twice", "commands": [{"type": "manual", "command": "Call __host__:value twice"}]}))
    moved(stage, run)
    stage.work()
    with scope.floor(None):
        step = StepAttempt.objects.get(run=run, step_id=CALL)
    assert (step.rendered["text"], step.name, step.attempt) == ("Call ws-1 twice", "Call twice", 1)
    reply(stage, run)
    assert stage.run(run).state == RunState.DONE


ASKING = book(
    {"start": START, "first": local("case.contain", {"reason": "as the old one says"}, on_success="end", on_failure="end"), "end": END},
    start="start",
    host={},
)
ASKING["workflow"][FIRST]["step_extensions"][EXTENSION]["approval"] = {"title": "Contain it"}


def asking(reason: str, minute: int = 1) -> dict[str, Any]:
    made = newer(ASKING, minute)
    made["workflow"][FIRST]["step_extensions"][EXTENSION]["arguments"] = {"reason": reason}
    return made


def test_an_approval_of_what_would_change_is_void_and_asked_anew(stage):
    run = begun(stage, ASKING)
    before = stage.approval(run)
    published(asking("as the new one says"))
    moved(stage, run)
    stage.work()
    with scope.floor(None):
        first, second = Approval.objects.filter(run=run).order_by("id")
    assert (first.pk, first.state) == (before.pk, ApprovalState.VOID) and "moved to version 2" in first.reason
    assert (second.state, second.rendered["arguments"]) == (ApprovalState.OPEN, {"reason": "as the new one says"})
    assert second.hash != first.hash and not stage.things.done


def test_an_approval_of_what_stays_the_same_stands(stage):
    run = begun(stage, ASKING)
    published(newer(ASKING, first={"name": "Another name", "on_failure": ASKING["workflow"][FIRST]["on_success"]}))
    moved(stage, run)
    stage.work()
    with scope.floor(None):
        assert Approval.objects.get(run=run).state == ApprovalState.OPEN


def test_a_question_that_the_values_could_not_answer_is_decided_by_the_new_version(stage):
    document = book(
        {
            "start": {"type": "start", "on_completion": "choose"},
            "choose": {
                "type": "if-condition",
                "name": "Is it?",
                "condition": "__gone__:value > 3",
                "on_true": "yes",
                "on_completion": "end",
            },
            "yes": note("yes", on_completion="inner"),
            "inner": END,
            "end": END,
        },
        start="start",
        host={},
        gone={},
    )
    run = begun(stage, document)
    assert stage.run(run).waits_for == "person"
    better = newer(document)
    better["workflow"][step_id("if-condition", "choose")]["condition"] = "__host__:value = 'ws-1'"
    published(better)
    moved(stage, run)
    stage.work()
    assert stage.run(run).state == RunState.DONE and stage.things.done[-1][2]["text"] == "yes"


@pytest.mark.parametrize("what", ["the run", "the version"])
def test_a_preview_that_is_no_longer_true_moves_nothing(stage, what):
    run = begun(stage)
    published(newer(last={"name": "Second"}))
    view = shown(stage, run)
    if what == "the version":
        published(newer(minute=2, last={"name": "Third"}))
        version = 3  # seen was the second
    else:
        version = view.target
        with opened(stage.cast.ana):
            Run.objects.filter(pk=run.pk).update(last_event=F("last_event") + 1)
        stage.tampered = True
    with pytest.raises(Conflict, match="moved on"):
        moved(stage, run, version=version, preview=view.preview)
    assert number_of(run) == 1


@pytest.mark.parametrize(
    ("new", "text"),
    [
        (newer(first={"delay": 5}), "was taken"),
        (newer(first={"step_extensions": {EXTENSION: {"arguments": {"text": "otherwise"}}}}), "was taken"),
        ({**newer(), "playbook_variables": {"__host__": {"type": "integer", "external": True}}}, "of type integer"),
        (newer(call={"commands": [{"type": "bash", "command": "ls"}]}), "waits for a person"),
    ],
)
def test_a_version_that_has_it_otherwise_is_refused(stage, new, text):
    run = begun(stage)
    published(new)
    assert any(text in line.text for line in shown(stage, run).lines)
    with pytest.raises(Conflict, match=text):
        moved(stage, run)
    assert number_of(run) == 1


def test_an_agency_that_asks_for_signatures_gets_no_unsigned_version(stage):
    run = begun(stage)
    published(newer(last={"name": "Second"}))
    with scope.floor(None):
        set_signature_policy(agency_id=stage.cast.north.pk, asked="valid", by=stage.cast.ada)
    assert not shown(stage, run).allowed
    with pytest.raises(Conflict):
        moved(stage, run)


def test_a_rule_that_started_one_with_the_new_version_leaves_the_older_run_as_it_is(stage):
    run = stage.start()
    with scope.floor(None):
        document = json.loads(Run.objects.select_related("version").get(pk=run.pk).version.canonical)
        publish(slug="malware-on-a-host", document={**document, "modified": "2030-01-01T00:00:00.000Z"}, by=system("test"))
    stage.start()
    assert any("has started one with the new version" in line.text for line in shown(stage, run).lines)


def test_who_may_not_move_a_run_is_refused_and_nothing_moves(stage):
    run = begun(stage)
    published(newer(last={"name": "Second"}))
    for by, error in ((stage.cast.aud, NotAllowed), (stage.cast.nia, Unknown), (stage.cast.zoe, Unknown), (stage.cast.ada, Unknown)):
        with pytest.raises(error):
            moved(stage, run, by=by)
    for other, wrong in (({"reason": " "}, Invalid), ({"version": 1}, Invalid), ({"version": "x"}, Invalid), ({"version": 9}, Invalid)):
        with pytest.raises(wrong):
            moved(stage, run, **other)
    assert number_of(run) == 1


def test_a_run_that_a_worker_holds_or_that_is_over_does_not_move(stage):
    run = begun(stage)
    published(newer(last={"name": "Second"}))
    with opened(stage.cast.ana):
        Run.objects.filter(pk=run.pk).update(state=RunState.RUNNING)
    with pytest.raises(Conflict, match="in hand"):
        moved(stage, run)
    with opened(stage.cast.ana):
        Run.objects.filter(pk=run.pk).update(state=RunState.WAITING)
    reply(stage, run)
    with pytest.raises(Conflict, match="over"):
        moved(stage, run, version=2)


def test_the_page_and_the_api_show_the_same_and_move_the_run(stage, client_of, api_of):
    run = begun(stage)
    assert b"There is no newer version" in client_of("ana").get(f"/runs/{run.public_id}/move/").content
    published(newer(last={"name": "A better end"}))
    assert b"Version 2 of its book is there" in client_of("ana").get(f"/runs/{run.public_id}/").content
    told = api_of("ana").get(f"/api/v1/runs/{run.public_id}/move").json()
    page = client_of("ana").get(f"/runs/{run.public_id}/move/").content.decode()
    assert told["allowed"] and told["to"] == 2 and told["preview"] in page and "A better end" in page
    wrong = client_of("ana").post(f"/runs/{run.public_id}/move/", {"version": 2, "preview": "old", "reason": "Because"})
    assert wrong.status_code == 409 and "moved on since" in wrong.content.decode() and told["preview"] in wrong.content.decode()
    body = {"version": 2, "preview": told["preview"], "reason": "Better"}
    assert api_of("ana").send(f"/api/v1/runs/{run.public_id}/move", body).json()["book"]["version"] == 2
    assert api_of("ana").send(f"/api/v1/runs/{run.public_id}/move", body).status_code == 422
