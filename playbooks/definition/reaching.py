"""Which steps a run can reach, and whether every branch has an end of its own: the blocks of a playbook, walked once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from playbooks.definition.findings import Place, Sheet
from playbooks.definition.graph import END, IF, PARALLEL, SWITCH, WHILE
from playbooks.definition.shapes import held, items

FLOW = ("on_completion", "on_success", "on_failure")
# No playbook that people read is deeper, and every level is a frame of a run.
DEEPEST_BLOCK = 100


def flow(step: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The ways by which a run goes on from a step within its block."""
    if step.get("type") != END:
        yield from ((way, step[way]) for way in FLOW if isinstance(step.get(way), str))


def leads_nowhere(step: Mapping[str, Any]) -> bool:
    """Whether a run that comes to the step and succeeds has no way on, and it is no end."""
    return step.get("type") != END and not any(step.get(way) for way in FLOW[:2])


def openings(step: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    """The branches that a step opens: where each stands in the step, and its first step."""
    kind = step.get("type")
    if kind in (IF, WHILE):
        yield from (((way,), step[way]) for way in (("on_true", "on_false") if kind == IF else ("on_true",)) if way in step)
    elif kind == SWITCH:
        yield from ((("cases", key), to) for key, to in held(step.get("cases")).items())
    elif kind == PARALLEL:
        yield from ((("next_steps", number), to) for number, to in enumerate(items(step.get("next_steps"))))


@dataclass
class Branch:
    """One branch: where it is named, the step that opens it, the branch which that stands in."""

    place: Place
    start: str
    opener: str = ""
    parent: "Branch | None" = None
    depth: int = 0
    steps: list[str] = field(default_factory=list)

    def openers(self) -> Iterator[tuple[str, "Branch | None"]]:
        """The steps that one is in the middle of here, the nearest first, and the branch that each stands in."""
        one: Branch | None = self
        while one is not None and one.opener:
            yield one.opener, one.parent
            one = one.parent


class Reach:
    """Every branch with its steps. Made from any document: what has another shape is passed over."""

    def __init__(self, book: Mapping[str, Any]) -> None:
        self.workflow = {key: step for key, step in held(book.get("workflow")).items() if isinstance(step, Mapping)}
        self.owner: dict[str, Branch] = {}
        self.branches: list[Branch] = []
        self.meetings: list[tuple[Branch, Place, str]] = []  # a way that leads into another branch
        self.returns: list[tuple[Branch, Place, str]] = []  # a way back to the step that opened the branch
        self.too_deep: list[Place] = []
        self.escaping: set[str] = set()  # steps with a way that is said to be wrong already
        root = Branch(("workflow_start",), self._known(book.get("workflow_start")))
        self._walk(root, root.start)
        self._walk(root, self._known(book.get("workflow_exception")), ("workflow_exception",))
        self.branches.append(root)
        for branch in self.branches:  # grows while it is read
            for step in branch.steps:
                self._open(branch, step)

    def _known(self, step: Any) -> str:
        return step if isinstance(step, str) and step in self.workflow else ""

    def _open(self, branch: Branch, step: str) -> None:
        for place, to in openings(self.workflow[step]):
            at = ("workflow", step, *place)
            if not self._known(to):
                continue
            if branch.depth >= DEEPEST_BLOCK:
                self.too_deep.append(at)
                continue
            one = Branch(at, to, step, branch, branch.depth + 1)
            self._walk(one, to, at)
            self.branches.append(one)

    def _walk(self, branch: Branch, start: str, place: Place = ()) -> None:
        todo: list[tuple[Place, str, str]] = [(place, "", start)] if start else []
        while todo:
            at, source, step = todo.pop()
            owner = self.owner.get(step)
            if owner is None:
                self.owner[step] = branch
                branch.steps.append(step)
                ways = list(flow(self.workflow[step]))
                todo += [(("workflow", step, way), step, to) for way, to in reversed(ways) if self._known(to)]
                if leads_nowhere(self.workflow[step]) or not all(self._known(to) for _, to in ways):
                    self.escaping.add(step)
            elif owner is not branch:
                self.escaping.add(source)
                is_return = any(step == opener for opener, _ in branch.openers())
                (self.returns if is_return else self.meetings).append((branch, at, step))

    def enclosing(self, step: str) -> Iterator[str]:
        """The steps whose branches a step stands in, the nearest first."""
        branch = self.owner.get(step)
        if branch is not None:
            yield from (opener for opener, _ in branch.openers())

    def onward(self, steps: Iterable[str]) -> set[str]:
        """Every step that the flow leads to from these, and these."""
        found, todo = set(steps), list(steps)
        while todo:
            for _, to in flow(self.workflow[todo.pop()]):
                if to not in found and self._known(to):
                    found.add(to)
                    todo.append(to)
        return found

    def finishing(self) -> set[str]:
        """Every step from which the flow leads to an end, or to something that is said to be wrong already."""
        before: dict[str, list[str]] = {}
        for key in self.owner:
            for _, to in flow(self.workflow[key]):
                before.setdefault(to, []).append(key)
        todo = [key for key in self.owner if self.workflow[key].get("type") == END or key in self.escaping]
        found = set(todo)
        while todo:
            for source in before.get(todo.pop(), ()):
                if source not in found:
                    found.add(source)
                    todo.append(source)
        return found

    def loops(self) -> Iterator[Place]:
        """The ways that lead back to an earlier step of the same block."""
        done: set[str] = set()
        for branch in self.branches:
            for first in branch.steps:
                if first not in done:
                    yield from self._loops_from(first, branch, done)

    def _loops_from(self, first: str, branch: Branch, done: set[str]) -> Iterator[Place]:
        open_now = {first}
        stack = [(first, flow(self.workflow[first]))]
        while stack:
            step, ways = stack[-1]
            for way, to in ways:
                if to in open_now:
                    yield "workflow", step, way
                elif to not in done and self.owner.get(to) is branch:
                    open_now.add(to)
                    stack.append((to, flow(self.workflow[to])))
                    break
            else:
                stack.pop()
                open_now.discard(step)
                done.add(step)


def check_reach(sheet: Sheet, reach: Reach) -> None:
    """Ways that lead nowhere, branches without an end or with another's, steps that nothing leads to, loops that no budget bounds."""
    for key, step in reach.workflow.items():
        if leads_nowhere(step):
            sheet.error(
                "branch_without_end", ("workflow", key), "The step leads nowhere. Add on_completion, or on_success: every way ends."
            )
    for _, at, to in reach.returns:
        message = f"The branch leads back to {to}, which opened it. Let it end at a step of type end: the run returns by itself."
        sheet.error("branch_without_end", at, message)
    for end in sorted(reach.onward({to for _, _, to in reach.meetings})):
        if reach.workflow[end].get("type") == END:
            sheet.error("shared_end", ("workflow", end), "Two branches come to this end. Each has steps and an end of its own.")
    for at in reach.too_deep:
        sheet.error("schema", at, f"Blocks are nested more than {DEEPEST_BLOCK} deep. Move the inner ones to a playbook of their own.")
    finishing = reach.finishing()
    for branch in reach.branches:
        stuck = next((step for step in branch.steps if step not in finishing), None)
        if stuck is not None:
            at = branch.place if stuck == branch.start else ("workflow", stuck)
            sheet.error("branch_without_end", at, "From here the run goes round for ever. Lead it to a step of type end.")
    for at in reach.loops():
        sheet.warning("loop_outside_while", at, "This leads back to an earlier step. Only a while-condition bounds its rounds: use one.")
    if reach.branches[0].start:
        for key in reach.workflow:
            if key not in reach.owner:
                sheet.strictly("unreachable_step", ("workflow", key), "No way leads to this step. Lead one to it, or remove it.")
