"""The trigger rules of a book as a page: live, in shadow or off, what their shadows saw, and the step from one to the other."""

from typing import Any

from django.urls import reverse

from playbooks.operations.ruling import set_rule_mode
from playbooks.queries.shadows import rules_view
from tenants.gates.navigation import READERS
from tenants.gates.pages import Page


class RulesPage(Page):
    """`/playbooks/<slug>/rules/`: each rule with what its shadow saw; an admin lets one go live or back into shadow, with a reason."""

    roles = READERS | {"admin"}

    def get(self, request: Any, book: str) -> Any:
        return self.page("playbooks/rules.html", at=self.actor.now(), book=rules_view(book, self.actor))

    def act(self, data: Any) -> str:
        asked = {name: data.get(name) for name in ("rule", "mode", "reason")}
        one = set_rule_mode(book=self.kwargs["book"], **asked, by=self.actor)
        self.done = f"“{one.name}” is {one.get_mode_display().lower()} from now on."
        return reverse("playbook-rules", args=[self.kwargs["book"]])
