"""A person's answer to a step: a manual one is done, an unknown effect happened or not, an undecidable question is yes or no."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from playbooks.definition.scoping import returned
from playbooks.definition.values import WrongType, typed
from playbooks.events import StepEnded
from playbooks.models import Run, StepAttempt
from playbooks.operations.telling import tell, wake
from playbooks.operations.undoing import settle_answer
from playbooks.policies import may_answer
from playbooks.queries.books import graph_of
from playbooks.states import StepState
from tenants.actors import Actor
from tenants.errors import Conflict, Invalid, NotAllowed, Unknown, require

ANSWERS = ("yes", "no")
QUESTIONS = ("if", "while", "switch")


def answer(*, step: str, answer: Any, reason: Any, by: Actor, returns: Mapping[str, Any] | None = None) -> StepAttempt:
    """Answer `yes` (done, it happened, the condition holds) or `no` to the step attempt with this outside id, or with the key of a case.
    `returns` are the values that the step asks for, by the names of its `out_args`; one that is missing stays as it was.

    Raises Unknown, NotAllowed, Conflict when it waits for no answer, Invalid (`answer`, `reason`, the name of a value).
    """
    with transaction.atomic():
        try:
            seen = StepAttempt.objects.filter(public_id=UUID(str(step))).first()
        except ValueError as error:
            raise Unknown() from error
        if seen is None or not by.sees_internal_rows:
            raise Unknown()
        run: Run = Run.objects.locked(pk=seen.run_id)
        one: StepAttempt = StepAttempt.objects.locked(pk=seen.pk)
        require(may_answer(by, run), NotAllowed())
        waits = one.state == StepState.UNKNOWN or (one.kind == "manual" and one.state == StepState.PLANNED)
        require(waits and not run.state_is_over, Conflict("This step waits for no answer."))
        choices = one.rendered.get("choices") or ANSWERS
        require(answer in choices, Invalid("The answer is not one of ours.", field="answer", cure=f"Send {_listed(choices)}."))
        why = reason.strip() if isinstance(reason, str) else ""
        require(bool(why), Invalid("The reason is missing.", field="reason", cure="Say in a few words how you know."))
        yes = answer == "yes"
        question = one.kind in QUESTIONS
        one.state = StepState.OK if yes or question else StepState.FAILED
        one.detail = f"{by.label} answered {answer}: {why}"
        one.response = {**one.response, "answer": answer if one.kind == "switch" else yes, "passing": False}
        one.ended_at = by.now()
        recorded = one.response.get("recorded", {})
        changed = {"__problem__": one.detail} if one.state == StepState.FAILED else {**recorded, **_returned(run, one, returns or {})}
        one.assigned = {name: [run.variables.get(name), value] for name, value in changed.items()}
        one.save(update_fields=["state", "detail", "response", "ended_at", "assigned"])
        if changed:
            run.variables = {**run.variables, **changed}
            run.save(update_fields=["variables"])
        settle_answer(run=run, attempt=one, by=by)
        event = StepEnded(
            run=str(run.public_id), about=run.subject, step=one.step_id, name=one.name, outcome=str(one.state), detail=one.detail
        )
        tell(run=run, kind="answered", text=f"{one.name}: {one.detail}", by=by, step_id=one.step_id, event=event, moved={"did": [one.told]})
        wake(run=run, by=by)
    return one


def _returned(run: Run, one: StepAttempt, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that a person gave, by the keys under which the run keeps them. Raises Invalid for one that is none of its type."""
    graph = graph_of(run.version, run.version_hash)
    node = graph.nodes[one.step_id]
    given = {name: values[name] for name in node.out_args if values.get(name) not in (None, "")}
    for name, value in given.items():
        declared = node.scope[name][1] if name in node.scope else graph.variables.get(name)
        try:
            typed(declared.kind if declared else "string", value)
        except WrongType as error:
            raise Invalid(f"{name}: {error}", field=name, cure=f"Write {error.cure}.") from error
    return returned(node, graph, given)


def _listed(choices: Sequence[str]) -> str:
    return f"{', '.join(choices[:-1])} or {choices[-1]}" if len(choices) > 1 else choices[0]
