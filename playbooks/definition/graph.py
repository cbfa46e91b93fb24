"""The graph of a playbook: what a run walks. Block-structured: a branch ends at its own end and returns to the step that opened it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

START, END, ACTION, IF = "start", "end", "action", "if-condition"

# Our own additions to a step stand under this extension.
EXTENSION = "extension-definition--5b4a1c0e-7d0f-4a4e-9f3b-6f1d2c8e7a90"


@dataclass(frozen=True)
class Command:
    """One command: `http-api` (the start line of a request), `manual` (what a person does), `local-action` (on the subject)."""

    kind: str
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)
    content: str = ""


@dataclass(frozen=True)
class Agent:
    """Who carries commands out; `category` finds the agency's connector."""

    id: str
    kind: str
    name: str
    category: str = ""


@dataclass(frozen=True)
class Asking:
    """What a step asks of people before it acts."""

    title: str
    touches: str = ""


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
    commands: tuple[Command, ...] = ()
    agent: Agent | None = None
    delay_ms: int = 0
    timeout_ms: int = 0
    asking: Asking | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)  # variable -> name of the output

    @property
    def command(self) -> Command | None:
        """The command of an action. One a step, for now."""
        return self.commands[0] if self.commands else None


@dataclass(frozen=True)
class VariableDefinition:
    """A declared variable; `value` is None while nobody gave it one."""

    name: str
    kind: str
    value: str | None
    constant: bool
    external: bool


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

    def order(self) -> list[str]:
        """Every step once, along the way that success takes, branches before what follows them."""
        seen: list[str] = []

        def walk(step: str) -> None:
            while step and step in self.nodes and step not in seen:
                seen.append(step)
                node = self.nodes[step]
                for branch in (node.on_true, node.on_false):
                    walk(branch)
                if node.on_failure:
                    walk(node.next)
                    step = node.on_failure
                else:
                    step = node.next

        walk(self.start)
        walk(self.exception)
        return seen


def compiled(document: Mapping[str, Any]) -> Graph:
    """The graph of a checked document (`checking.check` found no error). Raises KeyError or TypeError for an unchecked one."""
    agents = {
        key: Agent(key, one["type"], one.get("name", ""), (one.get("category") or [""])[0])
        for key, one in document.get("agent_definitions", {}).items()
    }
    nodes = {key: _node(key, step, agents) for key, step in document["workflow"].items()}
    variables = {
        name: VariableDefinition(
            name,
            one["type"],
            None if one.get("value") is None else str(one["value"]),
            bool(one.get("constant", False)),
            bool(one.get("external", False)),
        )
        for name, one in document.get("playbook_variables", {}).items()
    }
    return Graph(
        id=document["id"],
        name=document["name"],
        description=document.get("description", ""),
        start=document["workflow_start"],
        exception=document.get("workflow_exception", ""),
        nodes=nodes,
        variables=variables,
    )


def _node(key: str, step: Mapping[str, Any], agents: Mapping[str, Agent]) -> Node:
    ours = step.get("step_extensions", {}).get(EXTENSION, {})
    asking = ours.get("approval")
    return Node(
        id=key,
        kind=step["type"],
        name=step.get("name") or {"start": "Start", "end": "End"}.get(step["type"], key),
        description=step.get("description", ""),
        next=step.get("on_success") or step.get("on_completion", ""),
        on_failure=step.get("on_failure", ""),
        condition=step.get("condition", ""),
        on_true=step.get("on_true", ""),
        on_false=step.get("on_false", ""),
        commands=tuple(
            Command(
                kind=one["type"],
                text=one.get("command", ""),
                headers={name: ", ".join(value) for name, value in one.get("headers", {}).items()},
                content=one.get("content", ""),
            )
            for one in step.get("commands", [])
        ),
        agent=agents.get(step.get("agent", "")),
        delay_ms=int(step.get("delay", 0)),
        timeout_ms=int(step.get("timeout", 0)),
        asking=Asking(asking["title"], asking.get("touches", "")) if asking else None,
        arguments=ours.get("arguments", {}),
        outputs=ours.get("outputs", {}),
    )
