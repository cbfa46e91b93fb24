"""Small books for tests, written as a list of steps."""

from typing import Any
from uuid import NAMESPACE_DNS, UUID, uuid5

from playbooks.definition.graph import EXTENSION

CASE, EDR, FLOOR = (
    f"{kind}--{uuid5(NAMESPACE_DNS, kind + name)}"
    for kind, name in (("security-category", "case"), ("security-category", "siren"), ("group", "floor"))
)


def step_id(kind: str, name: str) -> str:
    """A stable step id (UUID version 4 in form)."""
    return f"{kind}--{UUID(int=uuid5(NAMESPACE_DNS, name).int, version=4)}"


def book(steps: dict[str, dict[str, Any]], *, start: str, name: str = "A small book", **variables: Any) -> dict[str, Any]:
    """A document whose steps are named by short names; ways between them may use these names."""
    ids = {short: step_id(step["type"], short) for short, step in steps.items()}
    ways = ("on_completion", "on_success", "on_failure", "on_true", "on_false")
    workflow = {
        ids[short]: {key: ids.get(value, value) if key in ways else value for key, value in step.items()} for short, step in steps.items()
    }
    return {
        "type": "playbook",
        "spec_version": "cacao-2.0",
        "id": f"playbook--{uuid5(NAMESPACE_DNS, name)}",
        "name": name,
        "created_by": f"identity--{uuid5(NAMESPACE_DNS, 'us')}",
        "created": "2026-11-24T00:00:00.000Z",
        "modified": "2026-11-24T00:00:00.000Z",
        "workflow_start": ids[start],
        "workflow": workflow,
        "playbook_variables": {f"__{key}__": {"type": "string", "external": True, **one} for key, one in variables.items()},
        "agent_definitions": {
            CASE: {"type": "security-category", "name": "The case", "category": ["ticketing"]},
            EDR: {"type": "security-category", "name": "A siren", "category": ["siren"]},
            FLOOR: {"type": "group", "name": "Watch floor"},
        },
    }


def note(text: str, **ways: str) -> dict[str, Any]:
    """A step that writes a note."""
    return local("case.note", {"text": text}, **ways)


def local(command: str, arguments: dict[str, str], **ways: str) -> dict[str, Any]:
    """A step that acts on the subject."""
    commands = [{"type": "local-action", "command": command}]
    return {
        "type": "action",
        "name": command,
        "agent": CASE,
        "commands": commands,
        "step_extensions": {EXTENSION: {"arguments": arguments}},
        **ways,
    }


def manual(text: str, **more: Any) -> dict[str, Any]:
    """A step that a person does."""
    return {"type": "action", "name": text, "agent": FLOOR, "commands": [{"type": "manual", "command": text}], **more}


def http(line: str, **more: Any) -> dict[str, Any]:
    """A step that calls the siren."""
    return {"type": "action", "name": "Sound the siren", "agent": EDR, "commands": [{"type": "http-api", "command": line}], **more}


START = {"type": "start", "on_completion": "first"}
END = {"type": "end"}
