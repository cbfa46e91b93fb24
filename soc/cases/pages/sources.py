"""The sources of every agency, with the balance of what each sent."""

from typing import Any

from soc.cases.queries.sources import balances_in_scope
from tenants.gates.pages import Page


class SourcesPage(Page):
    """`/sources/`: received is grouped, opened, suppressed, dead and pending, for each source."""

    roles = frozenset({"analyst", "watch_lead", "auditor"})

    def get(self, request: Any) -> Any:
        found = balances_in_scope(reader=self.actor)
        return self.page(
            "cases/sources.html", found=found, topics=",".join(f"agency.{balance.agency}.intake" for _, balance in found.agencies)
        )
