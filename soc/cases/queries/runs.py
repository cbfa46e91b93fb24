"""What playbooks do about a case, as it stands beside its timeline."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Prefetch, Q

from playbooks.models import Approval, Run, StepAttempt
from playbooks.states import ApprovalState, RunState, Side, StepState, Waits
from tenants.actors import Actor

MOST_RUNS, MOST_STEPS = 3, 6
UNSEEN_KINDS = ("start", "end")
# How the state of an attempt is drawn.
DRAWN = {
    StepState.PLANNED: "not_started",
    StepState.STARTED: "running",
    StepState.OK: "done",
    StepState.FAILED: "failed",
    StepState.UNKNOWN: "failed",
    StepState.SKIPPED: "skipped",
}


@dataclass(frozen=True)
class StepLine:
    """One step of a run: how it is drawn, its name, and its state in a word."""

    state: str
    name: str
    word: str


@dataclass(frozen=True)
class RunLine:
    """One run: its book, where it stands, and its latest steps."""

    id: str
    book: str
    word: str
    over: bool
    started_at: datetime
    steps: tuple[StepLine, ...]


@dataclass(frozen=True)
class WaitsForVote:
    """An action that waits for people: what, until when, and whose word is still owed."""

    id: str
    action: str
    expires_at: datetime
    expires_in_seconds: float
    owed: tuple[str, ...]


@dataclass(frozen=True)
class Beside:
    """Runs about a case, the latest first, and what waits for a vote."""

    runs: tuple[RunLine, ...]
    waits: tuple[WaitsForVote, ...]

    def __bool__(self) -> bool:
        return bool(self.runs or self.waits)


def runs_beside(subject: str, reader: Actor, at: datetime) -> Beside:
    """The runs about a subject and its open approvals. Three queries. A liaison sees only what asks for their agency's vote."""
    asked = Approval.objects.filter(subject=subject, state=ApprovalState.OPEN, expires_at__gt=at).order_by("expires_at", "id")
    if not reader.sees_internal_rows:
        asked = asked.filter(asks_agency=True)
    given = {f"by_{side.value}": Count("votes", filter=Q(votes__side=side)) for side in Side}
    waits = tuple(_waits(one, at) for one in asked.annotate(**given))
    if not reader.sees_internal_rows:
        return Beside((), waits)
    steps = StepAttempt.objects.exclude(kind__in=UNSEEN_KINDS).order_by("id")
    runs = Run.objects.filter(subject=subject).select_related("book").prefetch_related(Prefetch("attempts", steps)).order_by("-id")
    return Beside(tuple(_run(run) for run in runs[:MOST_RUNS]), waits)


def _run(run: Any) -> RunLine:
    # Attempts at the same step are one line: the last one says how it stands.
    latest = {(a.frame_id, a.step_id, a.command_no, a.target, a.iteration): a for a in run.attempts.all()}
    waiting = run.waits_for == Waits.APPROVAL and run.state == RunState.WAITING
    steps = []
    for attempt in list(latest.values())[-MOST_STEPS:]:
        asks = waiting and attempt.state == StepState.PLANNED
        word = "Waits for a vote" if asks else StepState(attempt.state).label
        steps.append(StepLine("waits" if asks else DRAWN[StepState(attempt.state)], attempt.name, word))
    state = RunState(run.state)
    word = f"Waits for {Waits(run.waits_for).label.lower()}" if state is RunState.WAITING and run.waits_for else state.label
    return RunLine(str(run.public_id), run.book.name, word, state.is_over, run.started_at, tuple(steps))


def _waits(one: Any, at: datetime) -> WaitsForVote:
    owed = []
    if not one.by_floor:
        owed.append("the watch floor")
    if one.asks_agency and not one.by_liaison:
        owed.append("the agency")
    return WaitsForVote(str(one.public_id), one.action, one.expires_at, (one.expires_at - at).total_seconds(), tuple(owed))
