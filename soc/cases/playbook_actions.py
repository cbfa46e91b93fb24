"""What a playbook may do to a case: each action calls the operation of the same verb, signed by the run."""

from collections.abc import Callable
from typing import Any

from playbooks.catalogue import RunContext, register_action, register_subject
from soc.cases.operations.claiming import begin_investigation
from soc.cases.operations.closing import close
from soc.cases.operations.containing import contain, recover
from soc.cases.operations.grading import change_severity
from soc.cases.operations.noting import add_task, note
from soc.cases.queries.naming import numbers_of
from soc.cases.queries.past import PastCases
from soc.cases.queries.subjects import describe, facts, readable, subject_of
from tenants.errors import Unknown

# name -> (operation, arguments that a step may give, label)
ACTIONS: dict[str, tuple[Callable[..., Any], tuple[str, ...], str]] = {
    "case.note": (note, ("text", "visibility"), "Write a note"),
    "case.task": (add_task, ("title",), "Add a task"),
    "case.severity": (change_severity, ("severity", "reason"), "Change the severity"),
    "case.investigate": (begin_investigation, (), "Begin to investigate"),
    "case.contain": (contain, ("reason",), "Mark the case contained"),
    "case.recover": (recover, ("reason",), "Mark the case recovered"),
    "case.close": (close, ("disposition", "reason"), "Close the case"),
}


def _performing(operation: Callable[..., Any], names: tuple[str, ...]) -> Callable[[RunContext, dict[str, str]], dict[str, str]]:
    def perform(context: RunContext, args: dict[str, str]) -> dict[str, str]:
        number = numbers_of([context.subject]).get(context.subject)
        if number is None:
            raise Unknown()
        asked = {name: args.get(name) for name in names}
        case = operation(number=number, version=None, by=context.by, **asked)
        return {"number": case.number, "state": str(case.state), "severity": str(case.severity)}

    return perform


def register() -> None:
    """Plug the actions and the subject `case` into the catalogue."""
    for name, (operation, names, label) in ACTIONS.items():
        register_action(name, _performing(operation, names), label)
    register_subject("case", find=subject_of, describe=describe, readable=readable, facts=facts, past=PastCases())
