"""What playbooks do about a case, as it stands beside its timeline."""

from dataclasses import dataclass
from datetime import datetime

from playbooks.queries.runs import runs_about
from playbooks.queries.telling import ApprovalView, RunView
from soc.cases.queries.case import CaseView
from tenants.actors import Actor

MOST_RUNS, MOST_STEPS = 3, 8
# How the state of a step is drawn.
DRAWN = {
    "done": "done",
    "running": "running",
    "waits_vote": "waits",
    "waits_person": "waits",
    "unknown": "waits",
    "waits_timer": "timer",
    "skipped": "skipped",
    "failed": "failed",
    "not_started": "not_started",
}


@dataclass(frozen=True)
class StepLine:
    """One step of a run: how it is drawn, its name, and its state in a word."""

    state: str
    name: str
    word: str


@dataclass(frozen=True)
class RunLine:
    """One run: its book, where it stands in a sentence, how far it is, and its steps around there."""

    id: str
    book: str
    said: str
    done: int
    count: int
    steps: tuple[StepLine, ...]


@dataclass(frozen=True)
class WaitsForVote:
    """An action that waits for people: what, for how long, and whose word is still owed."""

    id: str
    action: str
    expires_in_seconds: float
    owed: tuple[str, ...]
    may_vote: bool


@dataclass(frozen=True)
class Beside:
    """Runs about a case, the latest first, and what waits for a vote."""

    runs: tuple[RunLine, ...]
    waits: tuple[WaitsForVote, ...]


def runs_beside(case: CaseView, reader: Actor, at: datetime) -> Beside:
    """The runs about a case that `reader` has read, and their open approvals, as far as they may know of them. Six queries at most."""
    runs = runs_about(case.subject, reader, most=MOST_RUNS, was_read=True)
    asked = [run.approval for run in runs if run.approval is not None and run.approval.state == "open" and run.approval.expires_at > at]
    return Beside(tuple(_run(run) for run in runs), tuple(_waits(one, at) for one in asked))


def _run(run: RunView) -> RunLine:
    # Branches that were not taken say nothing about where the run stands.
    acts = [step for step in run.steps if step.kind not in ("start", "end") and step.state != "not_taken"]
    ended = sum(DRAWN[step.state] in ("done", "skipped", "failed") for step in acts)
    # A long book is shown around the place where it stands.
    first = max(0, min(ended - 2, len(acts) - MOST_STEPS))
    lines = tuple(StepLine(DRAWN[step.state], step.name, step.said) for step in acts[first : first + MOST_STEPS])
    return RunLine(run.id, run.book, run.said, ended, len(acts), lines)


def _waits(one: ApprovalView, at: datetime) -> WaitsForVote:
    owed = tuple("the watch floor" if need.role == "floor" else one.agency_name for need in one.needs if not need.given)
    return WaitsForVote(one.id, one.action, (one.expires_at - at).total_seconds(), owed, one.may_vote)
