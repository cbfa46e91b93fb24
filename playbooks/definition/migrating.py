"""What becomes of a run that goes on with a newer version of its book: what would change, what stays, and what forbids it. Pure."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from playbooks.definition.graph import WHILE, Graph, Node, VariableDefinition
from playbooks.definition.variables import text_of

FORBIDS, CHANGES, STAYS = "forbids", "changes", "stays"
# What is known of a step where the run stands: nothing is written down yet; votes are asked or given and nothing began; a person is
# asked to do it, or to choose its way; its branches are open; it began in any other way.
NOTHING, ASKED, PERSON, QUESTION, OPEN, BEGUN = "nothing", "asked", "person", "question", "open", "begun"

DOES = (
    *("kind", "commands", "agent", "targets", "callee", "callee_version", "in_args", "out_args", "variables", "scope"),
    *("asking", "arguments", "outputs", "condition", "switch"),
)
BRANCHES = ("on_true", "on_false", "cases", "next_steps")
LEADS = ("next", "on_failure")
TIMES = ("delay_ms", "timeout_ms", "budget")
TEXTS = ("name", "description")
TOLD = {DOES: "what it does", BRANCHES: "its branches", LEADS: "where it leads", TIMES: "its times", TEXTS: "its words"}
MOST_TOLD = 200  # of a step's or a variable's name


@dataclass(frozen=True)
class Stand:
    """A step where an open frame stands, and what is known of it; `rounds` that a loop has begun."""

    step: str
    known: str = NOTHING
    rounds: int = 0


@dataclass(frozen=True)
class Line:
    """One thing to know before the move: it `forbids` it, it `changes`, or it `stays`. `step` is empty where it is about the whole."""

    kind: str
    text: str
    step: str = ""


@dataclass
class Migration:
    """The lines of a move, and what is to be done with it: steps whose approvals become void (`asked_anew`), whose task is written anew
    for the person (`told_anew`), whose way is decided anew (`decided_anew`), and values that the variables take.
    """

    lines: list[Line] = field(default_factory=list)
    asked_anew: set[str] = field(default_factory=set)
    told_anew: set[str] = field(default_factory=set)
    decided_anew: set[str] = field(default_factory=set)
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def is_allowed(self) -> bool:
        """Whether nothing forbids it."""
        return not any(one.kind == FORBIDS for one in self.lines)

    def say(self, kind: str, text: str, step: str = "") -> None:
        """Add a line."""
        self.lines.append(Line(kind, text, step))


def migration(old: Graph, new: Graph, *, taken: Collection[str], stands: Sequence[Stand]) -> Migration:
    """What a move from one graph to another means for a run that took the steps `taken` and stands at `stands`.

    A step that was taken is history: one that the new version has otherwise, words aside, forbids the move. Where the run stands, only
    what has not begun may change.
    """
    made = Migration()
    _variables(made, old, new, [old.nodes[step] for step in taken if step in old.nodes])
    _history(made, old, new, taken)
    for one in dict.fromkeys(stands):
        _stand(made, old, new, one, one.step in taken)
    _ahead(made, old, new, {*taken, *(one.step for one in stands)})
    made.lines.sort(key=lambda line: (FORBIDS, CHANGES, STAYS).index(line.kind))
    return made


def _differs(one: Node, other: Node, *groups: tuple[str, ...]) -> list[str]:
    """Which of these groups of a step's properties differ, in words."""
    return [TOLD[names] for names in groups if any(getattr(one, name) != getattr(other, name) for name in names)]


def _listed(texts: Sequence[str]) -> str:
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"


def _called(node: Node) -> str:
    return f"“{node.name[:MOST_TOLD]}”"


def _variables(made: Migration, old: Graph, new: Graph, taken: Sequence[Node]) -> None:
    for name, one in old.variables.items():
        other, called = new.variables.get(name), name[:MOST_TOLD]
        if other is None:
            made.say(FORBIDS, f"The variable {called} is gone, and the run has a value for it.")
        elif other.kind != one.kind:
            made.say(FORBIDS, f"The variable {called} is of type {other.kind} now, and was {one.kind}.")
        elif other.constant and (not one.constant or other.value != one.value):
            _constant(made, one, other, taken)
    for name, one in new.variables.items():
        if name not in old.variables:
            made.values[name] = one.value
            said = f"begins with {_shown(one.value)}" if one.value is not None else "has no value until a step returns one"
            made.say(CHANGES, f"The variable {name[:MOST_TOLD]} is new: it {said}.")
    same = sum(name in new.variables for name in old.variables)
    if same:
        made.say(STAYS, f"{_count(same, 'variable')} {'keep' if same > 1 else 'keeps'} the value that the run has for {_it(same)}.")


def _constant(made: Migration, one: VariableDefinition, other: VariableDefinition, taken: Sequence[Node]) -> None:
    """A constant with another value counts from now on, unless a step that was taken read it."""
    name = one.name[:MOST_TOLD]
    reader = next((node for node in taken if one.name in repr(node)), None)
    if reader is not None:
        made.say(FORBIDS, f"The constant {name} is {_shown(other.value)} now, and {_called(reader)}, which was taken, read it.", reader.id)
        return
    made.values[one.name] = other.value
    made.say(CHANGES, f"The constant {name} becomes {_shown(other.value)}; it was {_shown(one.value)}.")


def _shown(value: Any) -> str:
    text = text_of(value) if value is not None else "nothing"
    return f"“{text[:MOST_TOLD]}”" if value is not None else text


def _count(number: int, what: str) -> str:
    return f"One {what}" if number == 1 else f"{number} {what}s"


def _it(number: int) -> str:
    return "it" if number == 1 else "them"


def _history(made: Migration, old: Graph, new: Graph, taken: Collection[str]) -> None:
    same = 0
    for step in (one for one in old.order() if one in taken):
        before, after = old.nodes[step], new.nodes.get(step)
        if after is None:
            made.say(FORBIDS, f"{_called(before)} was taken, and the new version does not have it.", step)
            continue
        changed = _differs(before, after, DOES, BRANCHES, LEADS, TIMES)
        if changed:
            made.say(FORBIDS, f"{_called(before)} was taken, and the new version changes {_listed(changed)}.", step)
        else:
            same += 1
    if same:
        made.say(STAYS, f"{_count(same, 'step')} that {'was' if same == 1 else 'were'} taken {'is' if same == 1 else 'are'} the same.")


def _stand(made: Migration, old: Graph, new: Graph, at: Stand, again: bool) -> None:
    """Where a frame stands, the step must be there and of the same kind; what began of it must be the same."""
    before, after = old.nodes[at.step], new.nodes.get(at.step)
    if after is None:
        made.say(FORBIDS, f"The run stands at {_called(before)}, and the new version does not have it.", at.step)
    elif after.kind != before.kind:
        made.say(FORBIDS, f"The run stands at {_called(before)}, whose kind is {after.kind} now and was {before.kind}.", at.step)
    elif not again:  # a step that was taken before in a loop is told with the others that were taken
        for kind, text in STANDING[at.known](made, before, after, at):
            made.say(kind, text, at.step)


Said = Iterator[tuple[str, str]]


def _untouched(made: Migration, before: Node, after: Node, at: Stand) -> Said:
    changed = _differs(before, after, DOES, BRANCHES, LEADS, TIMES, TEXTS)
    if changed:
        yield CHANGES, f"{_called(before)}, where the run stands and nothing began yet: {_listed(changed)}."
    else:
        yield STAYS, f"{_called(before)}, where the run stands, is the same."
    if _differs(before, after, TIMES):
        yield STAYS, f"{_called(before)}: the times that are set already run as they were set."


def _asked(made: Migration, before: Node, after: Node, at: Stand) -> Said:
    if before.asking and not after.asking:
        yield FORBIDS, f"{_called(before)} waits for votes, and the new version asks nobody there."
        return
    if _differs(before, after, DOES):
        made.asked_anew.add(at.step)
        yield CHANGES, f"{_called(before)}: what would run changes, so its approval becomes void and people are asked anew."
    else:
        yield STAYS, f"{_called(before)}: its approval, and every vote given, stand."
    yield from _around(before, after)


def _person(made: Migration, before: Node, after: Node, at: Stand) -> Said:
    kinds = [one.kind for one in before.commands], [one.kind for one in after.commands]
    if kinds[0] != kinds[1] or [one.id for one in before.targets] != [one.id for one in after.targets] or after.asking != before.asking:
        yield FORBIDS, f"{_called(before)} waits for a person, and the new version has other commands or targets there."
        return
    if _differs(before, after, DOES, TEXTS):
        made.told_anew.add(at.step)
        yield CHANGES, f"{_called(before)}: the task of the person is written anew."
    else:
        yield STAYS, f"{_called(before)}: the task of the person stands."
    yield from _around(before, after)


def _question(made: Migration, before: Node, after: Node, at: Stand) -> Said:
    if before.kind == WHILE and at.rounds:
        yield from _open(made, before, after, at)
        return
    if _differs(before, after, DOES, BRANCHES):
        made.decided_anew.add(at.step)
        yield (
            CHANGES,
            f"{_called(before)}: the way is decided anew, by the new version; the question to a person is put only if it must be.",
        )
    else:
        yield STAYS, f"{_called(before)}: the question to a person stands."
    yield from _around(before, after)


def _open(made: Migration, before: Node, after: Node, at: Stand) -> Said:
    changed = _differs(before, after, DOES, BRANCHES)
    if changed:
        yield FORBIDS, f"{_called(before)} has begun, and the new version changes {_listed(changed)}."
        return
    yield STAYS, f"{_called(before)} has begun and goes on."
    if before.kind == WHILE and after.budget.rounds != before.budget.rounds:
        said = f"{_called(before)} may have {_count(after.budget.rounds, 'round').lower()} instead of {before.budget.rounds}"
        over = ": the run is stopped if its condition still holds then" if at.rounds >= after.budget.rounds else ""
        yield CHANGES, f"{said}; it has begun {at.rounds}{over}."
    yield from _around(before, after)


def _begun(made: Migration, before: Node, after: Node, at: Stand) -> Said:
    changed = _differs(before, after, DOES, BRANCHES)
    if changed:
        yield FORBIDS, f"{_called(before)} has begun, and the new version changes {_listed(changed)}."
        return
    yield STAYS, f"{_called(before)} has begun and goes on."
    yield from _around(before, after)


def _around(before: Node, after: Node) -> Said:
    """What may change of a step that is under way: where it leads. Times that are set already run as they were set."""
    if _differs(before, after, LEADS):
        yield CHANGES, f"{_called(before)}: where it leads."
    if before.timeout_ms != after.timeout_ms or before.budget.seconds != after.budget.seconds:
        yield STAYS, f"{_called(before)}: the times that are set already run as they were set."


STANDING = {NOTHING: _untouched, ASKED: _asked, PERSON: _person, QUESTION: _question, OPEN: _open, BEGUN: _begun}


def _ahead(made: Migration, old: Graph, new: Graph, behind: Collection[str]) -> None:
    """What lies before the run: steps that come, go or change."""
    for step in [*new.order(), *(one for one in old.order() if one not in new.nodes)]:
        if step in behind:
            continue
        before, after = old.nodes.get(step), new.nodes.get(step)
        if before is None and after is not None:
            made.say(CHANGES, f"{_called(after)} is new.", step)
        elif after is None and before is not None:
            made.say(CHANGES, f"{_called(before)} is gone.", step)
        elif before is not None and after is not None:
            changed = _differs(before, after, DOES, BRANCHES, LEADS, TIMES, TEXTS) if before.kind == after.kind else ["its kind"]
            if changed:
                made.say(CHANGES, f"{_called(after)}: {_listed(changed)}.", step)
    if old.exception != new.exception:
        said = _called(new.nodes[new.exception]) if new.exception else "nowhere"
        made.say(CHANGES, f"A failure that no step catches leads to {said}.")
