"""How a draft begins: with the smallest book that holds, or with the document of a version or of a file."""

from collections.abc import Callable, Mapping
from typing import Any

from playbooks.definition.graph import ACTION, END, START
from playbooks.definition.layout import without_layout
from playbooks.definition.shapes import held

# Who the books that are written here are by.
AUTHOR = "identity--f3c95789-ace1-4954-ac5d-6baed2eac902"

MOST_STEPS = 500


def blank(name: str, new: Callable[[str], str], now: str) -> dict[str, Any]:
    """A book that begins, asks the watch floor for one thing, and ends. The check finds nothing in it."""
    start, first, end, people = new(START), new(ACTION), new(END), new("group")
    return {
        "type": "playbook",
        "spec_version": "cacao-2.0",
        "id": new("playbook"),
        "name": name,
        "created_by": AUTHOR,
        "created": now,
        "modified": now,
        "workflow_start": start,
        "workflow": {
            start: {"type": START, "on_completion": first},
            first: {
                "type": ACTION,
                "name": "First step",
                "commands": [{"type": "manual", "command": "Say what is to be done."}],
                "agent": people,
                "on_completion": end,
            },
            end: {"type": END},
        },
        "agent_definitions": {people: {"type": "group", "name": "Watch floor"}},
    }


def workable(document: Any) -> str:
    """Why a document cannot be worked on in forms; empty where it can. What is merely wrong in it is for the forms to mend."""
    workflow = held(held(document).get("workflow"))
    steps = list(workflow.values())
    if not isinstance(document, Mapping) or not isinstance(document.get("id"), str) or not steps:
        return "It is no playbook: it has no id or no steps."
    if not all(isinstance(step, Mapping) and isinstance(step.get("type"), str) for step in steps):
        return "One of its steps is no object with a type."
    if len(steps) > MOST_STEPS:
        return f"It has more than {MOST_STEPS} steps, which is more than a form can show."
    return ""


def as_draft(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document as it is worked on: without signatures, which no longer count once it changes, and without a layout of its steps."""
    bare = without_layout(document)
    bare.pop("signatures", None)
    return bare


def as_version(document: Mapping[str, Any], now: str) -> dict[str, Any]:
    """A draft as it is published: modified now, which names the version."""
    return {**document, "modified": now, "created": min(str(document.get("created", now)), now)}
