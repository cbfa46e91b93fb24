"""What was tried at one step of a run: each attempt with its reason, what went in and what came out, secrets by name only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from playbooks.definition.secrets import is_secret
from playbooks.definition.variables import text_of
from playbooks.models import StepAttempt
from playbooks.states import StepState

HIDDEN = "secret, not shown"
ENDED = {
    StepState.PLANNED: "Not begun",
    StepState.STARTED: "Under way",
    StepState.OK: "Done",
    StepState.FAILED: "Failed",
    StepState.UNKNOWN: "Result not known",
    StepState.SKIPPED: "Not done",
}


@dataclass(frozen=True)
class Try:
    """One attempt at one command of a step on one target."""

    no: int
    round: int  # which visit of the step it belongs to, counted from 1
    command: int  # counted from 1
    target: str
    began: datetime
    ended: datetime | None
    said: str
    reason: str


@dataclass(frozen=True)
class Given:
    """A value that a step got, or set: what it was before stands beside it, where it set it."""

    name: str
    value: str
    before: str = ""


def tries_of(made: Sequence[StepAttempt], names: Mapping[str, str]) -> tuple[Try, ...]:
    """Every attempt at a step in its order; `names` are those of its targets. No query."""
    visits: dict[tuple[int, int], int] = {}
    told = []
    for number, one in enumerate(made, start=1):
        visit = visits.setdefault((one.frame_id, one.iteration), len(visits) + 1)
        said, target = ENDED[StepState(one.state)], names.get(one.target, "")
        told.append(Try(number, visit, one.command_no + 1, target, one.started_at or one.ready_at, one.ended_at, said, one.detail))
    return tuple(told)


def rounds_of(made: Sequence[StepAttempt]) -> int:
    """How often a run came to a step."""
    return len({(one.frame_id, one.iteration) for one in made})


def inputs_of(rendered: Mapping[str, Any]) -> tuple[Given, ...]:
    """The values that stand in what a step runs, and what it hands to another book."""
    handed = rendered.get("arguments", {}) if rendered.get("kind") == "book" else {}
    return tuple(Given(name, _shown(name, value)) for name, value in sorted({**rendered.get("values", {}), **handed}.items()))


def outputs_of(latest: StepAttempt | None) -> tuple[Given, ...]:
    """The values that a step set, with what they were before."""
    assigned = latest.assigned if latest else {}
    return tuple(Given(name, _shown(name, value), _shown(name, was)) for name, (was, value) in assigned.items())


def _shown(name: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    return HIDDEN if is_secret(name) else text_of(value)
