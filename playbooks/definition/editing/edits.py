"""One edit of a draft: what was typed is written, then one thing is done, and what was done is said."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from playbooks.definition.editing.desk import Desk, Edited, UnfitEdit, desk_of
from playbooks.definition.editing.fields import Field, fill
from playbooks.definition.editing.parts import GROUPS, KINDS, book_fields, definition_fields, exception_fields, variable_fields
from playbooks.definition.editing.steps import fields_of
from playbooks.definition.editing.ways import add_branch, drop_branch, insert, move, name_of, remove
from playbooks.definition.graph import ACTION
from playbooks.definition.shapes import held, items
from playbooks.definition.steps import WAYS

BOOK, VARIABLES, EXCEPTION = "book", "variables", "exception"
PARTS = {BOOK: book_fields, VARIABLES: variable_fields, EXCEPTION: exception_fields}
WHOSE = {"agent_definitions": "agent", "target_definitions": "target"}

Data = Mapping[str, Sequence[str]]


def fields_at(document: Mapping[str, Any], part: str) -> list[Field]:
    """The form of a part: a step's id, `book`, `variables`, `exception`, or `agent_definitions/<id>`. Raises KeyError without one."""
    if part in PARTS:
        return PARTS[part](document)
    group, _, key = part.partition("/")
    if group in GROUPS:
        held(document.get(group))[key]
        return definition_fields(document, group, key)
    held(document["workflow"])[part]
    return fields_of(document, part)


def edited(document: Mapping[str, Any], *, part: str, data: Data, do: str, new: Callable[[str], str], now: str) -> Edited:
    """The document after what a form sent for a part, and after one thing to do. Raises UnfitEdit.

    `do` is empty (only write what was typed) or `what` or `what:which`, as the buttons of the form name it.
    """
    desk = desk_of(document, new, now)
    try:
        fields = fields_at(desk.document, part)
    except KeyError as error:
        raise UnfitEdit("This part of the book is gone.", field="part", cure="Choose another part.") from error
    typed = fill(desk, fields, data)
    what, _, which = do.partition(":")
    if what not in DOES and what:
        raise UnfitEdit("There is no such thing to do.", field="do", cure="Use the buttons of the form.")
    said, shown = (f"{_listed(typed)} changed" if typed else "", part) if not what else DOES[what](desk, part, which, data)
    _same_times(desk.document)
    return Edited(desk.document, said, shown)


def _listed(fields: Sequence[Field]) -> str:
    return ", ".join(one.label for one in fields)


def _same_times(document: dict[str, Any]) -> None:
    """A step has one way of saying where it leads: `on_completion` stands alone (CACAO 2.0 section 4)."""
    for step in document["workflow"].values():
        if isinstance(step, dict) and "on_completion" in step and any(way in step for way in WAYS[1:]):
            step.setdefault("on_success", step["on_completion"])
            del step["on_completion"]


def _one(data: Data, name: str) -> str:
    return data[name][-1] if data.get(name) else ""


Done = tuple[str, str]


def _add(desk: Desk, part: str, which: str, data: Data) -> Done:
    key = insert(desk, _one(data, "add_kind"), _one(data, "add_place"))
    return f"“{name_of(desk.workflow[key])}” is added.", key


def _add_exception(desk: Desk, part: str, which: str, data: Data) -> Done:
    return "The way of failure has a first step.", insert(desk, ACTION, EXCEPTION)


def _step_of(desk: Desk, part: str) -> dict[str, Any]:
    step = desk.workflow.get(part)
    if not isinstance(step, dict):
        raise UnfitEdit("This is no step of the book.", field="part", cure="Choose a step.")
    return step


def _remove(desk: Desk, part: str, which: str, data: Data) -> Done:
    step = _step_of(desk, part)
    follows = step.get("on_success") or step.get("on_completion") or ""
    said = remove(desk, part)
    return said, follows if follows in desk.workflow else str(desk.document.get("workflow_start", BOOK))


def _move(desk: Desk, part: str, which: str, data: Data) -> Done:
    _step_of(desk, part)
    move(desk, part, _one(data, "move_to"))
    return f"“{name_of(desk.workflow[part])}” is moved.", part


def _add_branch(desk: Desk, part: str, which: str, data: Data) -> Done:
    _step_of(desk, part)
    return add_branch(desk, part, _one(data, "case_new")), part


def _drop_branch(desk: Desk, part: str, which: str, data: Data) -> Done:
    _step_of(desk, part)
    return drop_branch(desk, part, which), part


def _add_command(desk: Desk, part: str, which: str, data: Data) -> Done:
    step = _step_of(desk, part)
    step["commands"] = [*items(step.get("commands")), {"type": "manual", "command": "Say what is to be done."}]
    return "A command is added.", part


def _drop_command(desk: Desk, part: str, which: str, data: Data) -> Done:
    commands = items(_step_of(desk, part).get("commands"))
    number = int(which) if which.isdecimal() and len(which) < 6 else len(commands)
    if number >= len(commands) or len(commands) == 1:
        raise UnfitEdit("An action has at least one command.", field="commands-0-type", cure="Change it, or remove the step.")
    del commands[number]
    return "The command is removed.", part


def _define(desk: Desk, part: str, which: str, data: Data) -> Done:
    """A new agent or target; made at a step, it is chosen there at once."""
    kind, name = _one(data, f"{which}_kind"), _one(data, f"{which}_name").strip()
    group = next((one for one, word in WHOSE.items() if word == which), "")
    if not group or kind not in KINDS:
        raise UnfitEdit("There is no such kind.", field=f"{which}_kind", cure="Choose one of the list.")
    if not name:
        raise UnfitEdit("It has no name yet.", field=f"{which}_name", cure="Write how people call it.")
    key = desk.define(group, kind, name)
    step = desk.workflow.get(part)
    if not isinstance(step, dict):
        return f"{name} is added.", f"{group}/{key}"
    if which == "agent":
        step["agent"] = key
    else:
        step["targets"] = [*items(step.get("targets")), key]
    return f"{name} is added, and chosen here.", part


def _undefine(desk: Desk, part: str, which: str, data: Data) -> Done:
    group, _, key = part.partition("/")
    if group not in GROUPS:
        raise UnfitEdit("This is no agent and no target.", field="part", cure="Choose one.")
    using = [step for step in desk.workflow.values() if key in (held(step).get("agent"), *items(held(step).get("targets")))]
    elsewhere = any(key in held(desk.document.get(one)) for one in GROUPS if one != group)
    if using and not elsewhere:
        cure = "Choose another one there first."
        raise UnfitEdit(f"“{name_of(using[0])}” uses it.", field="undefine", cure=cure)
    name = name_of(desk.document[group].pop(key))
    if not desk.document[group]:
        del desk.document[group]
    return f"{name} is removed.", BOOK


DOES: dict[str, Callable[[Desk, str, str, Data], Done]] = {
    "add": _add,
    "add-exception": _add_exception,
    "remove": _remove,
    "move": _move,
    "add-branch": _add_branch,
    "drop-branch": _drop_branch,
    "add-command": _add_command,
    "drop-command": _drop_command,
    "define": _define,
    "undefine": _undefine,
}
