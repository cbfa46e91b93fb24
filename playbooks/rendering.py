"""What exactly will run, written down so that people can read it, hash it and hold the engine to it. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from playbooks.definition.graph import Command, Node
from playbooks.definition.variables import UndefinedVariable, UnfitValue, filled, filled_json, in_a_header, in_a_path, names_in

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


@dataclass(frozen=True)
class Piece:
    """A stretch of a line: `plain`, a `value` that came from the subject, or the name of a `secret`."""

    text: str
    kind: str = "plain"


Line = tuple[Piece, ...]


def start_line(command: Command, values: Mapping[str, str]) -> tuple[str, str]:
    """Method and path of an http-api command, every value quoted for its place. Raises CannotRender."""
    method, _, rest = command.text.partition(" ")
    try:
        return method, filled(rest.removesuffix(" HTTP/1.1"), values, in_a_path)
    except (UndefinedVariable, UnfitValue) as error:
        raise CannotRender(f"The address cannot be written: {error}") from error


def used(node: Node, values: Mapping[str, str]) -> dict[str, str]:
    """The variables that stand in the step's texts, with their values."""
    texts = [*node.arguments.values(), *(f"{c.text}\n{c.content}\n{chr(10).join(c.headers.values())}" for c in node.commands)]
    return {name: values[name] for text in texts for name in names_in(text) if values.get(name) is not None}


def http_call(
    node: Node, values: Mapping[str, str], reaching: Reaching, *, method: str, path: str, targets: list[str], key: str
) -> dict[str, Any]:
    """The whole request: address, headers with secrets by name, body, targets, key, and how it is taken back. Raises CannotRender."""
    command = node.commands[0]
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
    undo = None
    if reaching.undo is not None:
        undo = {"method": reaching.undo[0], "url": base + reaching.undo[1], "text": reaching.undo_text}
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
        "values": used(node, values),
    }


def local_call(node: Node, values: Mapping[str, str], *, subject: str, key: str) -> dict[str, Any]:
    """The action on the subject with its arguments. Raises CannotRender."""
    try:
        arguments = {name: filled(str(text), values) for name, text in node.arguments.items()}
    except UndefinedVariable as error:
        raise CannotRender(f"The action cannot be written: {error}") from error
    action = node.commands[0].text.strip()
    base: dict[str, Any] = {"kind": "local", "action": action, "effect": "local", "targets": [subject], "key": key, "undo": None}
    return {**base, "arguments": arguments, "values": used(node, values)}


def manual_call(node: Node, values: Mapping[str, str], *, key: str) -> dict[str, Any]:
    """What a person is asked to do. Raises CannotRender."""
    try:
        text = filled(node.commands[0].text, values)
    except UndefinedVariable as error:
        raise CannotRender(f"The request cannot be written: {error}") from error
    base: dict[str, Any] = {"kind": "manual", "action": "manual", "effect": "unsafe", "targets": [], "key": key, "undo": None}
    return {**base, "text": text, "values": used(node, values)}


def lines(rendered: Mapping[str, Any]) -> tuple[Line, ...]:
    """The action as people read it, line by line, with values of the subject and names of secrets marked."""
    texts: list[str] = []
    if rendered.get("kind") == "http":
        texts.append(f"{rendered['method']} {rendered['url']}")
        texts += [f"{name}: {value}" for name, value in sorted(rendered["headers"].items())]
        if rendered["body"] is not None:
            texts += ["", *_json_lines(rendered["body"])]
    elif rendered.get("kind") == "local":
        texts.append(str(rendered["action"]))
        texts += [f"{name}: {value}" for name, value in rendered["arguments"].items()]
    elif rendered.get("kind") == "manual":
        texts.append(str(rendered["text"]))
    values = sorted({v for v in rendered.get("values", {}).values() if v.strip()}, key=len, reverse=True)
    marked = re.compile("|".join([SECRET.pattern, *(re.escape(value) for value in values)]))
    return tuple(_pieces(text, marked) for text in texts)


def _json_lines(body: Any) -> list[str]:
    import json

    return json.dumps(body, indent=2, ensure_ascii=False).splitlines()


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
