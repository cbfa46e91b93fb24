"""What a drawing says, as a graph: nodes that do something, divide the way, or both, and the ways between them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from playbooks.definition.bpmn.words import key_of

# How a node divides: one of its ways, all, any that apply, or the way for success and the one for failure.
ONE, EVERY, SOME, ATTEMPT = "one", "every", "some", "attempt"
# What a node does: nothing, a person's work, a call of another playbook, a wait for a time, an end.
NOTHING, WORK, CALL, DELAY, END = "", "work", "call", "delay", "end"


@dataclass(frozen=True)
class Left:
    """What the draft does not carry, or carries otherwise than it was drawn."""

    id: str
    element: str
    name: str
    reason: str


@dataclass
class Way:
    """A way out of a node. `key` is the answer that chooses it, `label` what the drawing calls it."""

    target: str
    label: str = ""
    condition: str = ""
    default: bool = False
    always: bool = False
    key: str = ""


@dataclass
class Node:
    """One node. `id` is unique in the graph, `source` the id that the drawing gives."""

    id: str
    source: str
    element: str
    name: str
    does: str = NOTHING
    divides: str = ""
    ways: list[Way] = field(default_factory=list)
    description: str = ""
    question: str = ""
    group: str = ""
    wait: int = 0  # milliseconds: of a DELAY, or after which an ATTEMPT has failed
    callee: str = ""
    joins: bool = False  # a parallel gateway where several ways meet

    @property
    def targets(self) -> list[str]:
        """Where its ways lead, each place once."""
        return list(dict.fromkeys(way.target for way in self.ways))

    @property
    def asks(self) -> bool:
        """Whether a person decides here."""
        return self.divides in (ONE, SOME) and len(self.targets) > 1


@dataclass
class Flow:
    """A whole drawing: where it begins, and what was left out while it was read."""

    name: str
    namespace: str
    key: str  # names the drawing in the ids of steps
    source: str
    description: str
    start: str
    nodes: dict[str, Node]
    left: dict[Left, None]  # in order, each once

    def leave(self, node: Node, reason: str) -> None:
        """Write down what the draft does not carry."""
        self.left[Left(node.source, node.element, node.name, reason)] = None


def give_keys(node: Node) -> None:
    """A key for each way that has none, told apart from the others."""
    taken = {way.key for way in node.ways}
    for number, way in enumerate(node.ways, 1):
        if not way.key:
            key = key_of(way.label) or key_of(way.condition) or ("otherwise" if way.default else f"way_{number}")
            key = "by_default" if key == "default" else key  # a switch has a use for that word
            way.key = key if key not in taken else f"{key[:30]}_{number}"
            taken.add(way.key)


def reachable(ways: dict[str, list[str]], starts: Iterable[str], without: Iterable[str] = ()) -> set[str]:
    """The nodes that the starts lead to, themselves included, on ways that avoid some."""
    seen = set(without)
    todo = [one for one in starts if one not in seen]
    found: set[str] = set()
    while todo:
        one = todo.pop()
        if one in seen or one not in ways:
            continue
        seen.add(one)
        found.add(one)
        todo.extend(ways[one])
    return found


def circles(ways: dict[str, list[str]]) -> list[set[str]]:
    """The strongly connected parts that hold a way back (Tarjan), each as its nodes."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on: set[str] = set()
    found: list[set[str]] = []
    for root in ways:
        if root in number:
            continue
        work = [(root, iter(ways[root]))]
        number[root] = low[root] = len(number)
        stack.append(root)
        on.add(root)
        while work:
            one, rest = work[-1]
            for to in rest:
                if to not in ways:
                    continue
                if to not in number:
                    number[to] = low[to] = len(number)
                    stack.append(to)
                    on.add(to)
                    work.append((to, iter(ways[to])))
                    break
                if to in on:
                    low[one] = min(low[one], number[to])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[one])
                if low[one] == number[one]:
                    part = set()
                    while True:
                        last = stack.pop()
                        on.discard(last)
                        part.add(last)
                        if last == one:
                            break
                    if len(part) > 1 or one in ways[one]:
                        found.append(part)
    return found
