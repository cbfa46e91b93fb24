"""A draft as it is looked at, however unfinished: its graph, its steps in order, and which field of which form a finding is about."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from playbooks.definition.editing.edits import BOOK, EXCEPTION, VARIABLES, fields_at
from playbooks.definition.editing.fields import Field
from playbooks.definition.editing.parts import GROUPS
from playbooks.definition.editing.ways import branch_name, name_of
from playbooks.definition.graph import STEP_TYPES, Graph, Node
from playbooks.definition.reaching import FLOW, Reach, openings
from playbooks.definition.shapes import held, words


def sketch(document: Mapping[str, Any]) -> Graph:
    """The graph of any document: ways that lead nowhere are left out, and so is what a graph cannot hold."""
    reach = Reach(document)
    known = {key: step for key, step in reach.workflow.items() if step.get("type") in STEP_TYPES}

    def to(step: Any) -> str:
        return step if isinstance(step, str) and step in known else ""

    nodes = {}
    for key, step in known.items():
        ways = {way: to(step.get(way)) for way in FLOW}
        branches = {place: to(first) for place, first in openings(step)}
        nodes[key] = Node(
            id=key,
            kind=str(step["type"]),
            name=name_of(step, key),
            next=ways["on_success"] or ways["on_completion"],
            on_failure=ways["on_failure"],
            on_true=branches.get(("on_true",), ""),
            on_false=branches.get(("on_false",), ""),
            cases={str(place[1]): first for place, first in branches.items() if place[0] == "cases" and first},
            next_steps=tuple(first for place, first in branches.items() if place[0] == "next_steps" and first),
        )
    start, exception = to(document.get("workflow_start")), to(document.get("workflow_exception"))
    return Graph(words(document.get("id")), words(document.get("name")), "", start, exception, nodes, {})


@dataclass(frozen=True)
class Line:
    """One step in the list beside the graph: how deep in blocks, and in which branch it is the first."""

    id: str
    name: str
    kind: str
    depth: int
    branch: str
    reached: bool


def outline(document: Mapping[str, Any]) -> Iterator[Line]:
    """Every step once, in the order in which a run comes to them; what no way reaches comes last."""
    reach, graph = Reach(document), sketch(document)
    first = {to: branch_name(step, place) for step in reach.workflow.values() for place, to in openings(step)}
    order = graph.order() if graph.start or graph.exception else []
    for key in [*order, *(key for key in reach.workflow if key not in order)]:
        owner = reach.owner.get(key)
        step = reach.workflow[key]
        yield Line(key, name_of(step, key), str(step.get("type")), owner.depth if owner else 0, first.get(key, ""), owner is not None)


def place_of(document: Mapping[str, Any], pointer: str) -> tuple[str, str]:
    """The part and the field that a finding is about; an empty field where it is about the part as a whole."""
    tokens = [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]
    head, key = [*tokens, "", ""][:2]
    if head == "workflow" and key in held(document.get("workflow")):
        part, rest = key, pointer.removeprefix(f"/workflow/{pointer.split('/')[2]}")
    elif head in GROUPS and key in held(document.get(head)):
        part, rest = f"{head}/{key}", pointer.removeprefix(f"/{head}/{pointer.split('/')[2]}")
    else:
        part, rest = {"playbook_variables": VARIABLES, "workflow_exception": EXCEPTION}.get(head, BOOK), pointer
    return part, field_of(fields_at(document, part), rest)


def field_of(fields: list[Field], rest: str) -> str:
    """The name of the field that shows what a pointer below its object points to: the one that is nearest."""
    fits = [(len(at), one.name) for one in fields for at in one.at if rest == at or rest.startswith(f"{at}/")]
    below = [(-len(at), one.name) for one in fields for at in one.at if rest and at.startswith(f"{rest}/")]
    return max(fits or below or [(0, "")])[1]
