"""What is law on a day, as it is recorded here, and how we know."""

from datetime import UTC, date
from typing import Any

from soc.clocks.queries.law import law_on
from tenants.gates.pages import Page
from tenants.states import Role


class LawPage(Page):
    """`/law/`: instruments by standing with the rules that hang on them; `?on=` asks for another day."""

    roles = frozenset(Role.values)

    def get(self, request: Any) -> Any:
        today = self.actor.now().astimezone(UTC).date()
        day = _day(request.GET.get("on", ""), today)
        return self.page("clocks/law.html", law=law_on(day), today=today)


def _day(text: str, today: date) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:  # a mistyped day shows today, not an error
        return today
