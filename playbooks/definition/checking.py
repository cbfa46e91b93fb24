"""Every finding about a playbook document, so that what is published can be run."""

from collections.abc import Iterable, Mapping
from typing import Any

from playbooks.definition.findings import ERROR, WARNING, Finding, Sheet, pointer, unreadable, unsound
from playbooks.definition.mentions import check_mentions
from playbooks.definition.reaching import Reach, check_reach
from playbooks.definition.reading import document_in
from playbooks.definition.references import EXTENSION_FIELDS, check_references
from playbooks.definition.secrets import check_secrets
from playbooks.definition.shapes import held, items, words
from playbooks.definition.steps import LOCAL, PLAYBOOK

__all__ = ["CODES", "ERROR", "WARNING", "Finding", "check", "checked", "pointer"]

# Codes are a promise to those who write scripts: none changes its meaning.
CODES = frozenset(
    {
        "branch_without_end", "bad_timestamp", "completion_and_success", "condition_syntax", "constant_assigned", "dangling_step",
        "duplicate_id", "literal_secret", "loop_outside_while", "negative_time", "no_end", "no_start", "processing_summary", "schema",
        "shared_end", "undefined_agent", "undefined_authentication", "undefined_extension", "undefined_marking", "undefined_target",
        "undefined_variable", "unknown_action", "unknown_type", "unreachable_step", "unreadable", "variable_name",
    }
)  # fmt: skip
TOO_MUCH = "The document cannot be checked. Write it flatter and shorter."


def check(document: Any, actions: frozenset[str] | None = None, lenient: bool = False) -> list[Finding]:
    """Every finding; none of severity `error` means that the engine can run it. Never raises.

    `actions` are the actions on the subject that exist (None: any). `lenient` is for books of others: what can be run in spite of
    it is a warning, and a condition that cannot be read becomes a question to a person.
    """
    try:
        return _findings(document, actions, lenient)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        return [unreadable(TOO_MUCH)]


def checked(raw: bytes, *, yaml: bool = False, actions: frozenset[str] | None = None, lenient: bool = False) -> tuple[Any, list[Finding]]:
    """The document that the bytes of a file hold (None where they hold none), and every finding about both. Never raises."""
    document, found = document_in(raw, yaml=yaml)
    if any(one.code == "unreadable" for one in found):
        return document, found
    return document, found + check(document, actions, lenient)


def _findings(document: Any, actions: frozenset[str] | None, lenient: bool) -> list[Finding]:
    found = unsound(document)
    if any(one.code == "unreadable" for one in found):
        return found
    sheet = Sheet(lenient=lenient)
    PLAYBOOK(sheet, (), document)
    if isinstance(document, Mapping):
        reach = Reach(document)
        check_references(sheet, document)
        check_reach(sheet, reach)
        check_mentions(sheet, document, reach)
        check_secrets(sheet, document)
        _local_actions(sheet, document, actions)
        _summary(sheet, document)
    return found + sheet.findings()


def _commands(book: Mapping[str, Any]) -> Iterable[tuple[str, int, Mapping[str, Any]]]:
    for key, step in held(book.get("workflow")).items():
        for number, command in enumerate(items(held(step).get("commands"))):
            yield key, number, held(command)


def _local_actions(sheet: Sheet, book: Mapping[str, Any], actions: frozenset[str] | None) -> None:
    for key, number, command in _commands(book):
        text = words(command.get("command"))
        if command.get("type") == LOCAL and text and actions is not None and text not in actions:
            at = ("workflow", key, "commands", number, "command")
            sheet.error("unknown_action", at, f"There is no action {text[:120]} on the subject. Name one that is plugged in.")


def _summary(sheet: Sheet, book: Mapping[str, Any]) -> None:
    """What the book says of itself at a glance, against what stands in it."""
    steps = [held(step) for step in held(book.get("workflow")).values()]
    types = {words(step.get("type")) for step in steps}
    signatures = [held(one) for one in items(book.get("signatures"))]
    groups = (book.get("agent_definitions"), book.get("target_definitions"), book.get("data_marking_definitions"))
    objects = [*steps, *(held(one) for group in groups for one in held(group).values())]
    facts = {
        "manual_playbook": bool(steps) and all(command.get("type") == "manual" for _, _, command in _commands(book)),
        "external_playbooks": "playbook-action" in types,
        "parallel_processing": "parallel" in types,
        "if_logic": "if-condition" in types,
        "while_logic": "while-condition" in types,
        "switch_logic": "switch-condition" in types,
        "temporal_logic": any("delay" in step or "timeout" in step for step in steps),
        "data_markings": bool(book.get("markings") or book.get("data_marking_definitions")),
        "digital_signatures": bool(signatures),
        "countersigned_signatures": any(one.get("signature") for one in signatures),
        "extensions": bool(book.get("playbook_extensions")) or any(field in one for one in objects for field in EXTENSION_FIELDS),
    }
    for name, said in held(book.get("playbook_processing_summary")).items():
        if isinstance(said, bool) and name in facts and said is not facts[name]:
            at = ("playbook_processing_summary", name)
            sheet.warning("processing_summary", at, f"The playbook says the opposite of {name}. Correct the summary, or leave it out.")
