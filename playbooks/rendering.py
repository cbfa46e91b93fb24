"""What exactly will run, written down so that people can read it, hash it and hold the engine to it. Pure."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from playbooks.definition.graph import Command, Node
from playbooks.definition.places import filled_for, place_of
from playbooks.definition.scoping import handed
from playbooks.definition.steps import START_LINE
from playbooks.definition.variables import UndefinedVariable, UnfitValue, filled, filled_json, in_a_header, in_a_path, names_in, text_of

REQUESTS = ("http-api", "openc2-http", "openc2")
SECRET = re.compile(r"\[secret [^\]]*\]")


class CannotRender(ValueError):
    """The step cannot be written down; the message is a sentence."""


@dataclass(frozen=True)
class Reaching:
    """What a request needs to know of the product that it goes to."""

    connector: str
    base_url: str
    secret_name: str
    action: str  # "endpoint.isolate"
    effect: str
    undo: tuple[str, str] | None = None  # method and path of the request that takes it back
    undo_text: str = ""
    undo_action: str = ""  # "endpoint.release"
    undo_effect: str = ""


@dataclass(frozen=True)
class Piece:
    """A stretch of a line: `plain`, a `value` that came from the subject, or the name of a `secret`."""

    text: str
    kind: str = "plain"


Line = tuple[Piece, ...]


def start_line(command: Command, values: Mapping[str, Any]) -> tuple[str, str]:
    """Method and path of an http-api command, every value quoted for its place. Raises CannotRender."""
    line = START_LINE.fullmatch(command.text.strip())
    if line is None:  # a book that was read leniently may have one that is none
        raise CannotRender("The command is no start line of a request, like GET /hosts HTTP/1.1")
    try:
        return line["method"], filled(line["target"], values, in_a_path)
    except (UndefinedVariable, UnfitValue) as error:
        raise CannotRender(f"The address cannot be written: {error}") from error


def lasting(node: Node) -> dict[str, float]:
    """After how many seconds the effect of a step is taken back by itself; nothing where a person does that."""
    return {"after": node.undo_after} if node.undo_after else {}


def used(node: Node, command: Command, values: Mapping[str, Any]) -> dict[str, str]:
    """The variables that stand in the command's texts, with their values as text."""
    texts = [*node.arguments.values(), f"{command.text}\n{command.content}\n{chr(10).join(command.headers.values())}"]
    return {name: text_of(values[name]) for text in texts for name in names_in(str(text)) if values.get(name) is not None}


def http_call(
    node: Node, command: Command, values: Mapping[str, Any], reaching: Reaching, *, method: str, path: str, targets: list[str], key: str
) -> dict[str, Any]:
    """The whole request: address, headers with secrets by name, body, targets, key, and how it is taken back. Raises CannotRender."""
    base = reaching.base_url.rstrip("/")
    try:
        headers = {name: filled(text, values, in_a_header) for name, text in sorted(command.headers.items())}
        body = filled_json(command.content, values) if command.content else None
    except (UndefinedVariable, UnfitValue, ValueError) as error:
        raise CannotRender(f"The request cannot be written: {error}") from error
    headers = {
        name: text for name, text in headers.items() if name.lower() not in ("authorization", "idempotency-key", "host", "content-length")
    }
    if reaching.secret_name:
        headers["Authorization"] = f"Bearer [secret {reaching.secret_name}]"
    if reaching.effect != "read":
        headers["Idempotency-Key"] = key
    undo: dict[str, Any] | None = None
    if reaching.undo is not None:
        undo = {"method": reaching.undo[0], "url": base + reaching.undo[1], "text": reaching.undo_text}
        undo |= {"action": reaching.undo_action, "effect": reaching.undo_effect, **lasting(node)}
    return {
        "kind": "http",
        "action": reaching.action,
        "effect": reaching.effect,
        "connector": reaching.connector,
        "method": method,
        "url": base + path,
        "headers": headers,
        "body": body,
        "targets": targets,
        "key": key,
        "undo": undo,
        "values": used(node, command, values),
    }


def local_call(node: Node, command: Command, values: Mapping[str, Any], *, subject: str, key: str) -> dict[str, Any]:
    """The action on the subject with its arguments. Raises CannotRender."""
    try:
        arguments = {name: filled(str(text), values) for name, text in node.arguments.items()}
    except UndefinedVariable as error:
        raise CannotRender(f"The action cannot be written: {error}") from error
    action = command.text.strip()
    base: dict[str, Any] = {"kind": "local", "action": action, "effect": "local", "targets": [subject], "key": key, "undo": None}
    return {**base, "arguments": arguments, "values": used(node, command, values)}


def manual_call(node: Node, command: Command, values: Mapping[str, Any], *, target: str, key: str) -> dict[str, Any]:
    """What a person is asked to do, or the command that nobody else carries out here, with what it returns. Raises CannotRender."""
    try:
        text, content = _shown(command, values)
    except (UndefinedVariable, UnfitValue) as error:
        raise CannotRender(f"The request cannot be written: {error}") from error
    base: dict[str, Any] = {"kind": "manual", "action": "manual", "effect": "unsafe", "targets": [], "key": key, "undo": None}
    shown = {"command": command.kind, "content": content, "target": target} if command.kind != "manual" or target else {}
    returns = {"returns": list(node.out_args)} if node.out_args else {}
    return {**base, "text": text, **shown, **returns, "values": used(node, command, values)}


def _shown(command: Command, values: Mapping[str, Any]) -> tuple[str, str]:
    """A command and its content as a person gets it: whoever takes it over as it stands does what the book means, and no more."""
    if command.kind not in REQUESTS:
        return filled_for(place_of(command.kind), command.text, values), filled(command.content, values)
    method, target, *rest = [*command.text.split(None, 2), "", ""][:3]
    line = " ".join(one for one in (method, filled_for("url", target, values), *rest) if one)
    headers = [f"{name}: {filled_for('text', text, values)}" for name, text in command.headers.items()]
    return line, "\n".join([*headers, *([""] if headers else []), _content(command.content, values)]).strip()


def _content(text: str, values: Mapping[str, Any]) -> str:
    try:
        return filled_for("json", text, values)
    except (UndefinedVariable, UnfitValue):
        raise
    except ValueError:
        return filled_for("text", text, values)


def book_call(node: Node, values: Mapping[str, Any], *, key: str) -> dict[str, Any]:
    """Which other book runs, in which version (empty: the newest), and what is handed to it."""
    base: dict[str, Any] = {"kind": "book", "action": "book", "effect": "local", "targets": [], "key": key, "undo": None}
    return {**base, "book": node.callee, "version": node.callee_version, "arguments": handed(node.in_args, values), "values": {}}


def target_of(rendered: Mapping[str, Any], title: str) -> str:
    """The name of what an action touches, as people know it; the title of the action where it has no target of its own."""
    named = rendered.get("target") or (rendered.get("targets") or [""])[0]
    return str(named) if named and rendered.get("kind") != "local" else title


def lines(rendered: Mapping[str, Any]) -> tuple[Line, ...]:
    """The action as people read it, line by line, with values of the subject and names of secrets marked."""
    texts: list[str] = []
    if rendered.get("kind") == "http":
        texts.append(f"{rendered['method']} {rendered['url']}")
        texts += [f"{name}: {value}" for name, value in sorted(rendered["headers"].items())]
        if rendered["body"] is not None:
            texts += ["", *_json_lines(rendered["body"])]
        elif rendered.get("content"):
            texts += ["", *_content_lines(rendered["content"])]
    elif rendered.get("kind") == "undo":
        for one in rendered["requests"]:
            texts += [*([""] if texts else []), *("".join(piece.text for piece in line) for line in lines(one))]
    elif rendered.get("kind") == "local":
        texts.append(str(rendered["action"]))
        texts += [f"{name}: {value}" for name, value in rendered["arguments"].items()]
    elif rendered.get("kind") == "manual":
        texts += [str(rendered["text"]), *str(rendered.get("content", "")).splitlines()]
        texts += [f"on {rendered['target']}"] if rendered.get("target") else []
    elif rendered.get("kind") == "book":
        texts += [
            f"{rendered['book']} {rendered['version']}".strip(),
            *(f"{name}: {value}" for name, value in rendered["arguments"].items()),
        ]
    values = sorted({v for v in rendered.get("values", {}).values() if v.strip()}, key=len, reverse=True)
    marked = re.compile("|".join([SECRET.pattern, *(re.escape(value) for value in values)]))
    return tuple(_pieces(text, marked) for text in texts)


def _content_lines(content: str) -> list[str]:
    """A content as people read it; JSON is spread over lines where that says the same."""
    try:
        return _json_lines(json.loads(content))
    except (ValueError, RecursionError):
        return content.splitlines()


def _json_lines(body: Any) -> list[str]:
    """JSON in lines; what does not show, or would show as another line, is written as JSON can write it too."""
    text = json.dumps(body, indent=2, ensure_ascii=False)
    return ["".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in line) for line in text.split("\n")]


def _pieces(text: str, marked: re.Pattern[str]) -> Line:
    pieces, at = [], 0
    for found in marked.finditer(text):
        if found.start() > at:
            pieces.append(Piece(text[at : found.start()]))
        pieces.append(Piece(found.group(), "secret" if SECRET.fullmatch(found.group()) else "value"))
        at = found.end()
    if at < len(text) or not pieces:
        pieces.append(Piece(text[at:]))
    return tuple(pieces)
