"""The conformance suite on the durable engine: what the simulation says of a playbook is what its runs do."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from playbooks.conformance.judging import differences
from playbooks.definition.canonical import canonical, sha256_of
from playbooks.definition.graph import compiled
from playbooks.definition.scoping import of_the_book
from playbooks.engine.working import work_runs, work_timers
from playbooks.models import Book, Frame, Run, StepAttempt, Timer, Version
from playbooks.operations.answering import answer
from playbooks.operations.starting import start_run
from tenants.actors import Actor, server_time, system
from tenants.isolation import scope

pytestmark = pytest.mark.django_db(transaction=True)

FOLDER = Path(__file__).parents[3] / "playbooks" / "conformance"
CASES = {str(one.relative_to(FOLDER).with_suffix("")): json.loads(one.read_text()) for one in sorted(FOLDER.glob("*/*.json"))}
# Of the cases that run at all: a thousand rounds say nothing more here than three.
RUNNING = [name for name, case in CASES.items() if "outcome" in case["expect"] and "endless" not in name]
OVER = ("done", "failed", "stopped", "cancelled")
OUTCOMES = {"ok": "success", "failed": "failure", "unknown": "waiting", "started": "open", "planned": "waiting", "skipped": "failure"}


class Clock:
    """A clock that can be put forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return server_time() + self.ahead

    def forward(self, to: datetime) -> None:
        """Let it be this time, or later."""
        self.ahead += max(timedelta(), to - self()) + timedelta(milliseconds=1)


def published(document: dict[str, Any], name: str) -> Version:
    """The document as a book, written straight into the tables: what is published is not what this tests."""
    at, digest = server_time(), sha256_of(document)
    with scope.floor(None):
        named = {"slug": f"c-{digest[:20]}", "name": name[:160], "created_at": at}
        book, _ = Book.objects.get_or_create(cacao_id=document["id"], defaults=named)
        text = {"number": book.versions.count() + 1, "canonical": canonical(document), "modified": document["modified"]}
        about = {"published_at": at, "published_by": "A test"}
        return Version.objects.get_or_create(book=book, content_hash=digest, defaults={**text, **about})[0]


def callee(step: dict[str, Any]) -> dict[str, Any]:
    """A book to be called: one thing for a person to do, which returns what the caller wants."""
    declared = {name.removesuffix(":value"): {"type": "string", "external": True} for name in step.get("out_args", ())}
    action = {"type": "action", "name": "Act", "agent": "individual--1", "commands": [{"type": "manual", "command": "Do it"}]}
    workflow = {
        "start--1": {"type": "start", "on_completion": "action--1"},
        "action--1": {**action, "out_args": list(declared), "on_completion": "end--1"},
        "end--1": {"type": "end"},
    }
    version = step.get("playbook_version", "2026-01-01T00:00:00.000Z")
    about = {"id": step["playbook_id"], "name": "Called", "modified": version, "workflow_start": "start--1"}
    agents = {"individual--1": {"type": "individual", "name": "Somebody"}}
    return {**about, "workflow": workflow, "playbook_variables": declared, "agent_definitions": agents}


def taken(agency: int, run: Run, answers: dict[str, Any], clock: Clock, by: Actor) -> Run:
    """The run as it stands when nothing moves it any more: people answer as the case says, and time passes where nothing else is due."""
    given = {step: list(some) for step, some in answers.items()}
    at_hand: dict[tuple[int, str, int], dict[str, Any]] = {}
    while True:
        while work_runs(agency, clock=clock):
            pass
        with scope.agency(agency):
            now = Run.objects.get(pk=run.pk)
            waiting = list(StepAttempt.objects.filter(state="planned", kind="manual").exclude(run__state__in=OVER).order_by("id"))
            due = Timer.objects.filter(run=run, fired_at=None).order_by("due_at").first()
            callers = dict(Run.objects.exclude(parent_attempt=None).values_list("id", "parent_attempt__step_id"))
        if now.state_is_over:
            return now
        moved = False
        for one in waiting:
            visit = (one.frame_id, one.step_id, one.iteration)
            if visit not in at_hand:
                some = given.get(callers.get(one.run_id, one.step_id))
                at_hand[visit] = some.pop(0) if some else {"outcome": "success"}
            said = at_hand[visit]
            if said["outcome"] == "timeout":
                continue
            with scope.floor(None):
                word = "yes" if said["outcome"] == "success" else "no"
                answer(step=str(one.public_id), answer=word, reason="As the case says", by=by, returns=said.get("out_args"))
            moved = True
            break
        if moved:
            continue
        if due is None:
            return now
        clock.forward(due.due_at)
        work_timers(agency, clock=clock)


def way(run: Run) -> list[dict[str, Any]]:
    """Every step that was entered: block by block, the branches of a parallel in the order of `next_steps`."""
    with scope.floor(None):
        frames = list(Frame.objects.filter(run=run).order_by("id"))
        attempts = list(StepAttempt.objects.filter(run=run).order_by("id"))
    counts: Counter[str] = Counter()

    def walk(frame: Frame) -> Iterator[dict[str, Any]]:
        visits: dict[tuple[str, int], StepAttempt] = {}
        rounds: Counter[str] = Counter()
        for one in attempts:
            if one.frame_id == frame.pk:
                visits[one.step_id, one.iteration] = one
        for (step, iteration), last in visits.items():
            counts[step] += 1
            late = last.state == "failed" and last.detail.startswith("ACTION_TIMEOUT") and last.detail.endswith(f"({step})")
            yield {"step": step, "iteration": counts[step], "outcome": "timeout" if late else OUTCOMES[last.state]}
            begun = rounds[step]
            rounds[step] += last.checks
            for one in frames:
                here = one.parent_id == frame.pk and one.step_id == step
                if here and (begun < one.iteration <= rounds[step] if step.startswith("while") else one.iteration == iteration):
                    yield from walk(one)

    return list(walk(frames[0]))


def made(name: str, cast: Any) -> dict[str, Any]:
    """What the engine makes of a case."""
    case = CASES[name]
    version = published(case["playbook"], name)
    for step in case["playbook"]["workflow"].values():
        if step["type"] == "playbook-action":
            published(callee(step), f"{name} {step['playbook_id']}")
    declared, machine = compiled(case["playbook"]).variables, system("test", agency_id=cast.north.pk)
    with scope.agency(cast.north.pk):
        given = {key: value for key, value in case["inputs"].get("variables", {}).items() if key in declared and declared[key].external}
        run = start_run(agency_id=cast.north.pk, subject="case:1", book=version.book.slug, variables={}, why="A case", by=machine)
        run.variables |= {key: value for key, value in given.items() if not declared[key].constant}
        run.save(update_fields=["variables"])
    now = taken(cast.north.pk, run, case["inputs"].get("answers", {}), Clock(), cast.ana)
    outcome = {"done": "completed", "failed": "failed"}.get(now.state, "stopped")
    return {"outcome": outcome, "steps": way(now), "variables": of_the_book(now.variables)}


@pytest.mark.parametrize("folder", sorted({name.partition("/")[0] for name in RUNNING}))
def test_the_cases_run_as_the_suite_says(folder: str, cast: Any) -> None:
    names = [name for name in RUNNING if name.startswith(f"{folder}/")]
    found = {name: differences(CASES[name], made(name, cast)) for name in names}
    assert [f"{name}: {one}" for name, some in found.items() for one in some] == []
