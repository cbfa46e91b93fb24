"""Web APIs of an agency that a playbook names by their address: any request, its effect known by the method and what the admin declared."""

import json
from collections.abc import Mapping
from typing import Any

from playbooks.connectors.addressed import Request, headers_of, said_in, told
from playbooks.definition.graph import Command
from playbooks.definition.places import Place, filled_for
from playbooks.definition.variables import UndefinedVariable, UnfitValue
from playbooks.products import Answer, Outcome, Product, ProductAction, Rendered, register
from playbooks.rendering import CannotRender
from playbooks.states import EffectClass

# RFC 9110, 9.2: safe methods read, and what is idempotent means the same however often it arrives.
EFFECTS = {
    **dict.fromkeys(("GET", "HEAD", "OPTIONS"), EffectClass.READ),
    **dict.fromkeys(("PUT", "DELETE"), EffectClass.IDEMPOTENT),
    **dict.fromkeys(("POST", "PATCH"), EffectClass.UNSAFE),
}
LABELS = {"GET": "Reads", "HEAD": "Reads", "OPTIONS": "Reads", "PUT": "Sets", "DELETE": "Deletes", "POST": "Sends to", "PATCH": "Changes"}
FORM = "application/x-www-form-urlencoded"


def request(method: str, command: Command, values: Mapping[str, Any], *, effect: str, lookup: str, key: str) -> Request:
    """What the command asks of a web API whose POST and PATCH are of this `effect`. Raises CannotRender."""
    if method not in EFFECTS:
        raise CannotRender(f"{method} is no request that is made here. Use {', '.join(EFFECTS)}")
    headers = headers_of(command, values)
    given = said_in(headers, "Content-Type")
    kind = given.partition(";")[0].strip().lower()
    content, is_json = _content(command.content, kind, values)
    if is_json and not given:
        headers["Content-Type"] = "application/json"
    of = str(EFFECTS[method] if EFFECTS[method] != EffectClass.UNSAFE else effect)
    if of != EffectClass.READ:
        headers["Idempotency-Key"] = key
    return Request(f"http.{method.lower()}", of, headers, content, lookup if of == EffectClass.VERIFIABLE else "")


def _content(text: str, kind: str, values: Mapping[str, Any]) -> tuple[str, bool]:
    """The content, and whether it is JSON. Where nobody knows the language of a content, only plain words can stand in it."""
    if not text.strip():
        return "", False
    place: Place = "query" if kind == FORM else "json" if kind.endswith("json") or not kind else "word"
    try:
        content, is_json = filled_for(place, text, values), place == "json"
    except (UndefinedVariable, UnfitValue) as error:
        raise CannotRender(f"The content cannot be written: {error}") from error
    except ValueError as error:
        if kind:
            raise CannotRender(f"The content is no JSON: {error}") from error
        content, is_json = _plain(text, values), False
    try:
        content.encode()
    except UnicodeEncodeError as error:
        raise CannotRender("The content cannot be written: it holds half a character") from error
    return content, is_json


def _plain(text: str, values: Mapping[str, Any]) -> str:
    try:
        return filled_for("word", text, values)
    except (UndefinedVariable, UnfitValue) as error:
        raise CannotRender(f"The content cannot be written: {error}") from error


def _outcome(answer: Answer, rendered: Rendered, detail: str) -> Outcome:
    """The members of a JSON answer by their names; beside them `status_code`, the status of HTTP, unless a member has that name."""
    members = answer.body if isinstance(answer.body, dict) else {}
    outputs = told(rendered, {"status_code": answer.status, **members}, answer.text)
    return Outcome("ok", detail, outputs, {"status": answer.status, "body": answer.body})


def _done(answer: Answer, rendered: Rendered) -> Outcome:
    return _outcome(answer, rendered, f"Answered {answer.status}")


def _ask(rendered: Rendered) -> tuple[str, str] | None:
    lookup = rendered.get("lookup")
    return ("GET", str(lookup).replace("{key}", str(rendered["key"]))) if lookup else None


def _absent(answer: Answer, rendered: Rendered) -> bool:
    """Whether there is nothing under the key: a resource whose path has the key in it is not there."""
    return answer.status == 404 and "{key}" in str(rendered.get("lookup", "")).partition("?")[0]


def _found(answer: Answer, rendered: Rendered) -> Outcome | None:
    """What the API knows under the key. An answer about something else says nothing, so that nothing is done twice on its word."""
    body = answer.body.get("results", answer.body) if isinstance(answer.body, dict) else answer.body
    if body in ([], {}, None):
        return None
    key = str(rendered["key"])
    for one in body if isinstance(body, list) else [body]:
        text = json.dumps(one, ensure_ascii=False)
        if key in text:
            return _outcome(Answer(answer.status, one, text), rendered, "The product knows it already under this key")
    return Outcome("unsure", "The product could not be asked: its answer does not name the key")


def _reach(method: str, parts: Mapping[str, str]) -> str:
    changes = "Changes nothing there." if EFFECTS[method] == EffectClass.READ else "What that changes there, the API alone knows."
    return f"{LABELS[method]} {parts['url']} at {parts['connector']}. {changes}"


def _action(method: str, effect: EffectClass) -> ProductAction:
    return ProductAction(
        name=f"http.{method.lower()}",
        label=f"{LABELS[method]} an address ({method})",
        method=method,
        path="",
        effect=effect,
        reads=_done,
        reach=lambda parts: _reach(method, parts),
        verifying=_ask,
        happened=_found,
        absent=_absent,
    )


register(Product("http", "Web API", tuple(_action(method, effect) for method, effect in EFFECTS.items()), addressed=True))
