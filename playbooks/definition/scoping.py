"""What a step sees of the variables, and where what it returns is kept. Pure.

A run keeps all its variables in one dictionary: those of the book under their names, those of a step under `<step>/<name>`.
What a block declares counts in its branches too: a variable's scope is its object and what that uses or refers to (CACAO 2.0, 10.18.1).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from playbooks.definition.graph import Graph, Node
from playbooks.definition.values import Value, WrongType, typed


def kept_as(node: Node, name: str) -> str:
    """The key of a variable that a step returns: where it or a block around it declares the name, theirs, the innermost first."""
    return f"{node.scope[name][0]}/{name}" if name in node.scope else name


def seen_from(node: Node, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Every value that the step sees, by name; variables without a value are left out."""
    seen = {name: value for name, value in variables.items() if value is not None and name.startswith("__")}
    for name, (_, one) in node.scope.items():
        value = variables.get(kept_as(node, name), one.value)
        if value is None:
            seen.pop(name, None)
        else:
            seen[name] = value
    return seen


class Meant(Mapping[str, Value]):
    """What the step sees, each value by the type of its variable, so that "9" of an integer is 9; typed when it is asked for.
    A value that is none of its type stays what it is.
    """

    def __init__(self, node: Node, graph: Graph, variables: Mapping[str, Any]) -> None:
        self.node, self.graph, self.variables = node, graph, variables

    def __getitem__(self, name: str) -> Value:
        _, own = self.node.scope.get(name, ("", None))
        value = self.variables.get(kept_as(self.node, name), own.value if own else None)
        if value is None:
            raise KeyError(name)
        one = own or self.graph.variables.get(name)
        try:
            return typed(one.kind, value) if one else value
        except WrongType:
            return value  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[str]:
        return iter(seen_from(self.node, self.variables))

    def __len__(self) -> int:
        return len(seen_from(self.node, self.variables))


def anew(node: Node, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The variables when the step is entered: its own begin again as the book has them."""
    own = {f"{node.id}/{name}" for name in node.variables}
    return {name: value for name, value in variables.items() if name not in own} if own else dict(variables)


def returned(node: Node, graph: Graph, values: Mapping[str, Any]) -> dict[str, Any]:
    """What a step returns, by the keys under which it is kept. Constants stay what they are."""
    declared = {**graph.variables, **{name: one for name, (_, one) in node.scope.items()}}
    return {kept_as(node, name): value for name, value in values.items() if not (name in declared and declared[name].constant)}


def of_the_book(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The variables of the book alone."""
    return {name: value for name, value in variables.items() if name.startswith("__")}


def handed(names: Iterable[str], seen: Mapping[str, Any]) -> dict[str, Any]:
    """What a step hands to another book: its `in_args`, by name."""
    return {name: seen[name] for name in names if name in seen}
