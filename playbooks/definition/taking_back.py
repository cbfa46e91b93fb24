"""Taking back what a run did: the book that does it, built in, and what it sends. Nothing of one agency stands in it."""

from collections.abc import Iterable, Mapping
from typing import Any

from playbooks.definition.canonical import sha256_of
from playbooks.definition.graph import EXTENSION, Graph, compiled

PLAN, TAKE_BACK = "undo-plan", "undo"  # commands that no other book knows
LEFT, WHAT, TOUCHES = "__left__", "__what__", "__touches__"
PLAN_STEP = "action--3c1f5a52-5c0e-4b54-9d8e-2f0a5f3d7a01"
TAKE_STEP = "action--8a0b6d3e-0f4c-4d6b-8a55-94a1c3c0b702"
LOOP, START, END, ROUND = (
    "while-condition--1b7a0f64-3f1d-4f9c-a1f0-6a4f1d0e2b03",
    "start--5d9e2c17-7a45-4c3b-b8c8-0c9b6f1a4e04",
    "end--c2a7e9b0-61d3-4a8f-9e57-7f3b2d8c5a05",
    "end--f4b1d6a8-2e90-4c7d-8b36-1a5c9e7f3d06",
)


def _document(asks: bool) -> dict[str, Any]:
    asked = {"approval": {"title": f"{WHAT}:value", "touches": f"{TOUCHES}:value"}}
    plan: dict[str, Any] = {"type": "action", "name": "Say what is taken back", "on_completion": LOOP}
    plan |= {"commands": [{"type": PLAN, "command": "The requests, latest first"}]}
    take = {"type": "action", "name": "Take it back", "commands": [{"type": TAKE_BACK, "command": "The next of them"}]}
    workflow = {
        START: {"type": "start", "on_completion": PLAN_STEP},
        PLAN_STEP: plan | ({"step_extensions": {EXTENSION: asked}} if asks else {}),
        LOOP: {"type": "while-condition", "name": "Is anything left?", "condition": f"{LEFT}:value > 0", "on_true": TAKE_STEP}
        | {"on_completion": END},
        # One that fails stays as it is, and those before it are taken back all the same.
        TAKE_STEP: take | {"on_success": ROUND, "on_failure": ROUND},
        ROUND: {"type": "end"},
        END: {"type": "end", "name": "Taken back"},
    }
    return {
        "id": "playbook--b9d0a7c4-0d1c-4b7e-9a63-52c8f1e6d407",
        "name": "Take back what a run did",
        "description": "Takes back what a run did, the latest first.",
        "workflow_start": START,
        "workflow": workflow,
        "playbook_variables": {
            LEFT: {"type": "integer", "value": "0"},
            **{name: {"type": "string", "value": ""} for name in (WHAT, TOUCHES)},
        },
    }


DOCUMENTS = {asks: _document(asks) for asks in (False, True)}
HASHES = {asks: sha256_of(document) for asks, document in DOCUMENTS.items()}
BUILT_IN: dict[str, Graph] = {HASHES[asks]: compiled(document) for asks, document in DOCUMENTS.items()}


def key_of(effect_key: str) -> str:
    """The key under which the outside knows that an effect is taken back: the same for every try at it, in whatever run."""
    return sha256_of(["undo", effect_key])


def request_back(undo: Mapping[str, Any], done: Mapping[str, Any], *, effect_key: str, secret_name: str) -> dict[str, Any]:
    """Exactly the request that takes an effect back. `undo` as it was registered, `done` the request that it takes back."""
    key = key_of(effect_key)
    headers = dict(undo.get("headers", {}))
    if secret_name:
        headers["Authorization"] = f"Bearer [secret {secret_name}]"
    headers.setdefault("Idempotency-Key", key)
    return {
        "kind": "http",
        "action": undo["action"],
        "effect": undo["effect"],
        "connector": done["connector"],
        "method": undo["method"],
        "url": undo["url"],
        "headers": headers,
        "body": None,
        "content": undo.get("content", ""),
        "targets": list(done["targets"]),
        "key": key,
        "undo": None,
        "values": {},
        "takes_back": effect_key,
        "text": undo["text"],
    }


def plan_of(requests: Iterable[Mapping[str, Any]], actions: Iterable[str]) -> dict[str, Any]:
    """All that is taken back, as people read it and as it is hashed. `actions` are those that are taken back."""
    some = list(requests)
    targets = list(dict.fromkeys(target for one in some for target in one["targets"]))
    base: dict[str, Any] = {"kind": "undo", "action": "undo", "effect": "local", "targets": targets, "undo": None, "values": {}}
    return {**base, "key": sha256_of([one["key"] for one in some]), "actions": sorted(set(actions)), "requests": some}
