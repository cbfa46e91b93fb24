"""Edits of the way through a book: steps and branches come, go and move, and their neighbours are joined."""

from collections.abc import Callable, Iterator
from typing import Any

from playbooks.definition.editing.desk import ADDED, Desk, UnfitEdit
from playbooks.definition.graph import ACTION, BOOK, DEFAULT_CASE, END, IF, PARALLEL, START, SWITCH, WHILE
from playbooks.definition.reaching import FLOW, Reach, openings
from playbooks.definition.shapes import held

EXCEPTION = "exception"
WAYS = {"on_true": "Yes", "on_false": "No"}


def name_of(step: Any, key: str = "") -> str:
    """A step's name as people read it."""
    kind = str(held(step).get("type") or "")
    known = {START: "Start", END: "End", **ADDED}
    return str(held(step).get("name") or known.get(kind) or key or "a step")


def success_of(step: Any) -> str:
    """The way by which a step goes on when it succeeds."""
    return "on_success" if "on_success" in step else "on_completion"


def branch_name(step: Any, place: tuple[object, ...]) -> str:
    """What a branch is called: yes, no, its case, or its number."""
    if place[0] == "cases":
        return "every other case" if place[1] == DEFAULT_CASE else f"case {place[1]}"
    if place[0] == "next_steps":
        return f"branch {int(str(place[1])) + 1}"
    return "each round" if held(step).get("type") == WHILE else WAYS[str(place[0])].lower()


def places_at(document: dict[str, Any], key: str) -> Iterator[tuple[str, str]]:
    """Where a step can be added at a step: the place, and what it is called."""
    step = held(document["workflow"].get(key))
    name = name_of(step, key)
    if step.get("type") != END:
        yield f"after {key}", f"After “{name}”"
    if step.get("type") != START:
        yield f"before {key}", f"Before “{name}”"
    for place, _ in openings(step):
        yield f"in {key} {'/'.join(str(one) for one in place)}", f"First in “{name}”, {branch_name(step, place)}"
    if step.get("type") not in (START, END):
        yield f"fail {key}", f"When “{name}” fails"


def insert(desk: Desk, kind: str, place: str) -> str:
    """Add a step of a kind at a place; gives its id. Raises UnfitEdit."""
    if kind not in ADDED:
        raise UnfitEdit("There is no such kind of step to add.", field="add_kind", cure=f"Choose one of {', '.join(ADDED)}.")
    key = desk.new(kind)
    hang(desk, key, lambda: desk.workflow.__setitem__(key, _fresh(desk, kind)), place, field="add_place")
    return key


def _fresh(desk: Desk, kind: str) -> dict[str, Any]:
    """A new step, as complete as it can be without knowing what is meant."""
    step: dict[str, Any] = {"type": kind, "name": f"New {ADDED[kind].split(',')[0].lower()}"}
    if kind == ACTION:
        agents = desk.document.get("agent_definitions") or {}
        people = next((one for one, agent in agents.items() if held(agent).get("type") in ("group", "individual")), None)
        step["commands"] = [{"type": "manual", "command": "Say what is to be done."}]
        step["agent"] = people or desk.define("agent_definitions", "group", "Watch floor")
    elif kind == BOOK:
        step["playbook_id"] = ""
    elif kind in (IF, WHILE):
        step |= {"condition": "", "on_true": desk.end()}
        if kind == IF:
            step["on_false"] = desk.end()
    elif kind == SWITCH:
        step |= {"switch": "", "cases": {DEFAULT_CASE: desk.end()}}
    elif kind == PARALLEL:
        step["next_steps"] = [desk.end(), desk.end()]
    return step


def hang(desk: Desk, key: str, make: Callable[[], None], place: str, *, field: str) -> None:
    """Put a step, which `make` lays into the workflow, at a place. Raises UnfitEdit."""
    word, _, rest = place.partition(" ")
    at, _, branch = rest.partition(" ")
    step = desk.workflow.get(at)
    gone = UnfitEdit("There is no such place in the book any more.", field=field, cure="Choose another place.")
    if word == EXCEPTION:
        follows = desk.document.get("workflow_exception") or desk.end()
        make()
        desk.document["workflow_exception"] = key
    elif not isinstance(step, dict):
        raise gone
    elif word == "after" and step["type"] != END:
        way = success_of(step)
        follows = step.get(way) or desk.end()
        make()
        step[way] = key
    elif word == "before" and step["type"] != START:
        follows = at
        make()
        _lead(desk, at, key, but=key)
    elif word == "in" and dict(_branches(step)).get(branch):
        follows = dict(_branches(step))[branch]
        make()
        _set_branch(step, branch, key)
    elif word == "fail" and step["type"] not in (START, END):
        if "on_completion" in step:
            step["on_success"] = step.pop("on_completion")
        follows = step.get("on_failure") or step.get("on_success") or desk.end()
        make()
        step["on_failure"] = key
    else:
        raise gone
    made = desk.workflow[key]
    made[success_of(made)] = follows


def remove(desk: Desk, key: str) -> str:
    """Take a step out: what led to it leads to what came after it, and what only it led to goes too. Says what was done.

    Raises UnfitEdit.
    """
    step = desk.workflow[key]
    if step.get("type") in (START, END):
        cure = "Remove the branch that it ends, or the steps before it."
        raise UnfitEdit("A book begins at its start, and every way needs its end.", field="remove", cure=cure)
    more = _dropped(desk, lambda: _cut_out(desk, key), but=key)
    desk.workflow.pop(key, None)
    return f"“{name_of(step, key)}” is removed" + (f", and {_steps(more)} that only it led to." if more else ".")


def _steps(number: int) -> str:
    return "one step" if number == 1 else f"{number} steps"


def _dropped(desk: Desk, change: Callable[[], None], *, but: str = "") -> int:
    """Make a change, and drop what no way leads to any more because of it; says how many steps went, ends left out."""
    before = set(Reach(desk.document).owner)
    change()
    lost = before - set(Reach(desk.document).owner)
    return sum(desk.workflow.pop(one)["type"] != END and one != but for one in lost)


def _cut_out(desk: Desk, key: str) -> None:
    step = desk.workflow[key]
    follows = str(step.get(success_of(step)) or "")
    _lead(desk, key, "" if follows == key else follows, but=key)
    step.pop(success_of(step), None)


def move(desk: Desk, key: str, place: str) -> None:
    """Take a step with its branches to another place. Raises UnfitEdit."""
    step = desk.workflow[key]
    if step["type"] in (START, END):
        raise UnfitEdit("A start and an end stay where they are.", field="move_to", cure="Move the steps around it.")
    if key in place.split(" "):
        raise UnfitEdit("A step cannot be moved to itself.", field="move_to", cure="Choose another place.")
    reached = set(Reach(desk.document).owner)
    stood = Reach(desk.document).owner.get(key)
    _cut_out(desk, key)
    del desk.workflow[key]
    hang(desk, key, lambda: desk.workflow.__setitem__(key, step), place, field="move_to")
    reach = Reach(desk.document)
    if reached - set(reach.owner):
        raise UnfitEdit("That place hangs on the step itself.", field="move_to", cure="Choose a place outside of it.")
    stands = reach.owner.get(key)
    if step.get("on_failure") and stood and stands and (stood.place, stood.opener) != (stands.place, stands.opener):
        cure = "Take its way of failure away first, then move it."
        raise UnfitEdit("Its way of failure leads on within its branch, so it cannot leave that.", field="move_to", cure=cure)


def add_branch(desk: Desk, key: str, case: str) -> str:
    """Give a block one more branch, an empty one. Says what was done. Raises UnfitEdit."""
    step = desk.workflow[key]
    if step["type"] == IF and "on_false" not in step:
        step["on_false"] = desk.end()
        return "The branch for no is there, and empty."
    if step["type"] == PARALLEL:
        step.setdefault("next_steps", []).append(desk.end())
        return "One more branch is there, and empty."
    if step["type"] == SWITCH:
        name = case.strip()
        if not name or name in step.get("cases", {}):
            raise UnfitEdit("The case needs a value of its own.", field="case_new", cure="Write the value that the variable has then.")
        step.setdefault("cases", {})[name] = desk.end()
        return f"The case {name} is there, and empty."
    raise UnfitEdit("This step takes no further branch.", field="branch", cure="Add a step instead.")


def drop_branch(desk: Desk, key: str, branch: str) -> str:
    """Take a branch away with its steps. Says what was done. Raises UnfitEdit."""
    step = desk.workflow[key]
    if branch not in dict(_branches(step)):
        raise UnfitEdit("There is no such branch any more.", field="branch", cure="Choose another.")
    least = {PARALLEL: 2, SWITCH: 1}.get(step["type"], 0)
    if branch == "on_true" or len(dict(_branches(step))) <= least:
        raise UnfitEdit("The step does not stand without this branch.", field="branch", cure="Remove the whole step instead.")
    more = _dropped(desk, lambda: _unset_branch(step, branch))
    return "The branch is removed" + (f" with {_steps(more)}." if more else ".")


def _branches(step: Any) -> Iterator[tuple[str, str]]:
    for place, to in openings(step):
        yield "/".join(str(one) for one in place), to


def _set_branch(step: Any, branch: str, to: str) -> None:
    group, _, key = branch.partition("/")
    if group == "next_steps":
        step[group][int(key)] = to
    elif group == "cases":
        step[group][key] = to
    else:
        step[group] = to


def _unset_branch(step: Any, branch: str) -> None:
    group, _, key = branch.partition("/")
    if group == "next_steps":
        del step[group][int(key)]
    elif group == "cases":
        del step[group][key]
    else:
        del step[group]


def _lead(desk: Desk, old: str, to: str, *, but: str) -> None:
    """Whatever leads to a step leads elsewhere, or nowhere where `to` is empty."""
    if desk.document.get("workflow_exception") == old:
        desk.document["workflow_exception"] = to
        if not to:
            del desk.document["workflow_exception"]
    for key, step in desk.workflow.items():
        if key == but or not isinstance(step, dict):
            continue
        for way in FLOW:
            if step.get(way) == old:
                step[way] = to
                if not to or (way == "on_failure" and to == key):
                    del step[way]
        for branch, first in list(_branches(step)):
            if first == old:
                _set_branch(step, branch, to or desk.end())
