"""What a run does next: from its graph, where it stands and what is known, one move. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from playbooks.definition.comparing import compare
from playbooks.definition.conditions import ConditionSyntax, Undecidable, holds, read
from playbooks.definition.graph import BOOK, DEFAULT_CASE, END, IF, PARALLEL, START, SWITCH, WHILE, Graph, Node
from playbooks.definition.variables import text_of
from playbooks.moves import (
    Adopt,
    Arm,
    AskWhich,
    Begin,
    Break,
    CallBook,
    Check,
    Close,
    Delay,
    Finish,
    GiveUp,
    Local,
    Move,
    Open,
    Pass,
    Plan,
    Rescue,
    Settle,
    TimedOut,
    Wait,
)

MOST_ATTEMPTS = 4
MOST_CHECKS = 8
MOST_TOLD_TO_WAIT = 20  # attempts at what a product puts off by a time of its own
MOST_ASKS = 5  # how often a changed action is asked again before the step fails
MOST_VISITS = 1000
BACKOFF_SECONDS = (2, 5, 15, 60, 120, 300, 600, 900)
TIMEOUT = "ACTION_TIMEOUT"  # how CACAO 2.0 names a step that took too long

ENDED = ("done", "failed", "stopped", "cancelled")
REPEATABLE = ("read", "idempotent")
ASKED_FIRST = ("keyed", "verifiable")


@dataclass(frozen=True)
class Standing:
    """The latest attempt at the step where a frame stands.

    `worth_retrying`: it failed in a way that may pass, after `told_to_wait` at the earliest.
    `approval`: the state of the step's latest approval, empty when none was asked.
    `answer`: what a person said to a question of the step (yes or no, or the key of a case). `unit`: the command and target of the attempt.
    `rounds` that a loop has begun, and what `broken` a branch of a block, in this visit. `child`: the state of the run that it started.
    """

    state: str
    effect: str = "local"
    kind: str = "local"
    attempt: int = 1
    checks: int = 0
    worth_retrying: bool = False
    told_to_wait: float = 0  # seconds that the product named
    approval: str = ""
    answer: bool | str | None = None
    unit: tuple[int, int] = (0, 0)
    rounds: int = 0
    broken: str = ""
    child: str = ""


@dataclass(frozen=True)
class Place:
    """Where a frame stands: at a step, for the nth time; `opener` is the step that opened the frame, empty for the book itself."""

    step: str
    iteration: int = 1
    opener: str = ""
    timers: Mapping[str, bool] = field(default_factory=dict)  # purpose -> fired


def decide(graph: Graph, place: Place, standing: Standing | None, values: Mapping[str, Any], failed: str = "") -> Move:
    """The next move of a frame in which no branch is open. `values` are those that the step sees.
    `failed` is the sentence of the failure that the run carries to its end, empty when none.
    """
    node = graph.nodes[place.step]
    if place.iteration > MOST_VISITS:
        return Finish("stopped", f"{node.name} was entered more than {MOST_VISITS} times")
    if standing is None:
        first = _before(node, place)
        if first is not None:
            return first
    if node.kind == END:
        if place.opener:
            return Close()
        return Finish("failed", failed) if failed else Finish("done", node.name)
    if node.kind == START:
        return Pass(node.next)
    move = _within(node, place, standing, values) or _failure(graph, node, place, standing, failed)
    if isinstance(move, Settle) and not move.to:
        return Finish("failed", f"{node.name} leads nowhere")
    return move


def _within(node: Node, place: Place, standing: Standing | None, values: Mapping[str, Any]) -> Move | None:
    """The way of a step by its kind; None when it failed."""
    if node.is_block:
        return _block(node, place, standing, values)
    return _book(node, place, standing) if node.kind == BOOK else _action(node, place, standing)


def is_overdue(node: Node, place: Place) -> bool:
    """Whether the step's time is over, also while its branches are open, whatever one of them came to."""
    return place.timers.get(_timeout(node, place)) is True


def late(node: Node) -> str:
    """What is said of a step that took too long, with its id, as CACAO 2.0 wants it."""
    return f"{TIMEOUT}: {node.name} took longer than {node.timeout_ms / 1000:g} s ({node.id})"


def _timeout(node: Node, place: Place) -> str:
    return f"timeout:{node.id}:{place.iteration}"


def _before(node: Node, place: Place) -> Move | None:
    """What comes before a step begins: its delay, then the timers that may end it."""
    if node.delay_ms:
        waited = _waited(place, f"delay:{node.id}:{place.iteration}", node.delay_ms / 1000)
        if waited is not None:
            return waited
    if node.timeout_ms and _timeout(node, place) not in place.timers:
        return Arm(_timeout(node, place), node.timeout_ms / 1000)
    if node.kind == WHILE and _budget(node, place) not in place.timers:
        return Arm(_budget(node, place), node.budget.seconds)
    return None


def _budget(node: Node, place: Place) -> str:
    return f"budget:{node.id}:{place.iteration}"


def _waited(place: Place, purpose: str, seconds: float) -> Move | None:
    if purpose not in place.timers:
        return Delay(purpose, seconds)
    return None if place.timers[purpose] else Wait("timer")


def _block(node: Node, place: Place, standing: Standing | None, values: Mapping[str, Any]) -> Move | None:
    """None when it failed."""
    if standing is not None:
        if standing.broken:
            return None
        if is_overdue(node, place):
            return TimedOut(late(node))
        if standing.state == "unknown":
            return Wait("person")
        if standing.state == "started" and node.kind != WHILE:
            return Settle(node.next)
    if node.kind == PARALLEL:
        return Open(tuple(node.branches()), f"{len(node.next_steps)} branches")
    answer = standing.answer if standing else None
    try:
        return _case(node, values, answer) if node.kind == SWITCH else _way(node, place, standing, values, answer)
    except (ConditionSyntax, Undecidable) as error:
        return AskWhich(str(error))


def _way(node: Node, place: Place, standing: Standing | None, values: Mapping[str, Any], answer: bool | str | None) -> Move:
    yes = holds(read(node.condition, lenient=True), values) if answer is None else bool(answer)
    if node.kind == IF:
        branch, to, said = ("on_true", node.on_true, "Yes") if yes else ("on_false", node.on_false, "No")
        return Open(((branch, to),), said) if to else Settle(node.next, said)
    rounds = standing.rounds if standing else 0
    if not yes:
        return Settle(node.next, f"No, after {rounds} round{'' if rounds == 1 else 's'}")
    if rounds >= node.budget.rounds:
        return Finish("stopped", f"{node.name} has had its {node.budget.rounds} rounds, and its condition still holds")
    if place.timers.get(_budget(node, place)):
        return Finish("stopped", f"{node.name} has had its {node.budget.seconds:g} s, and its condition still holds")
    return Open((("on_true", node.on_true),), f"Yes, round {rounds + 1}")


def _case(node: Node, values: Mapping[str, Any], answer: bool | str | None) -> Move:
    if isinstance(answer, str):
        key = answer
    else:
        value = values.get(node.switch)
        if value is None and DEFAULT_CASE not in node.cases:
            raise Undecidable(f"{node.switch} has no value")
        key = _fitting(node, value)
    to = node.cases.get(key, "")
    return Open(((key, to),), key) if to else Settle(node.next, "No case fits")


def _fitting(node: Node, value: Any) -> str:
    """The key of the case that a value fits: the one that is written alike, else the one that says the same, as "2.50" does of 2.5."""
    if value is None or text_of(value) in node.cases:
        return DEFAULT_CASE if value is None else text_of(value)
    return next((key for key in node.cases if key != DEFAULT_CASE and not isinstance(value, str) and _same(value, key)), DEFAULT_CASE)


def _same(value: Any, key: str) -> bool:
    try:
        return compare(value, "=", key)
    except Undecidable:
        return False


def _book(node: Node, place: Place, standing: Standing | None) -> Move | None:
    """The way of a step that runs another book; None when it failed."""
    if standing is None:
        return Plan(1)
    if standing.state in ("planned", "started") and is_overdue(node, place) and standing.child not in ENDED:
        return TimedOut(late(node))
    if standing.state == "planned":
        return CallBook()
    if standing.state == "started":
        return Adopt(standing.child == "done") if standing.child in ENDED else Wait("run")
    return Settle(node.next) if standing.state == "ok" else None


def _action(node: Node, place: Place, standing: Standing | None) -> Move | None:
    """The way of an action; None when it failed."""
    if standing is None:
        return Plan(1)
    if standing.state == "ok":
        units = node.units()
        after = units.index(standing.unit) + 1 if standing.unit in units else len(units)
        return Plan(1, units[after]) if after < len(units) else Settle(node.next)
    if is_overdue(node, place) and _may_be_left(node, place, standing):
        return TimedOut(late(node))
    if standing.state == "planned":
        return _planned(node, standing)
    if standing.state == "started":
        return _started(node, place, standing)
    if standing.state == "unknown":
        return Wait("person")
    if standing.state == "skipped" and standing.approval == "void" and standing.attempt < MOST_ASKS:
        return Plan(standing.attempt + 1, standing.unit)
    if standing.state == "failed" and standing.worth_retrying and standing.attempt < _most_attempts(standing):
        seconds = max(standing.told_to_wait, BACKOFF_SECONDS[min(standing.attempt, len(BACKOFF_SECONDS)) - 1])
        waited = _waited(place, f"retry:{_visit(node, place, standing)}", seconds)
        return waited if waited is not None else Plan(standing.attempt + 1, standing.unit)
    return None


def _most_attempts(standing: Standing) -> int:
    return MOST_TOLD_TO_WAIT if standing.told_to_wait else MOST_ATTEMPTS


def _may_be_left(node: Node, place: Place, standing: Standing) -> bool:
    """What has ended by itself is not left any more; a call without an answer is asked after once more before it is."""
    if standing.state == "started":
        return place.timers.get(check_purpose(node, place, standing)) is False
    return standing.state in ("planned", "unknown") or (standing.state == "failed" and standing.worth_retrying)


def _planned(node: Node, standing: Standing) -> Move:
    if node.asking is not None and standing.approval != "approved":
        return Wait("approval")
    if standing.kind == "manual":
        return Wait("person")
    return Local() if standing.kind == "local" else Begin()


def _visit(node: Node, place: Place, standing: Standing) -> str:
    """Names one attempt of one visit, so that a timer is armed once for it. A step of one command and one target keeps a short name."""
    unit = "" if standing.unit == (0, 0) else ":{}.{}".format(*standing.unit)
    return f"{node.id}:{place.iteration}{unit}:{standing.attempt}"


def check_purpose(node: Node, place: Place, standing: Standing) -> str:
    """The timer after which a call without an answer is asked after."""
    return f"check:{_visit(node, place, standing)}:{standing.checks}"


def _started(node: Node, place: Place, standing: Standing) -> Move:
    if standing.effect not in REPEATABLE + ASKED_FIRST:
        return GiveUp("The worker was lost between the call and its answer, and this action must not be repeated by itself")
    if standing.checks >= MOST_CHECKS:
        return GiveUp(f"The product did not tell whether it happened, asked {standing.checks} times")
    # A timer is armed only when an answer was missed; a lost worker leaves none, and then we ask at once.
    if place.timers.get(check_purpose(node, place, standing)) is False:
        return Wait("timer")
    return Check(repeat=standing.effect in REPEATABLE)


def _failure(graph: Graph, node: Node, place: Place, standing: Standing | None, failed: str) -> Move:
    """A failed step goes its own way, else fails the block around it, else the book's exception step is the last way."""
    detail = standing.broken if standing and standing.broken else f"{node.name} failed"
    if node.on_failure:
        return Settle(node.on_failure, detail, failed=True)
    if place.opener:
        return Break(detail)
    if graph.exception and not failed:
        return Rescue(graph.exception, detail)
    return Finish("failed", f"{node.name} failed, and the book has no way for that")
