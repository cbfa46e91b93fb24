"""The graph of a playbook: what a run walks. Block-structured: a branch ends at its own end and returns to the step that opened it."""

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

START, END, ACTION, BOOK = "start", "end", "action", "playbook-action"
IF, WHILE, SWITCH, PARALLEL = "if-condition", "while-condition", "switch-condition", "parallel"
STEP_TYPES = (START, END, ACTION, BOOK, PARALLEL, IF, WHILE, SWITCH)
BLOCKS = (PARALLEL, IF, WHILE, SWITCH)
# The case of a switch that is taken when no other fits.
DEFAULT_CASE = "default"

# Our own additions to a step stand under this extension.
EXTENSION = "extension-definition--5b4a1c0e-7d0f-4a4e-9f3b-6f1d2c8e7a90"

# What a loop may take where its book does not say: rounds, and seconds from the first (thirty days).
MOST_ROUNDS = 1000
MOST_SECONDS = 30 * 86400


@dataclass(frozen=True)
class Command:
    """One command, of an open list of kinds: `manual` (what a person does), `http-api` and `openc2-http` (the start line of a
    request), `local-action` (on the subject); any other is shown to a person, or given to an agent that the agency registered."""

    kind: str
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)
    content: str = ""


@dataclass(frozen=True)
class Agent:
    """Who carries commands out, or on what. `category` finds the agency's connector; `address` says where it is, by kind of address."""

    id: str
    kind: str
    name: str
    category: str = ""
    address: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    port: str = ""


@dataclass(frozen=True)
class Asking:
    """What a step asks of people before it acts, and of how many of the watch floor."""

    title: str
    touches: str = ""
    votes: int = 1


@dataclass(frozen=True)
class Budget:
    """What a loop may take at most: rounds, and seconds from its beginning. Over either, the run is stopped."""

    rounds: int = MOST_ROUNDS
    seconds: float = MOST_SECONDS


@dataclass(frozen=True)
class VariableDefinition:
    """A declared variable; `value` is None while nobody gave it one."""

    name: str
    kind: str
    value: Any
    constant: bool
    external: bool


@dataclass(frozen=True)
class Node:
    """One step."""

    id: str
    kind: str
    name: str
    description: str = ""
    next: str = ""  # on_completion, or on_success where that is given
    on_failure: str = ""
    condition: str = ""
    on_true: str = ""
    on_false: str = ""
    switch: str = ""  # the name of the variable
    cases: Mapping[str, str] = field(default_factory=dict)
    next_steps: tuple[str, ...] = ()
    commands: tuple[Command, ...] = ()
    agent: Agent | None = None
    targets: tuple[Agent, ...] = ()
    callee: str = ""
    callee_version: str = ""
    in_args: tuple[str, ...] = ()
    out_args: tuple[str, ...] = ()
    variables: Mapping[str, VariableDefinition] = field(default_factory=dict)  # of this step and of what its branches hold
    scope: Mapping[str, tuple[str, VariableDefinition]] = field(default_factory=dict)  # those and the ones of blocks around, by owner
    delay_ms: int = 0
    timeout_ms: int = 0
    asking: Asking | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)  # variable -> name of the output
    budget: Budget = Budget()
    undo_after: float = 0  # seconds after which what it did is taken back by itself; 0: a person takes it back

    @property
    def command(self) -> Command | None:
        """The first command of an action."""
        return self.commands[0] if self.commands else None

    @property
    def is_block(self) -> bool:
        """Whether the step opens branches."""
        return self.kind in BLOCKS

    def branches(self) -> Iterator[tuple[str, str]]:
        """The branches that the step can open: key and first step, in the book's order."""
        if self.on_true:
            yield "on_true", self.on_true
        if self.on_false:
            yield "on_false", self.on_false
        yield from self.cases.items()
        for number, step in enumerate(self.next_steps):
            yield str(number), step

    def units(self) -> list[tuple[int, int]]:
        """Every command on every target, in order, as (command, target) counted from 0: each is carried out and recorded by itself."""
        return [(command, target) for command in range(len(self.commands)) for target in range(max(1, len(self.targets)))]


@dataclass(frozen=True)
class Graph:
    """A compiled playbook."""

    id: str
    name: str
    description: str
    start: str
    exception: str
    nodes: Mapping[str, Node]
    variables: Mapping[str, VariableDefinition]
    priority: int = 0  # 1 is the highest, 100 the lowest, 0 says nothing (CACAO 2.0, 3.1)

    def order(self) -> list[str]:
        """Every step once, along the way that success takes, branches before what follows them."""
        seen: list[str] = []
        known: set[str] = set()
        todo = [self.exception, self.start]
        while todo:
            step = todo.pop()
            if not step or step in known or step not in self.nodes:
                continue
            known.add(step)
            seen.append(step)
            node = self.nodes[step]
            todo += [node.on_failure, node.next, *(to for _, to in reversed(list(node.branches())))]
        return seen


def compiled(document: Mapping[str, Any]) -> Graph:
    """The graph of a checked document (`checking.check` found no error). Raises KeyError or TypeError for an unchecked one."""
    agents = {key: _agent(key, one) for some in ("agent_definitions", "target_definitions") for key, one in document.get(some, {}).items()}
    nodes = {key: _node(key, step, agents) for key, step in document["workflow"].items()}
    start, exception = document["workflow_start"], document.get("workflow_exception", "")
    return Graph(
        id=document["id"],
        name=document["name"],
        description=document.get("description", ""),
        start=start,
        exception=exception,
        nodes=_scoped(nodes, (start, exception)) if any(one.variables for one in nodes.values()) else nodes,
        variables=_variables(document.get("playbook_variables", {})),
        priority=int(document.get("priority", 0)),
    )


def _scoped(nodes: Mapping[str, Node], roots: Iterable[str]) -> dict[str, Node]:
    """The steps with the step variables that they see: their own, and those of the blocks whose branches they stand in."""
    found = dict(nodes)
    seen: set[str] = set()
    todo: list[tuple[str, Mapping[str, tuple[str, VariableDefinition]]]] = [(root, {}) for root in roots]
    while todo:
        step, around = todo.pop()
        if step in seen or step not in nodes:
            continue
        seen.add(step)
        node = nodes[step]
        scope = {**around, **{name: (step, one) for name, one in node.variables.items()}}
        found[step] = replace(node, scope=scope) if scope else node
        todo += [(to, around) for to in (node.next, node.on_failure)] + [(to, scope) for _, to in node.branches()]
    return found


def _variables(declared: Mapping[str, Any]) -> dict[str, VariableDefinition]:
    return {
        name: VariableDefinition(name, one["type"], one.get("value"), bool(one.get("constant", False)), bool(one.get("external", False)))
        for name, one in declared.items()
    }


def _agent(key: str, one: Mapping[str, Any]) -> Agent:
    address = {kind: tuple(str(part) for part in some) for kind, some in one.get("address", {}).items()}
    return Agent(key, one["type"], one.get("name", ""), (one.get("category") or [""])[0], address, str(one.get("port", "")))


def _decoded(one: Mapping[str, Any], name: str) -> str:
    """A text of a command, given as it is or in base64. What is no text stays in base64, to be shown."""
    if one.get(name):
        return str(one[name])
    raw = str(one.get(f"{name}_b64", ""))
    try:
        return base64.b64decode(raw, validate=True).decode()
    except (binascii.Error, ValueError):
        return raw


def _command(one: Mapping[str, Any]) -> Command:
    headers = {name: ", ".join(value) if isinstance(value, list) else str(value) for name, value in one.get("headers", {}).items()}
    return Command(kind=one["type"], text=_decoded(one, "command"), headers=headers, content=_decoded(one, "content"))


def _node(key: str, step: Mapping[str, Any], agents: Mapping[str, Agent]) -> Node:
    ours = step.get("step_extensions", {}).get(EXTENSION, {})
    asking, budget = ours.get("approval"), ours.get("budget", {})
    return Node(
        id=key,
        kind=step["type"],
        name=step.get("name") or {START: "Start", END: "End"}.get(step["type"], key),
        description=step.get("description", ""),
        next=step.get("on_success") or step.get("on_completion", ""),
        on_failure=step.get("on_failure", ""),
        condition=step.get("condition", ""),
        on_true=step.get("on_true", ""),
        on_false=step.get("on_false", ""),
        switch=step.get("switch", "").removesuffix(":value"),
        cases=step.get("cases", {}),
        next_steps=tuple(step.get("next_steps", ())),
        commands=tuple(_command(one) for one in step.get("commands", [])),
        agent=agents.get(step.get("agent", "")),
        targets=tuple(agents[one] for one in step.get("targets", []) if one in agents),
        callee=step.get("playbook_id", ""),
        callee_version=step.get("playbook_version", ""),
        in_args=tuple(_names(step.get("in_args", ()))),
        out_args=tuple(_names(step.get("out_args", ()))),
        variables=_variables(step.get("step_variables", {})),
        delay_ms=int(step.get("delay", 0)),
        timeout_ms=int(step.get("timeout", 0)),
        asking=Asking(asking["title"], asking.get("touches", ""), int(asking.get("votes", 1))) if asking else None,
        arguments=ours.get("arguments", {}),
        outputs=ours.get("outputs", {}),
        undo_after=float(ours.get("undo_after", 0)),
        budget=Budget(int(budget.get("iterations", MOST_ROUNDS)), float(budget.get("seconds", MOST_SECONDS))),
    )


def _names(args: Any) -> Iterator[str]:
    """Names of arguments; some books write them as references."""
    return (str(one).removesuffix(":value") for one in args)
