"""Laying out the graph of a book: boxes in columns and lanes, and the lines between them. Pure."""

from dataclasses import dataclass

from playbooks.definition.graph import DEFAULT_CASE, END, PARALLEL, Graph, Node

WIDTH, HEIGHT = 144, 62
COLUMN, LANE = 164, 82
MARGIN = 4
WAYS = {"on_true": "yes", "on_false": "no"}


@dataclass(frozen=True)
class Box:
    """One step's place, its upper left corner, in pixels."""

    id: str
    x: int
    y: int
    width: int = WIDTH
    height: int = HEIGHT


@dataclass(frozen=True)
class Edge:
    """One line from a box to another, as an SVG path; `way` is next, yes, no or failure."""

    source: str
    target: str
    way: str
    path: str


@dataclass(frozen=True)
class Drawing:
    """A laid-out graph and the size that it needs."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]


def drawn(graph: Graph) -> Drawing:
    """The graph from left to right: the way of success on the first lane, each branch and each way of failure on one of its own.

    The end of a branch has no box: its last step leads to what follows the step that opened it.
    """
    layout = _Layout(graph)
    layout.chain(graph.start, 0, None)
    if graph.exception and graph.exception not in layout.at:
        layout.chain(graph.exception, 1, None)
    boxes = {step: Box(step, MARGIN + column * COLUMN, MARGIN + lane * LANE) for step, (column, lane) in layout.at.items()}
    edges = tuple(Edge(a, b, way, _path(boxes[a], boxes[b])) for a, b, way in layout.lines if a in boxes and b in boxes)
    width = max((box.x + box.width for box in boxes.values()), default=0) + MARGIN
    height = max((box.y + box.height for box in boxes.values()), default=0) + MARGIN
    return Drawing(width, height, tuple(boxes.values()), edges)


def depths_of(graph: Graph) -> dict[str, int]:
    """How many blocks each step stands in: 0 for the steps of the book itself."""
    depths: dict[str, int] = {}
    todo = [(graph.exception, 0), (graph.start, 0)]
    while todo:
        step, depth = todo.pop()
        if not step or step in depths or step not in graph.nodes:
            continue
        depths[step] = depth
        node = graph.nodes[step]
        todo += [(node.on_failure, depth), (node.next, depth), *((to, depth + 1) for _, to in node.branches())]
    return depths


class _Layout:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.at: dict[str, tuple[int, int]] = {}
        self.taken: dict[int, list[tuple[int, int]]] = {}  # lane -> stretches of columns
        self.lines: list[tuple[str, str, str]] = []

    def chain(self, first: str, column: int, back_to: str | None) -> int:
        """Place steps from `first` along success, then what hangs on them. Returns the column after the last one."""
        steps: list[str] = []
        columns: dict[str, int] = {}
        hanging: list[tuple[str, int]] = []
        step = first
        while step and step not in self.at and step not in columns:
            node = self.graph.nodes[step]
            if node.kind == END and back_to is not None:
                break
            steps.append(step)
            columns[step] = column
            column += 1
            for _, branch in node.branches():
                column = max(column, columns[step] + 1 + self._length(branch))
            if node.on_failure:
                hanging.append((node.on_failure, columns[step] + 1))
            step = node.next
        if not steps:
            return column
        lane = self._lane(columns[steps[0]], column)
        self.at |= {one: (columns[one], lane) for one in steps}
        for one in steps:
            self._ways(one, columns[one], back_to)
        for failure, start in hanging:
            self.chain(failure, start, None)
        return column

    def _ways(self, one: str, column: int, back_to: str | None) -> None:
        node = self.graph.nodes[one]
        after = node.next
        if after and self.graph.nodes[after].kind == END and back_to is not None:
            after = back_to
        for key, branch in node.branches():
            is_empty = self.graph.nodes[branch].kind == END
            self.lines.append((one, after if is_empty else branch, WAYS.get(key, "next")))
            if not is_empty:
                self.chain(branch, column + 1, node.next)
        if after and not _always_branches(node):
            self.lines.append((one, after, "no" if node.on_true else "next"))
        if node.on_failure and node.on_failure != node.next:
            self.lines.append((one, node.on_failure, "failure"))

    def _length(self, step: str) -> int:
        """How many columns a branch takes, with the branches in it."""
        seen: set[str] = set()
        columns = 0
        while step and step not in seen and self.graph.nodes[step].kind != END:
            seen.add(step)
            node = self.graph.nodes[step]
            columns += 1 + max((self._length(branch) for _, branch in node.branches()), default=0)
            step = node.next
        return columns

    def _lane(self, begin: int, end: int) -> int:
        """The first lane that is free over these columns."""
        lane = 0
        while any(begin < until and start < end for start, until in self.taken.get(lane, [])):
            lane += 1
        self.taken.setdefault(lane, []).append((begin, end))
        return lane


def _always_branches(node: Node) -> bool:
    """Whether every way on leads through a branch."""
    return node.kind == PARALLEL or DEFAULT_CASE in node.cases or bool(node.on_true and node.on_false)


def _path(source: Box, target: Box) -> str:
    """A line with rounded bends, from the middle of the right side to the middle of the left side."""
    x1, y1 = source.x + source.width, source.y + source.height // 2
    x2, y2 = target.x, target.y + target.height // 2
    if y1 == y2:
        return f"M{x1} {y1}H{x2}"
    bend = x2 - (COLUMN - WIDTH) // 2 if y2 < y1 else x1 + (COLUMN - WIDTH) // 2
    down = 6 if y2 > y1 else -6
    return f"M{x1} {y1}H{bend - 6}Q{bend} {y1} {bend} {y1 + down}V{y2 - down}Q{bend} {y2} {bend + 6} {y2}H{x2}"
