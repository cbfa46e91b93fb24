"""The page of queues: what waits, and how long."""

from typing import Any

from soc.health.queries.depths import depths
from tenants.gates.pages import Page


class QueuesPage(Page):
    """For those who look after the floor: watch leads and admins; auditors look on."""

    roles = frozenset({"watch_lead", "admin", "auditor"})

    def get(self, request: Any) -> Any:
        """Every queue of rows, those of the reader's agencies."""
        return self.page("health/queues.html", depths=depths(agencies=self.actor.agencies, at=self.actor.now()), at=self.actor.now())
