"""Small BPMN drawings for tests, and drafts of them told as nested lists."""

from datetime import UTC, datetime
from typing import Any

from playbooks.definition.bpmn import Draft, draft_of

AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"


def drawing(inside: str, *flows: str, around: str = "") -> bytes:
    """A file with one process; a flow is written `from > to: name`."""
    drawn = []
    for number, flow in enumerate(flows):
        ends, _, name = flow.partition(":")
        source, target = (one.strip() for one in ends.split(">"))
        drawn.append(f'<sequenceFlow id="f{number}" name="{name.strip()}" sourceRef="{source}" targetRef="{target}"/>')
    process = f'<process id="p" name="A drawing">{inside}{"".join(drawn)}</process>'
    return f'<definitions xmlns="{MODEL}" id="d" targetNamespace="urn:test">{around}{process}</definitions>'.encode()


def tasks(*names: str) -> str:
    """Service tasks whose ids are their names, with a start `s` and an end `e`."""
    return '<startEvent id="s"/><endEvent id="e" name="Done"/>' + "".join(f'<serviceTask id="{one}" name="{one}"/>' for one in names)


def drafted(raw: bytes) -> Draft:
    """The draft of a drawing, at a fixed time."""
    return draft_of(raw, created=AT, modified=AT)


def told(document: dict[str, Any], step: str = "") -> list[Any]:
    """A branch as names in order; a block is [kind, {branch: ...}]."""
    said: list[Any] = []
    key = step or document["workflow_start"]
    while key:
        one = document["workflow"][key]
        ways = {way: one[way] for way in ("on_true", "on_false", "on_failure") if way in one}
        ways |= one.get("cases", {}) | {f"branch {number}": to for number, to in enumerate(one.get("next_steps", []), 1)}
        if ways:
            name = one["type"] if one["type"] != "action" else one["name"]
            said.append([name, {way: told(document, to) for way, to in ways.items()}])
        elif one["type"] == "action":
            said.append(one["name"])
        elif one["type"] == "playbook-action":
            said.append(f"call {one['name']}")
        key = one.get("on_completion") or one.get("on_success", "")
    return said
