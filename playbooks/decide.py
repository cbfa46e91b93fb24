"""What a run does next: from its graph, where it stands and what is known, one move. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from playbooks.definition.conditions import ConditionSyntax, Undecidable, holds, read
from playbooks.definition.graph import ACTION, END, IF, START, Graph, Node

MOST_ATTEMPTS = 4
MOST_CHECKS = 8
MOST_ASKS = 5  # how often a changed action is asked again before the step fails
MOST_VISITS = 1000
BACKOFF_SECONDS = (2, 5, 15, 60, 120, 300, 600, 900)

REPEATABLE = ("read", "idempotent")
ASKED_FIRST = ("keyed", "verifiable")


@dataclass(frozen=True)
class Standing:
    """The latest attempt at the step where the run stands.

    `worth_retrying` says that it failed in a way that may pass; `approval` is the state of the step's latest approval,
    empty when none was asked; `answer` is what a person said to a question of the step.
    """

    state: str
    effect: str = "local"
    kind: str = "local"
    attempt: int = 1
    checks: int = 0
    worth_retrying: bool = False
    approval: str = ""
    answer: bool | None = None


@dataclass(frozen=True)
class Place:
    """Where the run stands: in the innermost open frame, at a step, for the nth time; `opener` is the step that opened the frame."""

    step: str
    iteration: int = 1
    opener: str = ""
    timers: Mapping[str, bool] = field(default_factory=dict)  # purpose -> fired


@dataclass(frozen=True)
class Pass:
    """A control step is done; go to `to`."""

    to: str
    detail: str = ""


@dataclass(frozen=True)
class Branch:
    """Open a frame for `branch` and go to `to` in it."""

    branch: str
    to: str
    detail: str


@dataclass(frozen=True)
class Return:
    """The branch ends; its opener goes on to `to`."""

    to: str


@dataclass(frozen=True)
class Delay:
    """Arm a timer and wait for it."""

    purpose: str
    seconds: float


@dataclass(frozen=True)
class Plan:
    """Write down the attempt: what exactly would run, and ask people when the step says so."""

    attempt: int


@dataclass(frozen=True)
class Wait:
    """Nothing to do before somebody or something moves."""

    what: str  # approval | person | timer


@dataclass(frozen=True)
class Local:
    """Act on the subject, in the recording transaction."""


@dataclass(frozen=True)
class Begin:
    """Write the intent down, then act outside any transaction."""


@dataclass(frozen=True)
class Check:
    """An attempt was started and its result is not known: ask first (`repeat` says whether it may simply be done again)."""

    repeat: bool


@dataclass(frozen=True)
class GiveUp:
    """Whether it happened cannot be found out here: a person is asked."""

    detail: str


@dataclass(frozen=True)
class Settle:
    """The step has ended; go to `to`."""

    to: str


@dataclass(frozen=True)
class AskWhich:
    """The condition cannot be decided by the values at hand: a person answers it."""

    detail: str


@dataclass(frozen=True)
class Rescue:
    """A failure has no way of its own: leave every block and go to the book's exception step."""

    to: str


@dataclass(frozen=True)
class Finish:
    """The run is over."""

    outcome: str  # done | failed
    detail: str


Move = Pass | Branch | Return | Delay | Plan | Wait | Local | Begin | Check | GiveUp | Settle | AskWhich | Rescue | Finish


def decide(graph: Graph, place: Place, standing: Standing | None, values: Mapping[str, str], failed: str = "") -> Move:
    """The next move of a run. `failed` is the sentence of the failure that the run carries to its end, empty when none."""
    node = graph.nodes[place.step]
    if place.iteration > MOST_VISITS:
        return Finish("failed", f"{node.name} was entered more than {MOST_VISITS} times")
    if node.kind == END:
        if place.opener:
            return _leave(graph, place)
        return Finish("failed", failed) if failed else Finish("done", node.name)
    if standing is None and node.delay_ms:
        waited = _waited(place, f"delay:{node.id}:{place.iteration}", node.delay_ms / 1000)
        if waited is not None:
            return waited
    if node.kind == START:
        return Pass(node.next)
    if node.kind == IF:
        return _if(node, standing, values)
    if node.kind == ACTION:
        return _action(graph, node, place, standing, failed)
    return Finish("failed", f"{node.name} is a kind of step that this engine does not run: {node.kind}")


def _leave(graph: Graph, place: Place) -> Move:
    opener = graph.nodes[place.opener]
    if not opener.next:
        return Finish("failed", f"{opener.name} leads nowhere after its branch")
    return Return(opener.next)


def _waited(place: Place, purpose: str, seconds: float) -> Move | None:
    if purpose not in place.timers:
        return Delay(purpose, seconds)
    return None if place.timers[purpose] else Wait("timer")


def _if(node: Node, standing: Standing | None, values: Mapping[str, str]) -> Move:
    if standing is not None:
        return Wait("person") if standing.answer is None else _way(node, standing.answer)
    try:
        return _way(node, holds(read(node.condition), values))
    except (ConditionSyntax, Undecidable) as error:
        return AskWhich(str(error))


def _way(node: Node, answer: bool) -> Move:
    branch, to, said = ("on_true", node.on_true, "Yes") if answer else ("on_false", node.on_false, "No")
    return Branch(branch, to, said) if to else Pass(node.next, said)


def _action(graph: Graph, node: Node, place: Place, standing: Standing | None, failed: str) -> Move:
    if standing is None:
        return Plan(1)
    if standing.state == "planned":
        return _planned(node, place, standing)
    if standing.state == "started":
        return _started(node, place, standing)
    if standing.state == "unknown":
        return Wait("person")
    if standing.state == "ok":
        return Settle(node.next)
    if standing.state == "skipped" and standing.approval == "void" and standing.attempt < MOST_ASKS:
        return Plan(standing.attempt + 1)
    if standing.state == "failed" and standing.worth_retrying and standing.attempt < MOST_ATTEMPTS:
        seconds = BACKOFF_SECONDS[min(standing.attempt, len(BACKOFF_SECONDS)) - 1]
        waited = _waited(place, f"retry:{node.id}:{place.iteration}:{standing.attempt}", seconds)
        return waited if waited is not None else Plan(standing.attempt + 1)
    return _failure(graph, node, failed)


def _planned(node: Node, place: Place, standing: Standing) -> Move:
    if node.asking is not None and standing.approval != "approved":
        return Wait("approval")
    if standing.kind == "manual":
        if node.timeout_ms:
            waited = _waited(place, f"timeout:{node.id}:{place.iteration}", node.timeout_ms / 1000)
            if waited is None:
                return GiveUp("Nobody answered in time")
            return waited if isinstance(waited, Delay) else Wait("person")
        return Wait("person")
    return Local() if standing.kind == "local" else Begin()


def _started(node: Node, place: Place, standing: Standing) -> Move:
    if standing.effect not in REPEATABLE + ASKED_FIRST:
        return GiveUp("The worker was lost between the call and its answer, and this action must not be repeated by itself")
    if standing.checks >= MOST_CHECKS:
        return GiveUp(f"The product did not tell whether it happened, asked {standing.checks} times")
    # A timer is armed only when an answer was missed; a lost worker leaves none, and then we ask at once.
    purpose = f"check:{node.id}:{place.iteration}:{standing.attempt}:{standing.checks}"
    if place.timers.get(purpose) is False:
        return Wait("timer")
    return Check(repeat=standing.effect in REPEATABLE)


def _failure(graph: Graph, node: Node, failed: str) -> Move:
    if node.on_failure:
        return Settle(node.on_failure)
    if graph.exception and not failed:
        return Rescue(graph.exception)
    return Finish("failed", f"{node.name} failed, and the book has no way for that")
