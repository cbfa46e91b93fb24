"""Cancelling a run and taking back what it did, each on a page of its own: what it means is read before it is decided."""

from typing import Any

from django.http import HttpResponseRedirect
from django.urls import reverse

from playbooks.operations.cancelling import cancel_run
from playbooks.operations.undoing import put_off, take_back
from playbooks.queries.undoing import UndoPlan, plan_for, run_seen
from tenants.gates.navigation import READERS
from tenants.gates.pages import Page


class UndoingPage(Page):
    """What both pages show: the plan, its hash in words, and the form below it."""

    roles = READERS
    template = ""

    def shown(self, run: str, entry: str = "") -> Any:
        """The page with the plan as it is now."""
        plan = plan_for(run, self.actor, entry=entry)
        words = " ".join(plan.hash[index : index + 8] for index in range(0, len(plan.hash), 8))
        return self.page(self.template, plan=plan, entry=entry, at=self.actor.now(), hash_words=words, groups=groups_of(plan))


class CancelPage(UndoingPage):
    """`/runs/<id>/cancel/`: cancel the run alone, or take back with it what it did."""

    template = "playbooks/cancel.html"

    def get(self, request: Any, run: str) -> Any:
        return self.shown(run)

    def act(self, data: Any) -> str:
        back = data.get("way") == "take_back"
        asked = {"hash": data.get("hash"), "reason": data.get("reason"), "take_back": back}
        run, doing = cancel_run(run=str(self.kwargs["run"]), **asked, by=self.actor)
        self.done = (
            "The run is cancelled. What it did is being taken back." if doing else "The run is cancelled. What it did stays as it is."
        )
        return reverse("run", args=[doing.public_id if doing else run.public_id])


class UndoPage(UndoingPage):
    """`/runs/<id>/undo/`: take back what an ended run did, or with `?entry=` one effect of any run."""

    template = "playbooks/undo.html"

    def get(self, request: Any, run: str) -> Any:
        return self.shown(run, request.POST.get("entry") or request.GET.get("entry", ""))

    def act(self, data: Any) -> str:
        entries = [data["entry"]] if data.get("entry") else None
        asked = {"hash": data.get("hash"), "reason": data.get("reason"), "entries": entries}
        doing = take_back(run=str(self.kwargs["run"]), **asked, by=self.actor)
        self.done = "It is being taken back."
        return reverse("run", args=[doing.public_id])


class UntilPage(UndoPage):
    """POST `/runs/<id>/undo/until/`: let an effect last longer; a refusal shows it with what was typed."""

    def get(self, request: Any, run: str) -> Any:
        entry = str(request.POST.get("entry", ""))
        if self.error is not None and self.error.field != "entry":
            return self.shown(run, entry)
        return HttpResponseRedirect(reverse("run-undo", args=[run_seen(run, self.actor).public_id]))

    def act(self, data: Any) -> str:
        run, typed = str(self.kwargs["run"]), str(data.get("until", ""))
        until = f"{typed}:00Z" if len(typed) == len("2026-11-24T14:30") else typed
        put_off(run=run, entry=data.get("entry"), until=until, reason=data.get("reason"), by=self.actor)
        self.done = "It lasts longer now, and ends by itself then."
        return reverse("run", args=[run])


def groups_of(plan: UndoPlan) -> tuple[list[Any], list[Any]]:
    """The effects that would be taken back, and those of which there is nothing to do."""
    return [one for one in plan.entries if one.is_left], [one for one in plan.entries if not one.is_left]
