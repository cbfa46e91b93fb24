"""The liaison's home: two minutes a day."""

from typing import Any

from soc.home.queries.home import home_of_liaison, promises
from tenants.gates.context import agencies_of
from tenants.gates.exports import csv_answer
from tenants.gates.pages import Page


class HomePage(Page):
    """`/home/`: what the agency owes, what it is owed, and how it is going."""

    roles = frozenset({"liaison"})

    def get(self, request: Any) -> Any:
        agency = next(agency for agency in agencies_of(request) if agency.pk == self.actor.agency_id)
        view = home_of_liaison(self.actor, agency)
        slug = view.agency.slug
        topics = ",".join(f"agency.{slug}.{aspect}" for aspect in ("queue", "approvals", "scorecard"))
        return self.page("home/home.html", view=view, at=view.at, topics=topics)


class PromisesCsv(Page):
    """`/home/promises/csv/`: how many promises of each kind were kept in a period."""

    roles = frozenset({"liaison"})

    def get(self, request: Any) -> Any:
        period, kept = promises(period=request.GET.get("period") or None, reader=self.actor)
        rows = [(period.name, one.kind, one.label, one.due, one.met) for one in kept]
        return csv_answer(f"promises-{period.name}", ("period", "kind", "promise", "due_or_done", "in_time"), rows)
