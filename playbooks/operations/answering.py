"""A person's answer to a step: a manual one is done, an unknown effect happened or not, an undecidable question is yes or no."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from playbooks.events import StepEnded
from playbooks.models import Run, StepAttempt
from playbooks.operations.telling import tell, wake
from playbooks.policies import may_answer
from playbooks.states import StepState
from tenants.actors import Actor
from tenants.errors import Conflict, Invalid, NotAllowed, Unknown, require

ANSWERS = ("yes", "no")
QUESTIONS = ("if", "while", "switch")


def answer(*, step: str, answer: Any, reason: Any, by: Actor) -> StepAttempt:
    """Answer `yes` (done, it happened, the condition holds) or `no` to the step attempt with this outside id.

    Raises Unknown, NotAllowed, Conflict when it waits for no answer, Invalid (`answer`, `reason`).
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
        one.save(update_fields=["state", "detail", "response", "ended_at"])
        if one.state == StepState.FAILED:
            run.variables = {**run.variables, "__problem__": one.detail}
            run.save(update_fields=["variables"])
        event = StepEnded(
            run=str(run.public_id), about=run.subject, step=one.step_id, name=one.name, outcome=str(one.state), detail=one.detail
        )
        tell(run=run, kind="answered", text=f"{one.name}: {one.detail}", by=by, step_id=one.step_id, event=event)
        wake(run=run, by=by)
    return one


def _listed(choices: Sequence[str]) -> str:
    return f"{', '.join(choices[:-1])} or {choices[-1]}" if len(choices) > 1 else choices[0]
