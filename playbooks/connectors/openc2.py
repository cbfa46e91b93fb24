"""Consumers of OpenC2 1.0 commands over HTTP: each command carries a command_id, so that it is known when it comes again."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from playbooks.connectors.addressed import Request, document, headers_of, said_in, told
from playbooks.definition.graph import Command
from playbooks.definition.places import filled_for
from playbooks.definition.taking_back import key_of
from playbooks.definition.variables import UndefinedVariable, UnfitValue
from playbooks.products import Answer, Outcome, Product, ProductAction, Rendered, register
from playbooks.rendering import CannotRender
from playbooks.states import EffectClass

# OpenC2 Language Specification 1.0, 3.3.1.1.
ACTIONS = (
    "scan", "locate", "query", "deny", "contain", "allow", "start", "stop", "restart", "cancel",
    "set", "update", "redirect", "create", "delete", "detonate", "restore", "copy", "investigate", "remediate",
)  # fmt: skip
# By their own definitions (3.3.1.1) the second permits what the first prevents, or begins again what it halts. What was set, updated,
# deleted or restored was something before that the command does not tell; `cancel` ends only what has not been done yet.
OPPOSITES = {"deny": "allow", "contain": "allow", "stop": "start"}
TIMED = ("stop_time", "duration")
# How the HTTPS binding names its two forms: the command alone (1.0), and a message with headers and a body (1.1).
ALONE, MESSAGE = "application/openc2-cmd+json;version=1.0", "application/openc2+json;version=1.0"


def command_id(key: str) -> str:
    """The command_id under which a consumer knows an effect: OpenC2 takes up to 36 characters, so it is a UUID of the key."""
    return str(UUID(hex=key[:32], version=4))


def request(method: str, command: Command, values: Mapping[str, Any], *, key: str) -> Request:
    """What the command asks of a consumer. The ids in it are those of this effect, never the book's. Raises CannotRender."""
    if method != "POST":
        raise CannotRender("An OpenC2 command is sent with POST")
    try:
        whole: Any = json.loads(filled_for("json", command.content, values)) if command.content.strip() else None
    except (UndefinedVariable, UnfitValue, ValueError) as error:
        raise CannotRender(f"The OpenC2 command cannot be written: {error}") from error
    inner = _command_in(whole)
    if inner is None or inner.get("action") not in ACTIONS or not isinstance(inner.get("target"), dict) or len(inner["target"]) != 1:
        raise CannotRender("The content is no OpenC2 command: it is a JSON object with one of OpenC2's actions and exactly one target")
    known = command_id(key)
    inner["command_id"] = known
    if inner is not whole:
        headers = whole["headers"] if isinstance(whole.get("headers"), dict) else {}
        whole["headers"] = {**headers, "request_id": known}
    content = json.dumps(whole, ensure_ascii=False)
    try:
        content.encode()
    except UnicodeEncodeError as error:
        raise CannotRender("The OpenC2 command cannot be written: it holds half a character") from error
    sent = {name: text for name, text in headers_of(command, values).items() if name.lower() != "x-request-id"}
    if not said_in(sent, "Content-Type"):
        sent["Content-Type"] = ALONE if inner is whole else MESSAGE
    headers, back = {**sent, "X-Request-ID": known}, _taken_back(whole, inner, sent, key=key)
    return Request(f"openc2.{inner['action']}", EffectClass.KEYED.value, headers, content, undo=back)


def _taken_back(whole: Any, inner: Mapping[str, Any], sent: Mapping[str, str], *, key: str) -> dict[str, Any] | None:
    """The command that takes one back: the opposite action on the same target, without times. None where OpenC2 knows no opposite."""
    action = OPPOSITES.get(inner["action"])
    given = inner.get("args")
    args = given if isinstance(given, dict) else {}
    if action is None or any(name in args for name in TIMED):
        return None  # what has an end of its own is ended by the consumer
    known = command_id(key_of(key))
    back = {**inner, "action": action, "command_id": known}
    if inner is not whole:
        back = {**whole, "headers": {**whole["headers"], "request_id": known}, "body": {"openc2": {"request": back}}}
    target = json.dumps(inner["target"], ensure_ascii=False)[:300]
    headers = {**sent, "X-Request-ID": known}
    content = json.dumps(back, ensure_ascii=False)
    base = {"action": f"openc2.{action}", "effect": EffectClass.KEYED.value}
    return {**base, "headers": headers, "content": content, "text": f"{action.capitalize()} {target}, at the same consumer"}


def _command_in(whole: Any) -> dict[str, Any] | None:
    return _within(whole, "request") or (whole if isinstance(whole, dict) else None)


def _within(whole: Any, part: str) -> dict[str, Any] | None:
    """The request or the response of a message, None when this is none."""
    for name in ("body", "openc2", part):
        whole = whole.get(name) if isinstance(whole, dict) else None
    return whole if isinstance(whole, dict) else None


def _response(answer: Answer) -> dict[str, Any]:
    """The OpenC2 response in an answer; empty when it has none."""
    alone = answer.body if isinstance(answer.body, dict) else {}
    found = _within(alone, "response") or alone
    status = found.get("status")
    return found if isinstance(status, int) and not isinstance(status, bool) and 100 <= status < 600 else {}


def _judged(answer: Answer, rendered: Rendered) -> Outcome | None:
    """What the response says, which is closer to the matter than the status of HTTP (Language Specification 1.0, 3.3.2.2)."""
    response = _response(answer)
    if not response:
        return None
    status, kept = response["status"], {"status": answer.status, "body": answer.body}
    said = f"The consumer answered {status}. {str(response.get('status_text') or '')[:300]}".strip()
    if status < 200:  # 102: taken, and not yet done; asked again under the same command_id
        return Outcome("unsure", f"{said} It is still working on it.")
    if status < 300:
        return _done(answer, rendered)
    return Outcome("failed", said, response=kept, passing=status in (429, 503))


def _done(answer: Answer, rendered: Rendered) -> Outcome:
    """Members of the results by their names, then `status` and `status_text` of the response, and `status_code` of HTTP."""
    response = _response(answer)
    results = response.get("results")
    named = {"status_code": answer.status, **response, **(results if isinstance(results, dict) else {})}
    detail = f"The consumer answered {response.get('status', answer.status)}"
    return Outcome("ok", detail, told(rendered, named, answer.text), {"status": answer.status, "body": answer.body})


def _reach(parts: Mapping[str, str]) -> str:
    inner = _command_in(document(parts["content"])) or {}
    target = json.dumps(inner.get("target"), ensure_ascii=False)
    given = inner.get("args")
    args = given if isinstance(given, dict) else {}
    lasts = [f"{name} {args[name]}" for name in ("start_time", "stop_time", "duration") if name in args]
    until = f" ({', '.join(lasts)}, in milliseconds)" if lasts else ""
    return f"{inner.get('action')} {target[:500]}{until} at {parts['connector']}."


register(
    Product(
        "openc2",
        "OpenC2 consumer",
        tuple(
            ProductAction(
                name=f"openc2.{action}",
                label=f"OpenC2: {action}",
                method="POST",
                path="",
                effect=EffectClass.KEYED,
                reads=_done,
                reach=_reach,
                judges=_judged,
            )
            for action in ACTIONS
        ),
        addressed=True,
    )
)
