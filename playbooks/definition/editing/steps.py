"""The form of a step: the fields that each kind has."""

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from playbooks.definition.editing.desk import Desk, UnfitEdit
from playbooks.definition.editing.fields import CODE, LINE, TEXT, Column, Field, Maker, Row, pairs_of, put
from playbooks.definition.editing.variables import COLUMNS, each_once, rows_of, write_variables
from playbooks.definition.editing.ways import branch_name, name_of
from playbooks.definition.graph import ACTION, BOOK, END, EXTENSION, IF, PARALLEL, START, SWITCH, WHILE
from playbooks.definition.reaching import openings
from playbooks.definition.shapes import held, items, words

NEW_END = "+end"
COMMANDS = (
    ("manual", "A person does it"),
    ("local-action", "On the case"),
    ("http-api", "Request to a product"),
    ("openc2-http", "OpenC2 over HTTP"),
    *((one, one) for one in ("bash", "powershell", "ssh", "caldera-cmd", "sigma", "yara", "elastic", "jupyter", "kestrel")),
)
ENCODED = ("elastic", "jupyter", "kestrel", "sigma", "yara")
REQUESTS = ("http-api", "openc2-http")
WORDS = {"manual": "What to do", "local-action": "Name of the action", "http-api": "Start line", "openc2-http": "Start line"}


def fields_of(document: Mapping[str, Any], key: str) -> list[Field]:
    """The form of a step."""
    step = held(held(document.get("workflow")).get(key))
    kind = str(step.get("type"))
    make = Maker(document, ("workflow", key))
    make.group = "The step"
    make.text("name", "Name")
    make.text("description", "Description", TEXT)
    if kind in (IF, WHILE):
        hint = "Variables as __name__:value, compared with =, !=, <, >, IN, LIKE, MATCHES; joined by AND, OR, NOT."
        make.text("condition", "Condition", CODE, least=True, hint=hint)
    if kind == SWITCH:
        make.choice("switch", "Variable that decides", _references(document, step), _switch)
    if kind == BOOK:
        make.text("playbook_id", "CACAO id of the playbook", least=True, hint="Like playbook--, with its UUID.")
        make.text("playbook_version", "Its version", hint="The modified of the version; without one, the newest.")
    if kind == ACTION:
        _who(make, document, step)
        for number, _ in enumerate(items(step.get("commands"))):
            _command(make, document, key, number)
    _ways(make, document, key, step)
    if kind not in (START, END):
        _ours(make, document, step)
    if kind != END:
        _time_and_variables(make, document, step)
    return make.made


def _who(make: Maker, document: Mapping[str, Any], step: Mapping[str, Any]) -> None:
    make.group = "Who and on what"
    agents = [(key, name_of(one, key)) for key, one in held(document.get("agent_definitions")).items()]
    make.choice("agent", "Who does it", agents, _required("agent"))
    targets = [(key, name_of(one, key)) for key, one in held(document.get("target_definitions")).items()]
    make.many("targets", "On which targets", targets, hint="Each command is carried out on each of them.")


def _required(name: str) -> Any:
    def write(desk: Desk, one: dict[str, Any], value: str) -> None:
        one[name] = value

    return write


def _switch(desk: Desk, one: dict[str, Any], value: str) -> None:
    one["switch"] = value


def _references(document: Mapping[str, Any], step: Mapping[str, Any]) -> list[tuple[str, str]]:
    known = [*held(document.get("playbook_variables")), *held(step.get("step_variables"))]
    return [("", "Choose a variable"), *((f"{name}:value", name) for name in dict.fromkeys(known))]


# Commands


def text_in(one: Mapping[str, Any], name: str) -> str:
    """A text of a command, decoded where it stands in base64; what is no text stays encoded."""
    if one.get(name):
        return words(one.get(name))
    raw = words(one.get(f"{name}_b64"))
    try:
        return base64.b64decode(raw, validate=True).decode()
    except (binascii.Error, ValueError):
        return raw


def _encoded(name: str) -> Any:
    """Write a text where its kind of command has it, in base64 where that asks for it or where it stood so before."""

    def write(desk: Desk, one: dict[str, Any], value: str) -> None:
        kind = one.get("type")
        asked = kind in ENCODED if name == "command" else kind == "openc2-http"
        in_base64 = asked or (f"{name}_b64" in one and name not in one)
        one.pop(name, None)
        one.pop(f"{name}_b64", None)
        put(one, f"{name}_b64" if in_base64 else name, base64.b64encode(value.encode()).decode() if in_base64 else value)

    return write


def _kind(desk: Desk, one: dict[str, Any], value: str) -> None:
    text, content = text_in(one, "command"), text_in(one, "content")
    one["type"] = value
    for name, kept in (("command", text), ("content", content)):
        if kept:
            one.pop(f"{name}_b64", None)
            _encoded(name)(desk, one, kept)


def _headers(desk: Desk, one: dict[str, Any], rows: Sequence[Row]) -> None:
    found: dict[str, list[str]] = {}
    for name, value in rows:
        found.setdefault(name, []).append(value)
    put(one, "headers", found)


def _header_rows(one: Mapping[str, Any]) -> Iterator[Row]:
    for name, some in held(one.get("headers")).items():
        yield from ((name, words(value)) for value in (some if isinstance(some, list) else [some]))


def _command(make: Maker, document: Mapping[str, Any], key: str, number: int) -> None:
    inner = Maker(document, ("workflow", key, "commands", number), f"commands-{number}-", f"/commands/{number}", make.made)
    one, inner.group = inner.object, f"Command {number + 1}"
    kind = words(one.get("type"))
    inner.choice("type", "Kind", COMMANDS, _kind)
    inner.add("command", WORDS.get(kind, "Command"), CODE, text_in(one, "command"), _encoded("command"), at=("command", "command_b64"))
    inner.text("description", "What it is for")
    inner.text("playbook_activity", "Activity", hint="A word of CACAO’s list of activities, like scan-system.")
    if kind in REQUESTS or one.get("headers") or one.get("content") or one.get("content_b64"):
        columns = (Column("name", "Header"), Column("value", "Value"))
        inner.rows("headers", "Headers", columns, tuple(_header_rows(one)), _headers)
        inner.add("content", "Body", CODE, text_in(one, "content"), _encoded("content"), at=("content", "content_b64"))


# Ways on


def choices_of_steps(document: Mapping[str, Any], but: str = "") -> list[tuple[str, str]]:
    """Every step by name, those of one name told apart by number."""
    found: list[tuple[str, str]] = []
    seen: dict[str, int] = {}
    for key, step in held(document.get("workflow")).items():
        if held(step).get("type") == START or key == but:
            continue
        name = name_of(step, key)
        seen[name] = seen.get(name, 0) + 1
        found.append((key, name if seen[name] == 1 else f"{name} ({seen[name]})"))
    return found


def _to(desk: Desk, value: str) -> str:
    return desk.end() if value == NEW_END else value


def _next(desk: Desk, one: dict[str, Any], value: str) -> None:
    way = "on_success" if "on_success" in one or "on_failure" in one else "on_completion"
    put(one, way, _to(desk, value))


def _failure(desk: Desk, one: dict[str, Any], value: str) -> None:
    if value and "on_completion" in one:
        one["on_success"] = one.pop("on_completion")
    put(one, "on_failure", _to(desk, value))
    if not value and "on_success" in one:
        one["on_completion"] = one.pop("on_success")


def _way(name: str, key: str = "") -> Any:
    def write(desk: Desk, one: dict[str, Any], value: str) -> None:
        if key and name == "next_steps":
            one[name][int(key)] = _to(desk, value)
        elif key:
            one[name][key] = _to(desk, value)
        else:
            put(one, name, _to(desk, value))

    return write


def _ways(make: Maker, document: Mapping[str, Any], key: str, step: Mapping[str, Any]) -> None:
    if step.get("type") == END:
        return
    make.group = "Where it leads"
    steps = choices_of_steps(document, key)
    some = [*steps, (NEW_END, "A new end")]
    for place, to in openings(step):
        head, inside = str(place[0]), "" if len(place) == 1 else str(place[1])
        name = f"way-{head}" + (f"-{inside}" if inside else "")
        label = f"{branch_name(step, place).capitalize()} begins with"
        at = ("/".join((head, inside.replace("~", "~0").replace("/", "~1"))) if inside else head,)
        make.choice(name, label, some, _way(head, inside), value=words(to), at=at)
    block = step.get("type") in (PARALLEL, IF, SWITCH, WHILE)
    first = ("", "Nothing yet")
    label = "After its branches" if block else "Then"
    make.choice(
        "next",
        label,
        [first, *some],
        _next,
        value=words(step.get("on_success") or step.get("on_completion")),
        at=("on_completion", "on_success"),
    )
    if step.get("type") != START:
        own = [("", "As the block around it, or the book, says"), *some]
        make.choice("failure", "When it fails", own, _failure, value=words(step.get("on_failure")), at=("on_failure",))


# Our own extension, times, variables


def _in_ours(step: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return held(held(held(step.get("step_extensions")).get(EXTENSION)).get(name))


def _write_ours(name: str, key: str = "", kind: type = str) -> Any:
    """Write below our extension of the step; what becomes empty goes away."""

    def write(desk: Desk, one: dict[str, Any], value: Any) -> None:
        ours = dict(_all_ours(one))
        inner = dict(held(ours.get(name))) if key else dict(value)
        if key:
            put(inner, key, value if kind is str else _figure(value, key))
        put(ours, name, inner)
        extensions = dict(held(one.get("step_extensions")))
        put(extensions, EXTENSION, ours)
        put(one, "step_extensions", extensions)

    return write


def _all_ours(step: Mapping[str, Any]) -> Mapping[str, Any]:
    return held(held(step.get("step_extensions")).get(EXTENSION))


def _figure(value: str, key: str) -> int | str:
    text = value.strip()
    if text and not (text.isdecimal() and text.isascii() and len(text) < 10):
        raise UnfitEdit(f"“{text[:40]}” is no whole number.", field=f"budget_{key}", cure="Write a whole number, or nothing.")
    return int(text) if text else ""


def _ours(make: Maker, document: Mapping[str, Any], step: Mapping[str, Any]) -> None:
    at = f"step_extensions/{EXTENSION}"
    kind = step.get("type")
    if kind == WHILE:
        make.group, budget = "Its budget", _in_ours(step, "budget")
        for key, label in (("iterations", "Rounds at most"), ("seconds", "Seconds at most")):
            now = "" if budget.get(key) is None else str(budget[key]).removesuffix(".0")
            make.add(f"budget_{key}", label, LINE, now, _write_ours("budget", key, int), at=(f"{at}/budget/{key}",))
    if kind not in (ACTION, BOOK):
        return
    make.group, asking = "Asked first", _in_ours(step, "approval")
    hint = "With a title the step waits for votes on exactly what it would do."
    title, touches = words(asking.get("title")), words(asking.get("touches"))
    make.add("approval_title", "What people are asked", LINE, title, _write_ours("approval", "title"), at=(f"{at}/approval",), hint=hint)
    make.add("approval_touches", "What it touches", LINE, touches, _write_ours("approval", "touches"), at=(f"{at}/approval/touches",))
    make.group = "Values in and out"
    known = dict.fromkeys([*held(document.get("playbook_variables")), *held(step.get("step_variables"))])
    names = [(name, name) for name in known]
    make.many("in_args", "Takes", names)
    make.many("out_args", "Gives back", names)
    if kind == ACTION:
        columns = (Column("name", "Argument"), Column("value", "Value", long=True))
        given = tuple(pairs_of(_all_ours(step).get("arguments")))
        make.rows("arguments", "Arguments of the action", columns, given, _pairs("arguments"), at=(f"{at}/arguments",))
        columns = (Column("name", "Variable"), Column("value", "Name of the result"))
        results = tuple(pairs_of(_all_ours(step).get("outputs")))
        make.rows("outputs", "Results into variables", columns, results, _pairs("outputs"), at=(f"{at}/outputs",))


def _pairs(name: str) -> Any:
    def write(desk: Desk, one: dict[str, Any], rows: Sequence[Row]) -> None:
        each_once(rows, name, "row")
        _write_ours(name)(desk, one, {row[0]: row[1] for row in rows})

    return write


def _time_and_variables(make: Maker, document: Mapping[str, Any], step: Mapping[str, Any]) -> None:
    make.group = "Time"
    make.duration("delay", "Waits before it begins", hint="Like 30 s, 5 min or 2 h.")
    make.duration("timeout", "Fails after", hint="Counted from its beginning.")
    make.group = "Its own variables"
    columns = COLUMNS[:-1]  # only the book's are given from outside
    rows = rows_of(step.get("step_variables"), len(columns))
    make.rows("step_variables", "Variables of this step", columns, rows, write_variables("step_variables"))
