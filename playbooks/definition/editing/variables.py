"""Variables in a form: rows of name, type, value, and what they are for; a new name is carried to every place that uses the old one."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from playbooks.definition.editing.desk import Desk, UnfitEdit
from playbooks.definition.editing.fields import Column, Row, put
from playbooks.definition.kinds import VARIABLE_TYPES
from playbooks.definition.shapes import held
from playbooks.definition.variables import NAME, REFERENCE

COLUMNS = (
    Column("name", "Name"),
    Column("type", "Type", tuple((one, one) for one in ("string", *(one for one in VARIABLE_TYPES if one != "string")))),
    Column("value", "Value"),
    Column("description", "What it is for"),
    Column("constant", "Constant", flag=True),
    Column("external", "Given at the start", flag=True),
)
NAMES = ("in_args", "out_args")


def rows_of(variables: Any, columns: int = len(COLUMNS)) -> tuple[Row, ...]:
    """The declared variables as rows."""
    rows = []
    for name, one in held(variables).items():
        it = held(one)
        value = it.get("value")
        said = "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        flags = ("yes" if it.get(key) is True else "" for key in ("constant", "external"))
        rows.append((name, str(it.get("type", "")), said, str(it.get("description", "")), *flags)[:columns])
    return tuple(rows)


def write_variables(name: str) -> Any:
    """Write the rows back; what a row does not show of its variable stays as it was."""

    def write(desk: Desk, one: dict[str, Any], rows: Sequence[Row]) -> None:
        before = dict(held(one.get(name)))
        rows = [_named(row, before, name) for row in rows]
        shown = dict(zip(before, rows_of(before), strict=True))
        names = each_once(rows, name, "variable")
        # A row whose name is new, in the place of one whose name is gone, is that one under another name.
        lost = [key for key in before if key not in names]
        renamed: dict[str, str] = {}
        made: dict[str, Any] = {}
        for number, row in enumerate(rows):
            key = row[0]
            old = key if key in before else _renamed(number, lost, list(before))
            made[key] = _variable(dict(held(before.get(old))), shown.get(old), row)
            if old and old != key:
                renamed[old] = key
        put(one, name, made)
        for old, key in renamed.items():
            rename(desk.document if name == "playbook_variables" else one, old, key)

    return write


def _named(row: Row, before: Mapping[str, Any], field: str) -> Row:
    """The row with its name in the form of a variable's. Raises UnfitEdit for a new name that has none."""
    name = row[0].strip()
    if name in before or not name:
        return (name, *row[1:])
    name = name if name.startswith("__") else f"__{name}__"
    if not NAME.fullmatch(name):
        cure = "Begin with a letter; then letters, digits, _ or -."
        raise UnfitEdit(f"{row[0][:80]} is no name of a variable.", field=field, cure=cure)
    return (name, *row[1:])


def each_once(rows: Sequence[Row], field: str, what: str) -> set[str]:
    """The names of rows. Raises UnfitEdit where one has none, or two have the same."""
    names = [row[0] for row in rows]
    if "" in names:
        raise UnfitEdit(f"A {what} has no name.", field=field, cure="Give it a name, or take its row away.")
    for name in names:
        if names.count(name) > 1:
            raise UnfitEdit(f"{name[:80]} stands twice.", field=field, cure="Give one of the two a name of its own.")
    return set(names)


def _renamed(number: int, lost: list[str], before: list[str]) -> str:
    at = before[number] if number < len(before) else ""
    return at if at in lost else ""


def _variable(one: dict[str, Any], shown: Row | None, row: Row) -> dict[str, Any]:
    was = shown or ("",) * len(COLUMNS)
    for place, key in ((1, "type"), (3, "description")):
        if row[place] != was[place]:
            put(one, key, row[place], least=key == "type")
    if row[2] != was[2]:
        put(one, "value", _value(row))
    for place, key in ((4, "constant"), (5, "external")):
        if place < len(row) and row[place] != was[place]:
            put(one, key, bool(row[place]))
    return one


def _value(row: Row) -> Any:
    if row[1] == "dictionary":
        try:
            found = json.loads(row[2])
        except ValueError:
            return row[2]
        return found if isinstance(found, dict) else row[2]
    return row[2]


def rename(holder: dict[str, Any], old: str, new: str) -> None:
    """Put a variable's new name wherever its old one is used below an object."""

    def inside(one: Any) -> Any:
        if isinstance(one, str):
            return REFERENCE.sub(lambda found: f"{new}:value" if found[1] == old else found[0], one)
        if isinstance(one, list):
            return [inside(part) for part in one]
        if isinstance(one, dict):
            return {key: named(key, inside(part)) for key, part in one.items()}
        return one

    def named(key: str, part: Any) -> Any:
        if key in NAMES and isinstance(part, list):
            return [new if name == old else name for name in part]
        if key == "outputs" and isinstance(part, dict):
            return {new if name == old else name: value for name, value in part.items()}
        return part

    for key, part in list(holder.items()):
        holder[key] = named(key, inside(part))
