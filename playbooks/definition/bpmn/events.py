"""What an event of BPMN means in a playbook: a wait, something to tell, another playbook, an end."""

from dataclasses import dataclass

from playbooks.definition.bpmn.flow import CALL, DELAY, END, NOTHING, WORK
from playbooks.definition.bpmn.markup import Element
from playbooks.definition.bpmn.words import line, milliseconds, playbook_id

CATCHING = ("startEvent", "intermediateCatchEvent", "boundaryEvent")
THROWING = ("endEvent", "intermediateThrowEvent")
EVENTS = (*CATCHING, *THROWING)
SUFFIX = "EventDefinition"
# Where an event names what it stands for, and where that has its name.
REFERENCES = {"signal": "signalRef", "message": "messageRef", "error": "errorRef", "escalation": "escalationRef"}
TELLS = {
    "message": "Tell",
    "signal": "Tell",
    "error": "Report the error",
    "escalation": "Escalate",
    "compensate": "Undo by hand",
    "cancel": "Cancel by hand",
}


@dataclass(frozen=True)
class Meaning:
    """What an event becomes. `remark` says what is lost, `breaks` that it is a failure or the end of an activity's time."""

    name: str
    does: str
    wait: int = 0
    callee: str = ""
    remark: str = ""
    breaks: bool = False


def kind_of(element: Element, named: dict[str, Element]) -> tuple[str, Element | None]:
    """The kind of an event (`timer`, `signal` ...; nothing for a plain one), and its definition. Of several the first counts."""
    for one in element.children:
        if one.tag.endswith(SUFFIX) and not one.other:
            return one.tag.removesuffix(SUFFIX), one
        if one.tag == "eventDefinitionRef" and one.text.strip() in named:
            return named[one.text.strip()].tag.removesuffix(SUFFIX), named[one.text.strip()]
    return "", None


def meaning_of(element: Element, named: dict[str, Element], goes_on: bool, namespace: str) -> Meaning:
    """What an event becomes; `goes_on` says whether a flow leaves it."""
    kind, definition = kind_of(element, named)
    name = line(element.attributes.get("name", "")) or _named(kind, definition, named)
    several = sum(one.tag.endswith(SUFFIX) for one in element.children) > 1
    remark = "of its several triggers the draft knows the first" if several else ""
    if kind == "timer":
        return _timer(element, definition, name)
    if element.tag in CATCHING:
        name = name or {"startEvent": "Start"}.get(element.tag, f"{kind or 'something'} happens")
        return Meaning(name, WORK if element.tag == "intermediateCatchEvent" and kind else NOTHING, remark=remark, breaks=kind == "error")
    if kind in ("", "link", "terminate"):
        if kind == "terminate":
            remark = "it ends its own branch only, not what runs beside it"
        return Meaning(name or "End", END if element.tag == "endEvent" else NOTHING, remark=remark)
    if kind == "signal" and not goes_on and name:
        callee = playbook_id(namespace, name)
        return Meaning(
            name, CALL, callee=callee, remark=f"the signal calls the playbook {callee}: publish the workflow {name} under that id"
        )
    if kind in ("error", "cancel", "compensate"):
        remark = f"a playbook does not throw {'an' if kind == 'error' else 'a'} {kind}: a person is told"
    return Meaning(line(f"{TELLS.get(kind, 'Tell')}: {name or kind}"), WORK, remark=remark)


def _named(kind: str, definition: Element | None, named: dict[str, Element]) -> str:
    if definition is None or kind not in REFERENCES:
        return ""
    reference = definition.attributes.get(REFERENCES[kind], "")
    return line(named[reference].attributes.get("name", "")) if reference in named else line(reference)


def _timer(element: Element, definition: Element | None, name: str) -> Meaning:
    """A duration is a wait; a date or a cycle is a person's, because a playbook has no calendar."""
    said = {one.tag: line(one.text) for one in (definition.children if definition else [])}
    duration = milliseconds(said.get("timeDuration", ""))
    name = name or (f"Wait {said['timeDuration']}" if duration else "Wait for the time")
    if element.tag == "boundaryEvent":
        return Meaning(name, NOTHING, wait=duration or 0, breaks=duration is not None)
    if duration is not None and element.tag == "intermediateCatchEvent":
        return Meaning(name, DELAY, wait=duration)
    when = "; ".join(f"{key.removeprefix('time').lower()} {value}" for key, value in said.items() if value)
    remark = f"the timer ({when or 'no time given'}) is not set: " + (
        "who starts the playbook keeps it" if element.tag == "startEvent" else "a person says when it is over"
    )
    return Meaning(name, WORK, remark=remark)
