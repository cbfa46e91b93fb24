"""The log of a run, walked event by event: the graph and the variables of that moment, and the fork from it."""

from typing import Any

from django.urls import reverse

from playbooks.operations.forking import fork_run
from playbooks.pages.picture import picture
from playbooks.queries.logs import log_view
from tenants.errors import Unknown, require
from tenants.gates.navigation import READERS
from tenants.gates.pages import Page

# How the state of an attempt is drawn.
DRAWN = {"ok": "done", "failed": "failed", "skipped": "skipped", "unknown": "waits", "planned": "running", "started": "running"}


class RunLogPage(Page):
    """`/runs/<id>/log/`: the run after event `?at=` (its last one without); the form forks it there."""

    roles = READERS

    def get(self, request: Any, run: str) -> Any:
        asked = request.POST.get("at") or request.GET.get("at", "")
        number = int(asked) if asked.isdecimal() and len(asked) < 10 else None
        require(number is not None or not asked or self.error is not None, Unknown())
        seen = log_view(run, number, self.actor)
        states = {step: (DRAWN.get(seen.states[step], "not_started"), name, said) for step, name, said in seen.steps}
        for box in seen.drawing.boxes:
            states.setdefault(box.id, ("not_started", seen.names[box.id], ""))
        shown = picture(seen.drawing, states, seen.standing[-1] if seen.standing else "")
        return self.page("playbooks/log.html", at=self.actor.now(), log=seen, picture=shown)

    def act(self, data: Any) -> str:
        at = data.get("at", "")
        own = {name.removeprefix("way:"): data[name] for name in data if name.startswith("way:") and data[name]}
        ways = {"*": data.get("way", ""), **own}
        said = {"at": int(at) if at.isdecimal() and len(at) < 10 else None, "policies": ways, "reason": data.get("reason")}
        made = fork_run(run=str(self.kwargs["run"]), **said, by=self.actor)
        self.done = "The fork has begun."
        return reverse("run", args=[made.public_id])
