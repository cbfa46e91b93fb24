"""Every kind of step and of command of CACAO 2.0, our own extension of steps, and the playbook itself: what their properties may hold."""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from playbooks.definition.findings import Place, Sheet
from playbooks.definition.graph import ACTION, BOOK, END, EXTENSION, IF, PARALLEL, START, SWITCH, WHILE
from playbooks.definition.kinds import (
    AGENT_OR_TARGET,
    AUTHENTICATION,
    EXTENSION_DEFINITION,
    MARKING,
    by_type,
    extensions,
    in_order,
    references,
    signature,
    step_variables,
    variable_name,
    variables,
)
from playbooks.definition.shapes import (
    Check,
    Shape,
    anything,
    encoded,
    held,
    identifier,
    is_whole,
    items,
    listed,
    millisecond,
    named,
    text,
    timestamp,
    truth,
    whole,
    words,
)

# A hundred years: beyond it the calendar of a run ends.
LONGEST_MS = 100 * 366 * 86_400_000
MOST_ITERATIONS = 1_000_000
START_LINE = re.compile(r"(?P<method>[A-Z]+) (?P<target>\S+) HTTP/\d(?:\.\d)?")
LOCAL = "local-action"


def _milliseconds(sheet: Sheet, at: Place, value: Any) -> None:
    if not is_whole(value) or value > LONGEST_MS:
        sheet.error("schema", at, f"{at[-1]} is a whole number of milliseconds, without quotes.")
    elif value < 0:
        sheet.error("negative_time", at, f"{at[-1]} cannot be negative. Write 0 or more milliseconds.")


def _start_line(*methods: str) -> Check:
    def check(sheet: Sheet, at: Place, value: Any) -> None:
        text(sheet, at, value)
        if not isinstance(value, str):
            return
        found = START_LINE.fullmatch(value.strip())
        if found is None:
            sheet.strictly("schema", at, "The command is the start line of a request, like GET /hosts HTTP/1.1.")
        elif methods and found["method"] not in methods:
            sheet.strictly("schema", at, f"The method here is {' or '.join(methods)}.")

    return check


def _headers(sheet: Sheet, at: Place, value: Any) -> None:
    if not isinstance(value, Mapping):
        named(anything)(sheet, at, value)
    for name, some in held(value).items():
        if isinstance(some, str):
            sheet.strictly("schema", (*at, name), "A header holds a list of texts. Put it in brackets.")
        else:
            listed(text)(sheet, (*at, name), some)


def _one_text(name: str) -> Check:
    def check(sheet: Sheet, at: Place, one: Any) -> None:
        if not words(one.get(name)).strip() and not words(one.get(f"{name}_b64")).strip():
            sheet.error("schema", (*at, name), f"A command has {name} or {name}_b64. Say what is to be done.")

    return check


_COMMAND = Shape(
    {**dict.fromkeys(("type", "description", "version", "playbook_activity"), text), "external_references": references}, ("type",)
)
_TEXTS = {"command": text, "command_b64": encoded, "content": text, "content_b64": encoded, "headers": _headers}
_SHELL = _COMMAND.extended({"command": text, "command_b64": encoded}, also=(_one_text("command"),))
_QUERY = _COMMAND.extended({"command_b64": encoded}, "command_b64")
COMMAND = by_type(
    {
        **dict.fromkeys(("manual", "bash", "powershell", "ssh", "caldera-cmd"), _SHELL),
        **dict.fromkeys(("elastic", "jupyter", "kestrel", "sigma", "yara"), _QUERY),
        "http-api": _COMMAND.extended({"command": _start_line(), "headers": _headers, "content": text, "content_b64": encoded}, "command"),
        "openc2-http": _COMMAND.extended(
            {"command": _start_line("POST"), "headers": _headers, "content_b64": encoded}, "command", "content_b64"
        ),
        LOCAL: _COMMAND.extended({"command": text}, "command"),
    },
    Shape({**_COMMAND.properties, **_TEXTS}, ("type",), (_one_text("command"),), closed=False),
)


def _seconds(sheet: Sheet, at: Place, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value > LONGEST_MS / 1000:
        sheet.error("schema", at, "seconds is a number of seconds.")
    elif value <= 0:
        sheet.error("negative_time", at, "seconds is more than 0.")


def _undo_after(sheet: Sheet, at: Place, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value > LONGEST_MS / 1000:
        sheet.error("schema", at, "undo_after is a number of seconds.")
    elif value <= 0:
        sheet.error("negative_time", at, "undo_after is more than 0.")


MOST_VOTES = 5  # of the watch floor
APPROVAL = Shape({"title": text, "touches": text, "votes": whole(1, MOST_VOTES)}, ("title",), closed=False)
OURS = Shape(
    {
        "approval": APPROVAL,
        "arguments": named(text),
        "outputs": named(text, variable_name),
        "undo_after": _undo_after,
        "budget": Shape({"iterations": whole(1, MOST_ITERATIONS), "seconds": _seconds}),
    },
    closed=False,
)


def _step_extensions(sheet: Sheet, at: Place, value: Any) -> None:
    extensions(sheet, at, value)
    if EXTENSION in held(value):
        OURS(sheet, (*at, EXTENSION), value[EXTENSION])


WAYS = ("on_completion", "on_success", "on_failure")


def no_ways(kind: str, *ways: str) -> Check:
    """A kind of step that does not lead on so."""

    def check(sheet: Sheet, at: Place, step: Any) -> None:
        for way in ways:
            if way in step:
                sheet.error("schema", (*at, way), f"A step of type {kind} has no {way}. Remove it.")

    return check


def _one_way_out(sheet: Sheet, at: Place, step: Any) -> None:
    if "on_completion" in step and ("on_success" in step or "on_failure" in step):
        sheet.error("completion_and_success", (*at, "on_completion"), "on_completion stands alone. Keep it, or on_success and on_failure.")


def _budget_of_a_loop(sheet: Sheet, at: Place, step: Any) -> None:
    if step.get("type") != WHILE and held(held(step.get("step_extensions")).get(EXTENSION)).get("budget"):
        sheet.warning("schema", (*at, "step_extensions", EXTENSION, "budget"), "Only a while-condition has a budget. Remove it.")


def _nothing_to_undo(sheet: Sheet, at: Place, step: Any) -> None:
    kinds = {str(held(one).get("type")) for one in step.get("commands", ()) or ()} if isinstance(step.get("commands"), list) else set()
    if "undo_after" in held(held(step.get("step_extensions")).get(EXTENSION)) and not kinds & {"http-api", "openc2-http", "openc2"}:
        place = (*at, "step_extensions", EXTENSION, "undo_after")
        sheet.warning("schema", place, "Nothing takes this step back by itself. Remove undo_after, or let a product do what the step does.")


def _at_least_two(sheet: Sheet, at: Place, value: Any) -> None:
    listed(text, least=0)(sheet, at, value)
    if isinstance(value, list) and len(value) < 2:
        sheet.error("schema", at, "A parallel step has two branches or more. Where there is one, no parallel step is needed.")


STEP = Shape(
    {
        **dict.fromkeys(("type", "name", "description"), text),
        "external_references": references,
        "delay": _milliseconds,
        "timeout": _milliseconds,
        "step_variables": step_variables,
        "owner": identifier("identity"),
        **dict.fromkeys(WAYS, text),
        "step_extensions": _step_extensions,
    },
    ("type",),
    (_one_way_out, _budget_of_a_loop, _nothing_to_undo),
)
_ARGS = {"in_args": listed(text), "out_args": listed(text)}
_CONDITION = STEP.extended({"condition": text, "on_true": text}, "condition", "on_true")
_STEPS = {
    START: STEP.extended({}, also=(no_ways(START, "on_success", "on_failure"),)),
    END: STEP.extended({}, also=(no_ways(END, *WAYS),)),
    ACTION: STEP.extended({"commands": listed(COMMAND), "agent": text, "targets": listed(text), **_ARGS}, "commands", "agent"),
    BOOK: STEP.extended({"playbook_id": identifier("playbook"), "playbook_version": timestamp, **_ARGS}, "playbook_id"),
    PARALLEL: STEP.extended({"next_steps": _at_least_two}, "next_steps"),
    IF: _CONDITION.extended({"on_false": text}),
    WHILE: _CONDITION,
    SWITCH: STEP.extended({"switch": text, "cases": named(text)}, "switch", "cases"),
}
_EVERYWHERE = {name: check for shape in _STEPS.values() for name, check in shape.properties.items()}
_A_STEP = by_type(_STEPS, STEP.opened(), closed=True)


def step(sheet: Sheet, at: Place, value: Any) -> None:
    """A step; what belongs to steps of another type is no use in it, and still has to have its form."""
    _A_STEP(sheet, at, value)
    kind = held(value).get("type")
    own = (_STEPS.get(kind, STEP) if isinstance(kind, str) else STEP).properties
    for name in held(value):
        if name in _EVERYWHERE and name not in own:
            _EVERYWHERE[name](sheet, (*at, name), value[name])


SUMMARY = (
    "manual_playbook", "external_playbooks", "parallel_processing", "if_logic", "while_logic", "switch_logic", "temporal_logic",
    "data_markings", "digital_signatures", "countersigned_signatures", "extensions",
)  # fmt: skip
TYPES = ("attack", "detection", "engagement", "investigation", "mitigation", "notification", "prevention", "remediation")


def _version(sheet: Sheet, at: Place, value: Any) -> None:
    if value != "cacao-2.0":
        sheet.error("schema", at, "This reads CACAO 2.0: spec_version is cacao-2.0.")


def _activities(sheet: Sheet, at: Place, book: Any) -> None:
    listed_ones = items(book.get("playbook_activities"))
    if any(one in TYPES for one in items(book.get("playbook_types"))) and not listed_ones:
        sheet.warning("schema", (*at, "playbook_activities"), "Where playbook_types is given, playbook_activities names what is done.")
    steps = held(book.get("workflow")).values()
    done = {words(held(one).get("playbook_activity")) for step in steps for one in items(held(step).get("commands"))}
    for number, one in enumerate(listed_ones):
        if isinstance(one, str) and one not in done:
            sheet.warning("schema", (*at, "playbook_activities", number), f"No command has the activity {one[:80]}. Name it there.")


_PLAYBOOK = Shape(
    {
        **dict.fromkeys(("type", "name", "description"), text),
        "spec_version": _version,
        "id": identifier("playbook"),
        "playbook_types": listed(text),
        "playbook_activities": listed(text),
        "playbook_processing_summary": Shape(dict.fromkeys(SUMMARY, truth)),
        "created_by": identifier("identity"),
        "created": millisecond,
        "modified": millisecond,
        "revoked": truth,
        "valid_from": timestamp,
        "valid_until": timestamp,
        "derived_from": listed(identifier("playbook")),
        "related_to": listed(identifier()),
        **dict.fromkeys(("priority", "severity", "impact"), whole(0, 100)),
        "industry_sectors": listed(text),
        "labels": listed(text),
        "external_references": references,
        "markings": listed(text),
        "playbook_variables": variables,
        "workflow_start": text,
        "workflow_exception": text,
        "workflow": named(step),
        "playbook_extensions": extensions,
        "authentication_info_definitions": named(AUTHENTICATION),
        "agent_definitions": named(AGENT_OR_TARGET),
        "target_definitions": named(AGENT_OR_TARGET),
        "extension_definitions": named(EXTENSION_DEFINITION),
        "data_marking_definitions": named(MARKING),
        "signatures": listed(signature),
    },
    ("type", "spec_version", "id", "name", "created_by", "created", "modified", "workflow_start", "workflow"),
    (in_order("created", "modified", equal=True), in_order("valid_from", "valid_until", equal=False), _activities),
)
PLAYBOOK = by_type({"playbook": _PLAYBOOK}, _PLAYBOOK, closed=True)


def texts_with_variables(command: Mapping[str, Any]) -> list[tuple[Place, str]]:
    """The texts of a command into which values are put, and where they stand in it; what is in base64 is decoded."""
    found: list[tuple[Place, str]] = [((name,), words(command.get(name))) for name in ("command", "content")]
    found += [((name,), _plain(words(command.get(name)))) for name in ("command_b64", "content_b64")]
    for name, some in held(command.get("headers")).items():
        found += [(("headers", name, no), words(one)) for no, one in enumerate(items(some))] or [(("headers", name), words(some))]
    return [(at, one) for at, one in found if one]


def _plain(encoded_text: str) -> str:
    try:
        return base64.b64decode(encoded_text, validate=True).decode()
    except (binascii.Error, ValueError):
        return encoded_text
