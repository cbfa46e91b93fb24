"""A run beside a newer version of its book: what a move would change, what stays, what forbids it, and the move."""

from typing import Any

from django.urls import reverse

from playbooks.definition.migrating import CHANGES, FORBIDS, STAYS
from playbooks.operations.moving import move_run
from playbooks.queries.moving import move_of
from tenants.errors import Unknown, require
from tenants.gates.navigation import READERS
from tenants.gates.pages import Page

HEADS = ((FORBIDS, "Forbids it"), (CHANGES, "Would change"), (STAYS, "Stays as it is"))


class MovePage(Page):
    """`/runs/<id>/move/`: the preview of a move to `?version=` (the newest without it); the form moves the run as it was shown."""

    roles = READERS

    def get(self, request: Any, run: str) -> Any:
        asked = request.POST.get("version") or request.GET.get("version", "")
        require(not asked or (asked.isdecimal() and len(asked) < 10) or self.error is not None, Unknown())
        view = move_of(run, self.actor, version=int(asked) if asked.isdecimal() and self.error is None else None)
        groups = [(kind, head, [line for line in view.lines if line.kind == kind]) for kind, head in HEADS]
        return self.page("playbooks/move.html", at=self.actor.now(), move=view, groups=[one for one in groups if one[2]])

    def act(self, data: Any) -> str:
        asked = {"version": data.get("version"), "preview": data.get("preview"), "reason": data.get("reason")}
        moved = move_run(run=str(self.kwargs["run"]), **asked, by=self.actor)
        self.done = f"The run goes on with version {moved.version.number} of its book."
        return reverse("run", args=[moved.public_id])
