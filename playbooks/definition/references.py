"""Whether everything that a playbook names exists in it, and under an id of its own."""

from collections.abc import Iterator, Mapping
from typing import Any

from playbooks.definition.findings import Place, Sheet
from playbooks.definition.graph import BOOK, EXTENSION, START, STEP_TYPES
from playbooks.definition.reaching import openings
from playbooks.definition.shapes import IDENTIFIER, held, identifier, items, words
from playbooks.definition.steps import WAYS

DEFINITIONS = (
    "authentication_info_definitions",
    "agent_definitions",
    "target_definitions",
    "extension_definitions",
    "data_marking_definitions",
)
EXTENSION_FIELDS = ("agent_target_extensions", "authentication_info_extensions", "marking_extensions", "step_extensions")


def check_references(sheet: Sheet, book: Mapping[str, Any]) -> None:
    """Ids and what names them."""
    _ids(sheet, book)
    _steps_named(sheet, book)
    _definitions_named(sheet, book)
    _extensions_named(sheet, book)


def _objects(book: Mapping[str, Any]) -> Iterator[tuple[Place, str, Any]]:
    """Every object with an id: where it stands, the id, and the object."""
    if isinstance(book.get("id"), str):
        yield ("id",), book["id"], book
    for group in ("workflow", *DEFINITIONS):
        for key, one in held(book.get(group)).items():
            yield (group, key), key, one
    for number, one in enumerate(items(book.get("signatures"))):
        if isinstance(held(one).get("id"), str):
            yield ("signatures", number, "id"), one["id"], one


def _ids(sheet: Sheet, book: Mapping[str, Any]) -> None:
    step_id, any_id = identifier(versions="4"), identifier()
    first: dict[str, tuple[Place, str]] = {}
    for at, key, one in _objects(book):
        group = at[0]
        if group == "workflow":
            step_id(sheet, at, key)
        elif group in DEFINITIONS:
            any_id(sheet, at, key)
        found = IDENTIFIER.fullmatch(key)
        if found is None:
            continue
        kind = held(one).get("type")
        if group == "workflow" and kind in STEP_TYPES and found["type"] != kind:
            sheet.error("schema", at, f"The id of a step begins with its type, {kind}--. Rename one of the two.")
        elif group in DEFINITIONS and isinstance(kind, str) and found["type"] != kind:
            sheet.warning("schema", at, f"An id begins with the type of its object, {kind[:80]}--.")
        if group == "data_marking_definitions" and held(one).get("id") not in (None, key):
            sheet.strictly("schema", (*at, "id"), "A marking's id is the one under which it stands.")
        earlier, known = first.setdefault(found["uuid"].lower(), (at, key))
        # An agent may be a target too, under one id; and signatures of one id are versions of one signature.
        if earlier != at and (known != key or (group == "workflow" and earlier[0] == "workflow")):
            sheet.strictly("duplicate_id", at, f"The same UUID stands in {known[:120]}. Give one of the two an id of its own.")


def _steps_named(sheet: Sheet, book: Mapping[str, Any]) -> None:
    workflow = held(book.get("workflow"))
    if not workflow:  # which is said already
        return
    start, exception = book.get("workflow_start"), book.get("workflow_exception")
    if isinstance(start, str) and start:
        if start not in workflow:
            sheet.error("dangling_step", ("workflow_start",), f"There is no step {start[:120]}. Name the start step.")
        if held(workflow.get(start)).get("type") != START:
            sheet.error("no_start", ("workflow_start",), "workflow_start names a step of type start. Add one, and begin there.")
    if isinstance(exception, str) and exception not in workflow:
        sheet.error(
            "dangling_step", ("workflow_exception",), f"There is no step {exception[:120] or 'without a name'}. Add it, or leave this out."
        )
    if not any(held(step).get("type") == "end" for step in workflow.values()):
        sheet.error("no_end", ("workflow",), "The workflow has no step of type end. Every way leads to one: add it.")
    if not any(held(step).get("type") in ("action", "playbook-action") for step in workflow.values()):
        sheet.warning(
            "schema", ("workflow",), "The workflow does nothing: a playbook has at least one step of type action or playbook-action."
        )
    for key, step in workflow.items():
        if held(step).get("type") == BOOK and step.get("playbook_id") == book.get("id"):
            at = ("workflow", key, "playbook_id")
            sheet.warning("loop_outside_while", at, "The playbook calls itself. Only a while-condition bounds its rounds: use one.")
        for place, to in [*(((way,), held(step).get(way)) for way in WAYS), *openings(held(step))]:
            if isinstance(to, str) and to not in workflow:
                sheet.error(
                    "dangling_step", ("workflow", key, *place), f"There is no step {to[:120] or 'without a name'}. Add it, or name another."
                )


def _definitions_named(sheet: Sheet, book: Mapping[str, Any]) -> None:
    agents, targets = held(book.get("agent_definitions")), held(book.get("target_definitions"))
    for key, step in held(book.get("workflow")).items():
        agent = held(step).get("agent")
        if isinstance(agent, str) and agent and agent not in agents:
            sheet.error("undefined_agent", ("workflow", key, "agent"), f"agent_definitions has no {agent[:120]}. Define it there.")
        for number, target in enumerate(items(held(step).get("targets"))):
            if isinstance(target, str) and target not in targets:
                place = ("workflow", key, "targets", number)
                sheet.error("undefined_target", place, f"target_definitions has no {target[:120]}. Define it there.")
    known = held(book.get("authentication_info_definitions"))
    for group in ("agent_definitions", "target_definitions"):
        for key, one in held(book.get(group)).items():
            named = held(one).get("authentication_info")
            if isinstance(named, str) and named not in known:
                at = (group, key, "authentication_info")
                sheet.error("undefined_authentication", at, f"authentication_info_definitions has no {named[:120]}. Define it there.")
    markings = held(book.get("data_marking_definitions"))
    for number, marking in enumerate(items(book.get("markings"))):
        if isinstance(marking, str) and marking not in markings:
            sheet.error("undefined_marking", ("markings", number), f"data_marking_definitions has no {marking[:120]}. Define it there.")
    for number, one in enumerate(items(book.get("signatures"))):
        for name, of in (("related_to", "id"), ("related_version", "modified")):
            value = held(one).get(name)
            if isinstance(value, str) and value != book.get(of):
                sheet.warning(
                    "schema", ("signatures", number, name), f"The signature is for another {of} than this playbook's. Sign again."
                )


def _extensions_named(sheet: Sheet, book: Mapping[str, Any]) -> None:
    known = held(book.get("extension_definitions"))
    places: list[tuple[Place, Any]] = [(("playbook_extensions",), book.get("playbook_extensions"))]
    for group in ("workflow", *DEFINITIONS):
        for key, one in held(book.get(group)).items():
            places += [((group, key, field), one[field]) for field in EXTENSION_FIELDS if field in held(one)]
    for at, some in places:
        for key in held(some):
            if key not in known and key != EXTENSION:
                sheet.warning("undefined_extension", (*at, key), f"extension_definitions has no {words(key)[:120]}. Define it there.")
