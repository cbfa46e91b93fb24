"""What a book would do with what is known of one subject: simulated with answers that all succeed, each action written down. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from playbooks.definition.graph import BOOK, Command, Graph, Node
from playbooks.definition.places import filled_for
from playbooks.definition.scoping import seen_from
from playbooks.definition.variables import UndefinedVariable, UnfitValue, names_in
from playbooks.rendering import CannotRender, start_line
from playbooks.simulation.inputs import Inputs, takes
from playbooks.simulation.walking import FAILED, STOPPED, simulate

LOCAL, PRODUCT, REQUEST, PERSON, CALLED = "local", "product", "request", "person", "book"
UNDECIDED = "undecided"
# What a person needs: estimates that nobody has measured yet, and every report says so.
MINUTES_A_TASK, MINUTES_A_VOTE, MINUTES_A_QUESTION = 15, 5, 10
MOST_WORK = 50_000  # moves of one simulation: a book that needs more is told as stopped
MOST_ACTIONS = 500  # of one simulation that are written down
MOST_SHOWN = 300
AN_ANSWER = "answer-of-an-earlier-step"  # what a dry run has in place of a value that a step would have returned


@dataclass(frozen=True)
class Known:
    """What a kind of product calls a request: `name` (endpoint.isolate), targets, whether it only reads, reach and undo in words."""

    name: str
    label: str
    targets: tuple[str, ...]
    effect: str
    touches: str
    undo: str


Product = Callable[[str, str, str], Known | None]  # category, method, path


@dataclass(frozen=True)
class Action:
    """One thing that would have been done. `kind` says by whom: the case itself, a product, a web service, a person, another book."""

    step: str
    name: str
    kind: str
    action: str
    targets: tuple[str, ...] = ()
    changes: bool = False  # it would change something outside
    asks: str = ""  # what people would have been asked before it; empty when nobody
    touches: str = ""
    undo: str = ""
    problem: str = ""  # why it could not be written down

    def as_json(self) -> dict[str, Any]:
        """The action, what is empty left out."""
        told = {**vars(self), "targets": list(self.targets)}
        return {name: value for name, value in told.items() if value not in ("", [], False)}


@dataclass(frozen=True)
class Foreseen:
    """What would have come of one subject: outcome `completed`, `failed`, `stopped` or `undecided`, why, and each action in order."""

    outcome: str
    reason: str
    seconds: float
    actions: tuple[Action, ...]

    @property
    def minutes(self) -> int:
        """Minutes of people, estimated: tasks, votes of the watch floor, and the question that ended it where one did."""
        tasks = sum(one.kind == PERSON for one in self.actions)
        votes = sum(bool(one.asks) for one in self.actions)
        return tasks * MINUTES_A_TASK + votes * MINUTES_A_VOTE + (self.outcome == UNDECIDED) * MINUTES_A_QUESTION


def foreseen(graph: Graph, values: Mapping[str, Any], product: Product) -> Foreseen:
    """Walk the book with these values and write down each action. No answer is looked up: every step succeeds, every vote approves."""
    actions: list[Action] = []
    answered = {name for node in graph.nodes.values() for name in (*node.out_args, *node.outputs)}

    def watch(node: Node, variables: Mapping[str, Any]) -> None:
        if len(actions) < MOST_ACTIONS:
            seen = seen_from(node, variables)
            actions.extend(_actions(node, {**seen, **{name: AN_ANSWER for name in answered if seen.get(name) in (None, "")}}, product))

    given = {name: value for name, value in values.items() if takes(graph, name)}
    walk = simulate(graph, Inputs(given), watch=watch, most_work=MOST_WORK)
    outcome = UNDECIDED if walk.outcome == STOPPED and walk.asked else walk.outcome
    reason = walk.reason if outcome in (UNDECIDED, STOPPED, FAILED) else ""
    return Foreseen(outcome, reason, walk.seconds, tuple(actions[:MOST_ACTIONS]))


def _actions(node: Node, values: Mapping[str, Any], product: Product) -> list[Action]:
    if node.kind == BOOK:
        return [Action(node.id, node.name, CALLED, node.callee, asks=_asked(node, values))]
    made = []
    for number, (command, target) in enumerate(node.units()):
        on = (node.targets[target].name,) if node.targets else ()
        made.append(_action(node, node.commands[command], on, values, product, _asked(node, values) if number == 0 else ""))
    return made


def _asked(node: Node, values: Mapping[str, Any]) -> str:
    return _filled(node.asking.title, values) if node.asking else ""


def _filled(text: str, values: Mapping[str, Any]) -> str:
    """A text with its values; one that lacks a value stands as the book has it."""
    try:
        return filled_for("text", text, values)[:MOST_SHOWN]
    except (UndefinedVariable, UnfitValue, ValueError):
        return text[:MOST_SHOWN]


def _action(node: Node, command: Command, on: tuple[str, ...], values: Mapping[str, Any], product: Product, asks: str) -> Action:
    here: dict[str, Any] = {"step": node.id, "name": _filled(node.name, values), "asks": asks}
    missing = [name for text in (command.text, command.content, *node.arguments.values()) for name in names_in(text) if name not in values]
    problem = f"{missing[0]} has no value" if missing else ""
    if command.kind == "local-action":
        return Action(**here, kind=LOCAL, action=command.text.strip(), problem=problem)
    if command.kind not in ("http-api", "openc2-http", "openc2"):
        return Action(**here, kind=PERSON, action=command.kind, targets=on, problem=problem)
    try:
        method, path = start_line(command, values)
    except CannotRender as error:
        method, path, problem = command.text.partition(" ")[0], "", str(error)
    category = node.agent.category if node.agent else ""
    known = product(category, method, path) if command.kind == "http-api" else None
    if known is None:
        touched = on or ((node.agent.name,) if node.agent else ())
        changes = method not in ("GET", "HEAD")
        return Action(**here, kind=REQUEST, action=f"{command.kind} {method}", targets=touched, changes=changes, problem=problem)
    told = _filled(node.asking.touches, values) if node.asking and node.asking.touches else known.touches
    more: dict[str, Any] = {
        "targets": tuple(one for one in known.targets if one != AN_ANSWER),
        "changes": known.effect != "read",
        "touches": told[:MOST_SHOWN],
        "undo": known.undo,
    }
    return Action(**here, kind=PRODUCT, action=known.name, **more, problem=problem)
