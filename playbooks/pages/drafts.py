"""Drafts as pages: the list with its beginnings, what publishing would change, a trial, and giving one up."""

from typing import Any

from django.http import HttpResponseRedirect
from django.urls import reverse

from playbooks.definition.editing.ways import name_of
from playbooks.definition.exchange import is_yaml
from playbooks.definition.graph import ACTION, BOOK
from playbooks.definition.shapes import held, items
from playbooks.definition.variables import NAME
from playbooks.operations.drafting import begin_blank, begin_from_draft, begin_from_file, begin_from_version, discard
from playbooks.operations.releasing_drafts import publish_draft, take_new_base
from playbooks.pages.picture import picture
from playbooks.queries.drafts import Trial, books_to_begin_from, draft_of, drafts_for, publishing_of, trial_of
from playbooks.simulation.inputs import takes
from tenants.errors import Invalid
from tenants.gates.navigation import READERS
from tenants.gates.pages import Page

STAFF = READERS | {"admin"}
# How a step answers in a trial, and what that is for the simulation.
ANSWERS = {
    "success": ("Succeeds", []),
    "failure": ("Fails once, then succeeds", ["failure"]),
    "failures": ("Fails every time", ["failure"] * 100),
    "timeout": ("Does not answer in time, once", ["timeout"]),
}
DRAWN = {"success": "done", "failure": "failed", "timeout": "failed", "stopped": "waits"}
SAID = {"success": "done", "failure": "failed", "timeout": "too late", "stopped": "stopped"}
OUTCOMES = {"completed": "It comes to its end", "failed": "It fails", "stopped": "It stops"}


class DraftsPage(Page):
    """`/playbooks/drafts/`: every draft under work, one's own first, and how a new one begins."""

    roles = STAFF

    def get(self, request: Any) -> Any:
        return self.page(
            "playbooks/drafts/drafts.html",
            at=self.actor.now(),
            drafts=drafts_for(self.actor),
            books=books_to_begin_from(),
            chosen=request.GET.get("book", ""),
            findings=self.error.extra.get("findings") if self.error else None,
        )

    def act(self, data: Any) -> str:
        way = data.get("way")
        if way == "book":
            made = begin_from_version(book=data.get("book", ""), by=self.actor)
        elif way == "draft":
            made = begin_from_draft(draft=data.get("draft", ""), by=self.actor)
        elif way == "file":
            raw, yaml = self._file()
            made = begin_from_file(raw=raw, yaml=yaml, by=self.actor)
        else:
            made = begin_blank(name=data.get("name", ""), by=self.actor)
        self.done = "The draft is begun. It is saved as you write; nothing runs before an admin publishes it."
        return reverse("draft", args=[made.public_id])

    def _file(self) -> tuple[bytes, bool]:
        file = self.request.FILES.get("file")
        if file is None:
            raise Invalid("There is no file yet.", field="file", cure="Choose a file with a playbook.")
        file.seek(0)
        raw = file.read()
        return raw, is_yaml(str(file.name), raw)


class DiscardPage(Page):
    """POST `/playbooks/drafts/<id>/discard/`: give a draft up."""

    roles = STAFF

    def get(self, request: Any, draft: str) -> Any:
        return HttpResponseRedirect(reverse("draft", args=[draft_of(str(draft), self.actor).line.id]))

    def act(self, data: Any) -> str:
        gone = discard(draft=str(self.kwargs["draft"]), version=self.version(), by=self.actor)
        self.done = f"The draft “{gone.name}” is given up."
        return reverse("drafts")


class PublishPage(Page):
    """`/playbooks/drafts/<id>/publish/`: what the draft changes, and for an admin the form that makes a version of it."""

    roles = STAFF

    def get(self, request: Any, draft: str) -> Any:
        return self.page("playbooks/drafts/publish.html", at=self.actor.now(), seen=publishing_of(str(draft), self.actor))

    def act(self, data: Any) -> str:
        draft = str(self.kwargs["draft"])
        if data.get("way") == "base":
            take_new_base(draft=draft, version=self.version(), by=self.actor)
            self.done = "The draft stands on the newest version now: what follows is what it would change in that."
            return reverse("draft-publish", args=[draft])
        done = publish_draft(draft=draft, version=self.version(), note=data.get("note", ""), by=self.actor)
        assert done.made is not None
        self.done = f"Version {done.made.number} of “{done.name}” is published. Runs that begin from now on follow it."
        return f"{reverse('playbook-versions', args=[done.made.book.slug])}?version={done.made.number}"


class TryPage(Page):
    """`/playbooks/drafts/<id>/try/`: the way that the draft takes with given values and answers; nothing is touched."""

    roles = STAFF

    def get(self, request: Any, draft: str) -> Any:
        asked = request.GET
        values = {name.removeprefix("value:"): asked[name] for name in asked if name.startswith("value:") and asked[name]}
        chosen = {name.removeprefix("step:"): asked[name] for name in asked if name.startswith("step:")}
        given = {step: self._answers(step, answer) for step, answer in chosen.items()}
        trial = trial_of(str(draft), self.actor, values, {step: some for step, some in given.items() if some})
        return self.page(
            "playbooks/drafts/try.html", at=self.actor.now(), trial=trial, draft=trial.draft, **self._shown(trial, values, chosen)
        )

    def _answers(self, step: str, answer: str) -> list[dict[str, Any]]:
        """What a step answers, with the values that it gives back."""
        outcomes = ANSWERS.get(answer, ANSWERS["success"])[1]
        begin = f"result:{step}:"
        results = {name.removeprefix(begin): value for name, value in self.request.GET.items() if name.startswith(begin) and value}
        if not outcomes and results:
            outcomes = ["success"] * 100
        return [{"outcome": outcome, "out_args": results} for outcome in outcomes]

    def _shown(self, trial: Trial, values: dict[str, str], chosen: dict[str, str]) -> dict[str, Any]:
        steps = {line.id: line for line in trial.draft.steps}
        workflow = trial.draft.document["workflow"]
        asked = []
        for line in trial.draft.steps:
            if line.kind in (ACTION, BOOK):
                names = [
                    name for name in dict.fromkeys(str(one) for one in items(workflow[line.id].get("out_args"))) if NAME.fullmatch(name)
                ]
                results = [(name, self.request.GET.get(f"result:{line.id}:{name}", "")) for name in names]
                asked.append((line, chosen.get(line.id, "success"), results))
        graph, walk = trial.graph, trial.walk
        wanted = [name for name in graph.variables if takes(graph, name)] if graph else []
        shown = {
            "asked": asked,
            "answers": tuple((key, said) for key, (said, _) in ANSWERS.items()),
            "wanted": [(name, values.get(name, ""), held(trial.draft.document["playbook_variables"][name])) for name in wanted],
            "tried": bool(chosen) or not asked,
        }
        if walk is None:
            return shown
        outcomes: dict[str, str] = {}
        for entry in walk.steps:
            outcomes[entry.step] = entry.outcome
        states = {
            key: (DRAWN.get(outcomes[key], "done"), line.name, SAID.get(outcomes[key], "done").capitalize())
            if key in outcomes
            else ("not_started", line.name, "Not taken")
            for key, line in steps.items()
            if line.kind != "end" or key in outcomes
        }
        return shown | {
            "picture": picture(trial.draft.drawing, states, ""),
            "outcome": OUTCOMES[walk.outcome],
            "entries": [
                (
                    number,
                    name_of(workflow[one.step], one.step),
                    one.iteration,
                    DRAWN.get(one.outcome, "done"),
                    SAID.get(one.outcome, "done"),
                    one,
                )
                for number, one in enumerate(walk.steps[:500], 1)
            ],
            "more": max(0, len(walk.steps) - 500),
        }
