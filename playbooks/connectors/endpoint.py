"""The endpoint product of an agency: isolate a host, release it, say which isolations it knows."""

from collections.abc import Mapping
from urllib.parse import quote, unquote

from playbooks.products import Answer, Outcome, Product, ProductAction, Rendered, register
from playbooks.states import EffectClass


def _done(answer: Answer, rendered: Rendered) -> Outcome:
    body = answer.body if isinstance(answer.body, dict) else {}
    outputs = {"key": str(rendered["key"]), "at": str(body.get("at", ""))}
    return Outcome("ok", "The product took the order", outputs, {"status": answer.status, "body": answer.body})


def _known(answer: Answer) -> list[dict[str, object]]:
    """The isolations in an answer: a list, or a list under `results`."""
    body = answer.body.get("results", []) if isinstance(answer.body, dict) else answer.body
    return [one for one in body if isinstance(one, dict)] if isinstance(body, list) else []


def _ask_by_key(rendered: Rendered) -> tuple[str, str]:
    return "GET", f"/isolations?key={quote(str(rendered['key']), safe='')}"


def _it_happened(answer: Answer, rendered: Rendered) -> Outcome | None:
    for one in _known(answer):
        if one.get("key") == rendered["key"]:
            outputs = {"key": str(rendered["key"]), "at": str(one.get("at", ""))}
            return Outcome("ok", "The product knows it already under this key", outputs, {"status": answer.status, "body": one})
    return None


def _confirm(answer: Answer, rendered: Rendered) -> Outcome:
    wanted = unquote(str(rendered["url"]).partition("?key=")[2])
    found = [one for one in _known(answer) if one.get("key") == wanted]
    if not found:
        return Outcome("failed", "The product knows no isolation under this key", passing=True)
    outputs = {"key": wanted, "at": str(found[0].get("at", "")), "host": str(found[0].get("host", ""))}
    return Outcome("ok", "The product confirms it", outputs, {"status": answer.status, "body": found[0]})


def _release(parts: Mapping[str, str]) -> tuple[str, str]:
    return "POST", f"/hosts/{quote(parts['host'], safe='')}/release"


def _isolation_reach(parts: Mapping[str, str]) -> str:
    return f"One host, {parts['host']}: it loses every connection but the one to the endpoint product."


def _release_reach(parts: Mapping[str, str]) -> str:
    return f"One host, {parts['host']}: it is on the network again."


ENDPOINT = Product(
    "endpoint",
    "Endpoint product",
    (
        ProductAction(
            name="endpoint.isolate",
            label="Isolate a host",
            method="POST",
            path="/hosts/{host}/isolate",
            effect=EffectClass.KEYED,
            reads=_done,
            reach=_isolation_reach,
            verifying=_ask_by_key,
            happened=_it_happened,
            undoing=_release,
            undo_text="Release {host} from isolation, through the same product",
        ),
        ProductAction(
            name="endpoint.release",
            label="Release a host",
            method="POST",
            path="/hosts/{host}/release",
            effect=EffectClass.IDEMPOTENT,
            reads=_done,
            reach=_release_reach,
        ),
        ProductAction(
            name="endpoint.confirm",
            label="Look an isolation up",
            method="GET",
            path="/isolations",
            effect=EffectClass.READ,
            reads=_confirm,
            reach=lambda parts: "Reads only.",
        ),
    ),
)

register(ENDPOINT)
