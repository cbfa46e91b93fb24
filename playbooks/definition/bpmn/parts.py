"""A part of a graph while it is made into blocks: its ways, its loops seen as single nodes, and where its branches meet."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from playbooks.definition.bpmn.blocks import LEAVE
from playbooks.definition.bpmn.flow import reachable

Ways = dict[str, list[tuple[int, str]]]  # node -> (number of the way, where it leads), within the part at hand


@dataclass(frozen=True)
class Loop:
    """A part that leads back to its head, seen from outside as one node."""

    head: str
    inside: frozenset[str]
    exits: tuple[tuple[str, int, int], ...]  # from, number of the way, and of the loop's own way out


@dataclass
class Part:
    """A part of the graph without circles: loops stand in it as single nodes. `join` is each node's post-dominator."""

    ways: Ways
    loops: dict[str, Loop] = field(default_factory=dict)
    join: dict[str, str] = field(default_factory=dict)

    def targets(self, node: str) -> list[str]:
        """Where a node leads, each place once."""
        return list(dict.fromkeys(to for _, to in self.ways[node]))

    def reach(self, starts: Iterable[str], stop: str) -> set[str]:
        """What the starts lead to before `stop`."""
        return reachable({one: [to for _, to in ways] for one, ways in self.ways.items()}, starts, {stop, LEAVE})

    def rejoin(self) -> None:
        """Find each node's nearest post-dominator; LEAVE is everybody's last."""
        depth = {LEAVE: 0}
        for node in self._backwards():
            join = ""
            for number, to in enumerate(self.targets(node) or [LEAVE]):
                join = to if number == 0 else self._meet(join, to, depth)
            self.join[node], depth[node] = join, depth[join] + 1

    def _meet(self, one: str, other: str, depth: dict[str, int]) -> str:
        while one != other:
            if depth[one] >= depth[other]:
                one = self.join[one]
            else:
                other = self.join[other]
        return one

    def _backwards(self) -> list[str]:
        """Every node after all that it leads to."""
        order: list[str] = []
        seen: set[str] = {LEAVE}
        for root in self.ways:
            work = [(root, iter(self.targets(root)))] if root not in seen else []
            seen.add(root)
            while work:
                node, rest = work[-1]
                to = next((one for one in rest if one not in seen), None)
                if to is None:
                    order.append(node)
                    work.pop()
                else:
                    seen.add(to)
                    work.append((to, iter(self.targets(to))))
        return order


@dataclass(frozen=True)
class Place:
    """Where blocks are being built: how deep, whether inside a loop, under which set of answers, and a question already asked."""

    depth: int = 0
    looping: bool = False
    scope: str = ""
    asked: str = ""

    def deeper(self, scope: str | None = None) -> "Place":
        """One level in."""
        return Place(self.depth + 1, self.looping, self.scope if scope is None else scope)

    def again(self, asked: str = "") -> "Place":
        """One level in, inside a loop."""
        return Place(self.depth + 1, True, self.scope, asked)
