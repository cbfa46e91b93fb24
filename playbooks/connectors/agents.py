"""Agents of an agency: its own services that carry out commands which the engine never runs itself."""

import json
from collections.abc import Mapping
from typing import Any

from playbooks.connectors.addressed import Request, told
from playbooks.definition.graph import Agent, Command
from playbooks.definition.places import filled_for, place_of
from playbooks.definition.variables import UndefinedVariable, UnfitValue, filled
from playbooks.products import AGENT_KINDS, Answer, Outcome, Product, ProductAction, Rendered, register
from playbooks.rendering import CannotRender
from playbooks.states import EffectClass


def request(command: Command, values: Mapping[str, Any], *, target: Agent | None, effect: str, lookup: str, key: str) -> Request:
    """What the agent is told: one JSON object, every value quoted for the language of the command. Raises CannotRender."""
    place = place_of(command.kind)
    try:
        said = {
            "kind": command.kind,
            "command": filled_for(place, command.text, values),
            **({"content": filled_for(place, command.content, values)} if command.content else {}),
            "target": _target(target, values),
            "key": key,
        }
        content = json.dumps(said, ensure_ascii=False)
        content.encode()
    except (UndefinedVariable, UnfitValue) as error:
        raise CannotRender(f"The command cannot be written: {error}") from error
    except UnicodeEncodeError as error:
        raise CannotRender("The command cannot be written: it holds half a character") from error
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    return Request(f"agent.{command.kind}", effect, headers, content, lookup if effect == EffectClass.VERIFIABLE else "")


def _target(target: Agent | None, values: Mapping[str, Any]) -> dict[str, Any] | None:
    if target is None:
        return None
    address = {kind: [filled(one, values) for one in some] for kind, some in target.address.items()}
    port = {"port": filled(target.port, values)} if target.port else {}
    return {"type": target.kind, "name": filled(target.name, values), "address": address, **port}


def _done(answer: Answer, rendered: Rendered) -> Outcome:
    """An exit code of 0 is done, another one failed; without one nobody knows yet. `outputs` are values for the step's variables."""
    body = answer.body if isinstance(answer.body, dict) else {}
    code, kept = body.get("exit_code"), {"status": answer.status, "body": answer.body}
    if not isinstance(code, int) or isinstance(code, bool):
        return Outcome("unsure", "The agent did not say how the command ended.", response=kept)
    if code != 0:
        return Outcome("failed", f"The command ended with exit code {code}. {str(body.get('output') or '')[:300]}".strip(), response=kept)
    outputs = body.get("outputs")
    named = {"exit_code": code, "output": body.get("output"), **(outputs if isinstance(outputs, dict) else {})}
    return Outcome("ok", "The command ended with exit code 0", told(rendered, named, str(body.get("output") or "")), kept)


def _ask(rendered: Rendered) -> tuple[str, str] | None:
    lookup = rendered.get("lookup")
    return ("GET", str(lookup).replace("{key}", str(rendered["key"]))) if lookup else None


def _absent(answer: Answer, rendered: Rendered) -> bool:
    """Whether there is nothing under the key: a resource whose path has the key in it is not there."""
    return answer.status == 404 and "{key}" in str(rendered.get("lookup", "")).partition("?")[0]


def _found(answer: Answer, rendered: Rendered) -> Outcome | None:
    """What the agent knows under the key. An answer about something else says nothing."""
    body = answer.body if isinstance(answer.body, dict) else {}
    if body.get("key") != rendered["key"]:
        return Outcome("unsure", "The agent could not be asked: its answer does not name the key")
    return _done(answer, rendered)


def _reach(kind: str, parts: Mapping[str, str]) -> str:
    return f"Runs a {kind} command on {parts['host']} through {parts['connector']}. What it changes there, the command alone says."


# No command says how it is taken back: the book's own steps do that.
register(
    Product(
        "agent",
        "Agent for commands",
        tuple(
            ProductAction(
                name=f"agent.{kind}",
                label=f"Run a {kind} command",
                method="POST",
                path="",
                effect=EffectClass.UNSAFE,
                reads=_done,
                reach=lambda parts, kind=kind: _reach(kind, parts),  # type: ignore[misc]
                verifying=_ask,
                happened=_found,
                absent=_absent,
            )
            for kind in AGENT_KINDS
        ),
        addressed=True,
    )
)
