"""The walk through a playbook: `decide` says each move, virtual time passes, the given answers stand for the world. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any

from playbooks.decide import Place, Standing, decide, late
from playbooks.definition.conditions import ConditionSyntax, read, variables_of
from playbooks.definition.graph import BOOK, END, Graph, Node
from playbooks.definition.scoping import Meant, anew, returned
from playbooks.definition.values import text_of
from playbooks.moves import Arm, AskWhich, Break, Close, Delay, Finish, Open, Pass, Plan, Rescue, Settle
from playbooks.simulation.inputs import FAILURE, SUCCESS, TIMEOUT, Answer, Answering, Inputs, takes

COMPLETED, FAILED, STOPPED = "completed", "failed", "stopped"

# No file may keep a simulation busy: what it may take at most, in steps entered, in moves' worth of work and in virtual time.
MOST_STEPS = 100_000
MOST_WORK = 500_000
MOST_SECONDS = 10 * 366 * 86400.0
# What a step may take that says no timeout of its own and never answers (CACAO 2.0 4.1 leaves it to the engine).
LONGEST_SECONDS = 86400.0
LETTERS = 20  # of what a condition reads that count as much as a move


@dataclass
class Entry:
    """A step was entered: for the nth time, when (seconds of virtual time), and how it came out."""

    step: str
    iteration: int
    at: float
    outcome: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Walk:
    """How a simulation went. `seconds` is the virtual time that it took."""

    outcome: str
    reason: str
    steps: tuple[Entry, ...]
    variables: Mapping[str, Any]
    seconds: float
    asked: bool = False  # it stopped because a person must decide


@dataclass
class _Frame:
    """A block that is open: where it stands, when it is there, and what the time of the blocks around it allows."""

    opener: str
    cursor: str
    now: float
    limit: float
    visits: dict[str, int] = field(default_factory=dict)
    timers: dict[str, bool] = field(default_factory=dict)
    due: dict[str, float] = field(default_factory=dict)
    standing: Standing | None = None
    entry: Entry | None = None
    until: float = inf  # when the present step's own time is over
    pending: list[tuple[str, str]] = field(default_factory=list)  # branches that are still to be walked
    latest: float = 0.0  # when the last of its branches ended
    cut: bool = False  # a branch was still open when the time was over
    stuck: bool = False  # a branch waits for a person
    broken: str = ""


class _Stop(Exception):
    """The walk is over."""

    def __init__(self, outcome: str, reason: str) -> None:
        super().__init__(reason)
        self.outcome, self.reason = outcome, reason


Watch = Callable[[Node, Mapping[str, Any]], None]


def simulate(graph: Graph, inputs: Inputs = Inputs(), *, watch: Watch | None = None, most_work: int = MOST_WORK) -> Walk:
    """Walk a compiled playbook to its end. Always comes to one: at the latest a budget stops it.

    `watch` is told of each action and called book, with the variables as they are then, before it answers.
    """
    return _Walker(graph, inputs, watch, most_work).walk()


class _Walker:
    def __init__(self, graph: Graph, inputs: Inputs, watch: Watch | None, most_work: int) -> None:
        self.graph, self.watch, self.most_work = graph, watch, most_work
        self.answers = Answering(inputs)
        self.entries: list[Entry] = []
        self.entered: dict[str, int] = {}
        self.work = 0
        self.failed = ""
        self.asked = ""
        self.variables: dict[str, Any] = {}  # as they were written or given
        self.sizes: dict[str, int] = {}
        self.costs: dict[str, tuple[int, list[str]]] = {}
        for name, one in graph.variables.items():
            self._keep(name, inputs.variables[name] if name in inputs.variables and takes(graph, name) else one.value)
        self.frames = [_Frame("", "", 0.0, MOST_SECONDS)]

    def walk(self) -> Walk:
        outcome, reason = STOPPED, ""
        try:
            self._go(self.frames[0], self.graph.start)
            while True:
                self._move(self.frames[-1])
        except _Stop as stop:
            outcome, reason = stop.outcome, stop.reason
        for frame in self.frames:
            self._end(frame, outcome if outcome == STOPPED else FAILURE)
        told = {name: self.variables[name] for name in self.graph.variables}
        return Walk(outcome, reason, tuple(self.entries), told, self.frames[-1].now, bool(self.asked) and reason == self.asked)

    def _move(self, frame: _Frame) -> None:
        node = self.graph.nodes[frame.cursor]
        self._spend(node)
        timers = {**frame.timers, **{purpose: frame.now >= due for purpose, due in frame.due.items()}}
        place = Place(node.id, frame.visits[node.id], frame.opener, timers)
        match decide(self.graph, place, frame.standing, Meant(node, self.graph, self.variables), self.failed):
            case Delay(purpose, seconds):
                frame.timers[purpose] = True
                self._pass(frame, seconds)
            case Arm(purpose, seconds):
                self._arm(frame, purpose, seconds)
            case Plan():
                self._answer(frame, node)
            case Open(branches):
                rounds = frame.standing.rounds + 1 if frame.standing else 1
                frame.standing = Standing("started", rounds=rounds)
                frame.pending, frame.latest = list(branches), frame.now
                self._branch(frame)
            case Pass(to):
                self._end(frame, SUCCESS)
                self._go(frame, to)
            case Settle(to, detail, failed):
                self._end(frame, FAILURE if failed else SUCCESS, detail)
                self._go(frame, to)
            case Close():
                self._end(frame, SUCCESS)
                self._back(frame)
            case Break(detail):
                self._end(frame, FAILURE, detail)
                self._back(frame, broken=detail)
            case Rescue(to, detail):
                self._end(frame, FAILURE, detail)
                self.failed = detail
                self._go(frame, to)
            case AskWhich(detail):
                self.asked = self.asked or f"{node.name} needs a person: {detail}"
                self._end(frame, STOPPED)
                self._back(frame, stuck=True)
            case Finish(outcome, detail):
                if outcome == "done" or (node.kind == END and outcome == FAILED):
                    self._end(frame, SUCCESS)
                raise _Stop(COMPLETED if outcome == "done" else outcome, detail)
            case move:
                raise AssertionError(f"no such move in a simulation: {move}")

    # Time

    def _arm(self, frame: _Frame, purpose: str, seconds: float) -> None:
        frame.timers[purpose] = False
        if purpose.startswith("timeout:"):
            frame.until = frame.now + seconds
        else:
            frame.due[purpose] = frame.now + seconds

    def _pass(self, frame: _Frame, seconds: float) -> bool:
        """Let time pass; False when the time of a block around it, or of the whole simulation, was over before."""
        if frame.now + seconds <= frame.limit:
            frame.now += seconds
            return True
        frame.now = frame.limit
        if frame.limit >= MOST_SECONDS:
            raise _Stop(STOPPED, f"It takes longer than {MOST_SECONDS / 86400:g} days of virtual time")
        self._end(frame, TIMEOUT)
        self._back(frame, cut=True)
        return False

    def _spend(self, node: Node) -> None:
        """Count what the move costs: more where it reads long conditions, large values or many variables."""
        if node.id not in self.costs:
            self.costs[node.id] = len(node.condition), _read_by(node)
        letters, names = self.costs[node.id]
        many = len(self.variables) if node.scope or node.out_args else 0
        self.work += 1 + (letters + many + sum(self.sizes.get(name, 0) for name in names)) // LETTERS
        if self.work > self.most_work:
            raise _Stop(STOPPED, f"It did not come to an end within {self.most_work} moves")

    # Steps

    def _go(self, frame: _Frame, to: str) -> None:
        frame.cursor, frame.standing = to, None
        frame.timers, frame.due, frame.until = {}, {}, inf
        frame.cut, frame.stuck, frame.broken = False, False, ""
        frame.visits[to] = frame.visits.get(to, 0) + 1
        self.entered[to] = self.entered.get(to, 0) + 1
        frame.entry = Entry(to, self.entered[to], frame.now)
        self.entries.append(frame.entry)
        if len(self.entries) > MOST_STEPS:
            raise _Stop(STOPPED, f"It did not come to an end within {MOST_STEPS} steps")
        if self.graph.nodes[to].variables:
            self.variables = anew(self.graph.nodes[to], self.variables)

    def _end(self, frame: _Frame, outcome: str, detail: str = "") -> None:
        """How the present step came out; what was said first counts."""
        if frame.entry is not None and not frame.entry.outcome:
            frame.entry.outcome, frame.entry.detail = outcome, detail or frame.entry.detail

    def _answer(self, frame: _Frame, node: Node) -> None:
        """The next answer of the step stands for all its commands on all its targets, approvals among them."""
        if self.watch is not None:
            self.watch(node, self.variables)
        answer = self.answers.next(node.id)
        kind = "book" if node.kind == BOOK else "manual"
        unit = node.units()[-1] if node.commands else (0, 0)
        if answer.outcome == TIMEOUT:
            if not self._pass(frame, node.timeout_ms / 1000 if node.timeout_ms else LONGEST_SECONDS):
                return
            self._end(frame, TIMEOUT, late(node))
            frame.standing = Standing("failed", kind=kind, unit=unit, broken=late(node))
        elif answer.outcome == FAILURE:
            frame.standing = Standing("failed", kind=kind, unit=unit)
        else:
            frame.standing = Standing("ok", kind=kind, unit=unit)
            if node.undo_after and frame.entry is not None:
                frame.entry.detail = f"It would be taken back by itself after {node.undo_after:g} s"
            self._take(node, answer)

    def _take(self, node: Node, answer: Answer) -> None:
        names = {*node.out_args, *node.outputs}
        own = {name: value for name, value in answer.values.items() if name in names}
        for key, value in returned(node, self.graph, own).items():
            if key.rpartition("/")[2] in node.scope or key in self.graph.variables:
                self._keep(key, value)

    def _keep(self, key: str, value: Any) -> None:
        self.variables[key] = value
        name = key.rpartition("/")[2]
        self.sizes[name] = max(self.sizes.get(name, 0), len(text_of(value)))

    # Blocks

    def _branch(self, frame: _Frame) -> None:
        """Walk the next branch. Branches are walked one after another, each from the time at which its block opened it."""
        _, first = frame.pending.pop(0)
        inner = _Frame(frame.cursor, "", frame.now, min(frame.limit, frame.until))
        self.frames.append(inner)
        self._go(inner, first)

    def _back(self, frame: _Frame, *, broken: str = "", cut: bool = False, stuck: bool = False) -> None:
        """A branch has ended, or gets no further; its block goes on once all of them have.

        What is `cut` ends its blocks up to the one whose time is over; what is `stuck` waits for a person and holds up all of them.
        """
        while len(self.frames) > 1:
            self.frames.pop()
            block = self.frames[-1]
            block.latest = max(block.latest, frame.now)
            block.cut, block.stuck, block.broken = block.cut or cut, block.stuck or stuck, block.broken or broken
            if block.pending:
                self._branch(block)
                return
            block.now = block.latest
            if not block.stuck and (not block.cut or block.until <= block.limit):
                break
            self._end(block, STOPPED if block.stuck else TIMEOUT)
            frame, broken, cut, stuck = block, "", not block.stuck, block.stuck
        else:
            raise _Stop(STOPPED, self.asked)
        assert block.standing is not None
        if block.cut:
            said = late(self.graph.nodes[block.cursor])
            self._end(block, TIMEOUT, said)
            block.standing = replace(block.standing, broken=said)
        elif block.broken:
            block.standing = replace(block.standing, broken=block.broken)


def _read_by(node: Node) -> list[str]:
    """The variables that the choice of a step reads."""
    if not node.condition:
        return [node.switch] if node.switch else []
    try:
        return variables_of(read(node.condition, lenient=True))
    except ConditionSyntax:
        return []
