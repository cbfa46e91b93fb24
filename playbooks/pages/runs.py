"""One run as a page: its graph beside an equal list, one step looked at, and a person's answer to it."""

from typing import Any

from django.http import HttpResponseRedirect
from django.urls import reverse

from playbooks.definition.aloud import name_of
from playbooks.operations.answering import answer
from playbooks.pages.picture import DRAWN, Picture, picture
from playbooks.pages.rows import rows_of
from playbooks.pages.spending import spending
from playbooks.queries.runs import run_of
from playbooks.queries.telling import EventLine, RunView, StepView
from tenants.gates.navigation import READERS
from tenants.gates.pages import Page

# What is asked of a person, and what their two answers are called.
ASKED = {
    "http": (
        "Did it happen?",
        "It happened",
        "It did not happen",
        "Nobody knows whether the product took the order. Look there first; nothing is repeated by itself.",
    ),
    "manual": ("Is it done?", "It is done", "It was not done", "The run waits until a person says what came of it."),
    "switch": ("Which way?", "", "", "The values at hand do not say which case fits. The run goes on with the one that you choose."),
    "if": ("Does it hold?", "Yes", "No", "The values at hand do not answer this question. The run goes on with your answer."),
}


class RunPage(Page):
    """`/runs/<id>/`: one run; `?step=` chooses the step that is looked at."""

    roles = READERS | {"liaison"}

    def get(self, request: Any, run: str, **of_the_answer: Any) -> Any:
        seen = run_of(run, self.actor)
        current = self.chosen(seen)
        rows = rows_of(seen, current)
        return self.page(
            "playbooks/run.html",
            at=self.actor.now(),
            run=seen,
            spent=spending(seen),
            rows=rows,
            row=next((row for row in rows if row.current), None),
            current=current,
            done=sum(row.drawn == "done" for row in rows),
            picture=self.picture(seen, current),
            asks=self.asks(current),
            wanted=self.wanted(current),
            events=events_of(seen, current),
            soon=600,
            topics=f"run.{seen.id},agency.{seen.agency}.approvals",
        )

    def chosen(self, run: RunView) -> StepView | None:
        """The step asked for; else the one that waits or runs; else the last one that began."""
        wanted = self.request.GET.get("step", "")
        answered = self.kwargs.get("step", "")
        for step in run.steps:
            if (wanted and step.id == wanted) or (answered and step.public_id == str(answered)):
                return step
        for drawn in ("waits", "running", "timer"):
            for step in run.steps:
                if DRAWN[step.state] == drawn:
                    return step
        begun = [step for step in run.steps if step.began is not None and step.kind != "end"]
        return begun[-1] if begun else (run.steps[0] if run.steps else None)

    def picture(self, run: RunView, current: StepView | None) -> Picture | None:
        """The graph with the state of each step; a liaison has none."""
        if run.drawing is None:
            return None
        states = {step.id: (DRAWN[step.state], step.name, step.said) for step in run.steps}
        marks = {step.id: (step.times.total if step.state == "done" else 0.0, step.rounds) for step in run.steps}
        return picture(run.drawing, states, current.id if current else "", marks)

    def asks(self, step: StepView | None) -> tuple[str, str, str, str] | None:
        """The question that this person may answer, if the step waits for one."""
        if step is None or not step.waits_for_answer or not self.actor.works_the_floor:
            return None
        if step.choices:
            return ASKED["switch"]
        kind = "if" if step.kind.endswith("-condition") else "manual" if step.state == "waits_person" else "http"
        return ASKED[kind]

    def wanted(self, step: StepView | None) -> list[tuple[str, str, str]]:
        """The values that the step asks for: name, label, and what was typed."""
        names = step.returns if step is not None else ()
        return [(name, name_of(name), self.request.POST.get(f"value:{name}", "")) for name in names]


class AnswerPage(RunPage):
    """POST `/runs/<id>/steps/<attempt>/answer/`: a person's yes or no; a refusal shows the run with what was typed."""

    def get(self, request: Any, run: str, **of_the_answer: Any) -> Any:
        if self.error is None:
            return HttpResponseRedirect(reverse("run", args=[run_of(run, self.actor).id]))
        return super().get(request, run)

    def act(self, data: Any) -> str:
        returns = {name.removeprefix("value:"): data[name] for name in data if name.startswith("value:")}
        said = {"answer": data.get("answer"), "reason": data.get("reason"), "returns": returns}
        attempt = answer(step=str(self.kwargs["step"]), **said, by=self.actor)
        self.done = "Your answer is written down, and the run goes on."
        return f"{reverse('run', args=[self.kwargs['run']])}?step={attempt.step_id}"


def events_of(run: RunView, current: StepView | None) -> tuple[EventLine, ...]:
    """The events of the chosen step, the latest first."""
    return tuple(reversed([one for one in run.events if current is not None and one.step_id == current.id]))
