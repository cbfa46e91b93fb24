"""Every finding about a playbook document, so that what is published can be run."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from playbooks.definition.conditions import ConditionSyntax, read, variables_of
from playbooks.definition.graph import ACTION, END, EXTENSION, IF, START
from playbooks.definition.variables import NAME, names_in

STEP_TYPES = ("start", "end", "action", "playbook-action", "parallel", "if-condition", "while-condition", "switch-condition")
RUNNABLE = (START, END, ACTION, IF)
COMMANDS = ("http-api", "manual", "local-action")
STEP_ID = re.compile(r"(?P<type>[a-z][a-z-]*)--(?P<uuid>[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})")
BOOK_ID = re.compile(r"playbook--[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
REQUIRED = ("type", "spec_version", "id", "name", "created_by", "created", "modified", "workflow_start", "workflow")
SECRET_FIELDS = ("password", "token", "oauth_header", "user_id", "username")
# Values that the engine gives to every run.
GIVEN = frozenset({"__problem__"})


@dataclass(frozen=True)
class Finding:
    """One finding: a stable code, how bad, where (JSON pointer), and a sentence."""

    code: str
    severity: str  # error | warning
    pointer: str
    message: str


def pointer(*parts: object) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def check(document: Any, actions: frozenset[str] | None = None) -> list[Finding]:
    """Every finding; none of severity `error` means that the engine can run it.

    `actions` are the actions on the subject that exist (None: any).
    """
    try:
        return _findings(document, actions)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return [Finding("schema", "error", "", "A part of the document has another shape than CACAO 2.0 gives it.")]


def _findings(document: Any, actions: frozenset[str] | None) -> list[Finding]:
    if not isinstance(document, Mapping):
        return [Finding("schema", "error", "", "A playbook is a JSON object.")]
    found = [Finding("schema", "error", pointer(key), f"{key} is required.") for key in REQUIRED if document.get(key) in (None, "")]
    if found:
        return found
    found = list(_head(document))
    workflow = document["workflow"]
    if not isinstance(workflow, Mapping) or not all(isinstance(step, Mapping) for step in workflow.values()):
        return [*found, Finding("schema", "error", "/workflow", "The workflow is an object of steps.")]
    checks = [_variables(document), _steps(document, workflow, actions), _ways(document, workflow), _secrets(document)]
    found += [one for some in checks for one in some]
    if not any(one.severity == "error" for one in found):
        found += _reach(document, workflow)
    return found


def _head(document: Mapping[str, Any]) -> Iterable[Finding]:
    if document["type"] != "playbook":
        yield Finding("unknown_type", "error", "/type", "The type of a playbook is playbook.")
    if document["spec_version"] != "cacao-2.0":
        yield Finding("schema", "error", "/spec_version", "This reads CACAO 2.0 (cacao-2.0).")
    if not BOOK_ID.fullmatch(str(document["id"])):
        yield Finding("schema", "error", "/id", "The id is playbook-- and a UUID of version 4 or 5.")
    for key in ("created", "modified"):
        if not TIMESTAMP.fullmatch(str(document[key])):
            yield Finding("bad_timestamp", "error", pointer(key), "A time is written 2026-11-24T14:32:00.000Z, with three decimals.")


def _variables(document: Mapping[str, Any]) -> Iterable[Finding]:
    for name, one in document.get("playbook_variables", {}).items():
        at = pointer("playbook_variables", name)
        if not NAME.fullmatch(name):
            yield Finding("variable_name", "error", at, "A variable is named __like_this__, at most 250 characters.")
        if not isinstance(one, Mapping) or not isinstance(one.get("type"), str):
            yield Finding("schema", "error", at, "A variable has a type.")


def _steps(document: Mapping[str, Any], workflow: Mapping[str, Any], actions: frozenset[str] | None) -> Iterable[Finding]:
    declared = {**document.get("playbook_variables", {}), **{name: {} for name in GIVEN}}
    uuids: dict[str, str] = {}
    for key, step in workflow.items():
        at = ("workflow", key)
        named = STEP_ID.fullmatch(key)
        kind = step.get("type")
        if kind not in STEP_TYPES:
            yield Finding("unknown_type", "error", pointer(*at, "type"), f"{kind} is no kind of step.")
            continue
        if named is None or named["type"] != kind:
            yield Finding("schema", "error", pointer(*at), "A step's id is its type, -- and a UUID of version 4.")
        elif named["uuid"] in uuids:
            yield Finding("duplicate_id", "error", pointer(*at), f"The same UUID names {uuids[named['uuid']]}.")
        else:
            uuids[named["uuid"]] = key
        if kind not in RUNNABLE:
            yield Finding("unsupported_step", "error", pointer(*at, "type"), f"Steps of type {kind} are not run yet.")
        for number in ("delay", "timeout"):
            value = step.get(number, 0)
            if isinstance(value, bool) or not isinstance(value, int):
                yield Finding("schema", "error", pointer(*at, number), f"{number} is a whole number of milliseconds.")
            elif value < 0:
                yield Finding("negative_time", "error", pointer(*at, number), f"{number} cannot be negative.")
        if kind == IF:
            yield from _condition(step, at, declared)
        if kind == ACTION:
            yield from _action(document, step, at, declared, actions)


def _condition(step: Mapping[str, Any], at: tuple[str, str], declared: Mapping[str, Any]) -> Iterable[Finding]:
    text = step.get("condition")
    if not isinstance(text, str) or not step.get("on_true"):
        yield Finding("schema", "error", pointer(*at), "An if-condition has a condition and on_true.")
        return
    try:
        names = variables_of(read(text))
    except ConditionSyntax as error:
        yield Finding("condition_syntax", "error", pointer(*at, "condition"), f"The condition cannot be read: {error}.")
        return
    yield from _undefined(names, declared, (*at, "condition"))


def _undefined(names: Iterable[str], declared: Mapping[str, Any], at: tuple[object, ...]) -> Iterable[Finding]:
    for name in names:
        if name not in declared:
            yield Finding("undefined_variable", "error", pointer(*at), f"{name} is not declared.")


def _action(
    document: Mapping[str, Any], step: Mapping[str, Any], at: tuple[str, str], declared: Mapping[str, Any], actions: frozenset[str] | None
) -> Iterable[Finding]:
    agent = step.get("agent")
    if agent not in document.get("agent_definitions", {}):
        yield Finding("undefined_agent", "error", pointer(*at, "agent"), f"The agent {agent} is not defined.")
    for target in step.get("targets", []):
        if target not in document.get("target_definitions", {}):
            yield Finding("undefined_target", "error", pointer(*at, "targets"), f"The target {target} is not defined.")
    commands = step.get("commands")
    if not isinstance(commands, list) or not commands or not all(isinstance(one, Mapping) for one in commands):
        yield Finding("schema", "error", pointer(*at, "commands"), "An action has at least one command.")
        return
    if len(commands) > 1:
        yield Finding("unsupported_step", "error", pointer(*at, "commands"), "One command a step: write a step for each.")
    for no, command in enumerate(commands):
        here = (*at, "commands", no)
        if command.get("type") not in COMMANDS:
            yield Finding("unknown_type", "error", pointer(*here, "type"), f"Commands of type {command.get('type')} are not run.")
        text = command.get("command")
        if not isinstance(text, str) or not text.strip():
            yield Finding("schema", "error", pointer(*here, "command"), "A command says what to do.")
            continue
        if command.get("type") == "http-api" and not re.fullmatch(r"(GET|POST|PUT|PATCH|DELETE) /\S* HTTP/1\.1", text):
            yield Finding("schema", "error", pointer(*here, "command"), "An http-api command is a start line like GET /hosts HTTP/1.1.")
        if command.get("type") == "local-action" and actions is not None and text not in actions:
            yield Finding("unknown_action", "error", pointer(*here, "command"), f"There is no action {text} on the subject.")
        yield from _undefined(names_in(f"{text}\n{command.get('content', '')}"), declared, here)
    ours = step.get("step_extensions", {}).get(EXTENSION, {})
    for name, text in ours.get("arguments", {}).items():
        yield from _undefined(names_in(str(text)), declared, (*at, "step_extensions", EXTENSION, "arguments", name))
    for key in ("title", "touches"):
        yield from _undefined(
            names_in(ours.get("approval", {}).get(key, "")), declared, (*at, "step_extensions", EXTENSION, "approval", key)
        )
    for name in [*step.get("in_args", []), *step.get("out_args", []), *ours.get("outputs", {})]:
        yield from _undefined([name], declared, (*at, "out_args"))
    for name in {*step.get("out_args", []), *ours.get("outputs", {})}:
        if declared.get(name, {}).get("constant"):
            yield Finding("constant_assigned", "error", pointer(*at, "out_args"), f"{name} is constant and cannot be set.")


def ways(step: Mapping[str, Any]) -> dict[str, str]:
    """The named ways out of a step and where they lead."""
    keys = ("on_completion", "on_success", "on_failure", "on_true", "on_false")
    return {key: step[key] for key in keys if step.get(key)}


def _ways(document: Mapping[str, Any], workflow: Mapping[str, Any]) -> Iterable[Finding]:
    if workflow.get(document["workflow_start"], {}).get("type") != START:
        yield Finding("no_start", "error", "/workflow_start", "workflow_start names a start step of the workflow.")
    if document.get("workflow_exception") and document["workflow_exception"] not in workflow:
        yield Finding("dangling_step", "error", "/workflow_exception", "The exception step does not exist.")
    if not any(step.get("type") == END for step in workflow.values()):
        yield Finding("no_end", "error", "/workflow", "The workflow has no end step.")
    for key, step in workflow.items():
        for way, to in ways(step).items():
            if to not in workflow:
                yield Finding("dangling_step", "error", pointer("workflow", key, way), f"{to} does not exist.")
        if step.get("on_completion") and (step.get("on_success") or step.get("on_failure")):
            yield Finding(
                "completion_and_success", "error", pointer("workflow", key), "on_completion stands alone, or on_success with on_failure."
            )
        if step.get("type") != END and not (step.get("on_completion") or step.get("on_success")):
            yield Finding("branch_without_end", "error", pointer("workflow", key), "The step leads nowhere: every way reaches an end.")


def _reach(document: Mapping[str, Any], workflow: Mapping[str, Any]) -> Iterable[Finding]:
    """Which block reaches which step: every branch has an end of its own, and no step stands apart."""
    owner: dict[str, str] = {}

    def walk(step: str, block: str) -> Iterable[Finding]:
        todo = [step]
        while todo:
            one = todo.pop()
            if one in owner:
                if owner[one] != block:
                    yield Finding(
                        "shared_end", "error", pointer("workflow", one), "Two branches meet here: each has steps and an end of its own."
                    )
                continue
            owner[one] = block
            for way, to in ways(workflow[one]).items():
                if way in ("on_true", "on_false"):
                    yield from walk(to, f"{one}/{way}")
                else:
                    todo.append(to)

    yield from walk(document["workflow_start"], "")
    if document.get("workflow_exception"):
        yield from walk(document["workflow_exception"], "")
    for block in {*owner.values()}:
        if not any(workflow[step]["type"] == END for step, of in owner.items() if of == block):
            yield Finding("branch_without_end", "error", pointer("workflow", *block.split("/")), "This branch never reaches an end.")
    for key in workflow:
        if key not in owner:
            yield Finding("unreachable_step", "warning", pointer("workflow", key), "No way leads here.")


def _secrets(document: Mapping[str, Any]) -> Iterable[Finding]:
    for key, one in document.get("authentication_info_definitions", {}).items():
        for field in SECRET_FIELDS:
            if one.get(field) and not one.get("kms") and not names_in(str(one[field])):
                yield Finding(
                    "literal_secret",
                    "error",
                    pointer("authentication_info_definitions", key, field),
                    "A secret is named by reference, never written down.",
                )
