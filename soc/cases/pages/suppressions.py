"""Suppressions in force: whose, why, until when, and how much they have hidden."""

from typing import Any

from django.urls import reverse

from soc.cases.operations.suppressing import end_suppression
from soc.cases.policies import may_end_suppression
from soc.cases.queries.intake import suppressions
from tenants.gates.pages import Page

READERS = frozenset({"analyst", "watch_lead", "auditor"})


class SuppressionsPage(Page):
    """`/suppressions/`: those in force in the reader's agencies, the next to end first."""

    roles = READERS

    def get(self, request: Any) -> Any:
        rows = [(one, may_end_suppression(self.actor, one.owner_id)) for one in suppressions(reader=self.actor)]
        agencies = {one.agency.slug for one, _ in rows}
        return self.page(
            "cases/suppressions.html",
            rows=rows,
            hidden=sum(one.hidden for one, _ in rows),
            at=self.actor.now(),
            topics=",".join(f"agency.{slug}.intake" for slug in sorted(agencies)),
        )


class EndSuppression(Page):
    """POST: end one before its time."""

    roles = frozenset({"analyst", "watch_lead"})
    http_method_names = ["post"]
    done = "The suppression has ended. Its alerts open cases again."

    def act(self, data: Any) -> str:
        end_suppression(suppression=str(self.kwargs["suppression"]), reason=data.get("reason", ""), by=self.actor)
        return reverse("suppressions")
