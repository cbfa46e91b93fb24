"""What is law on a day, as it is recorded here, and how we know."""

from datetime import UTC, date
from typing import Any

from django.urls import reverse

from soc.clocks.operations.instruments import change_instrument_state
from soc.clocks.policies import may_change_instruments
from soc.clocks.queries.law import instrument_on, law_on
from soc.clocks.states import InstrumentStanding
from tenants.gates.pages import Page
from tenants.states import Role


class LawPage(Page):
    """`/law/`: instruments by standing with the rules that hang on them; `?on=` asks for another day."""

    roles = frozenset(Role.values)

    def get(self, request: Any) -> Any:
        today = self.actor.now().astimezone(UTC).date()
        day = _day(request.GET.get("on", ""), today)
        return self.page("clocks/law.html", law=law_on(day), today=today)


class InstrumentPage(Page):
    """`/law/<code>/`: one instrument with all that was ever recorded of it; an admin records where it stands from a day on."""

    roles = frozenset(Role.values)
    done = "Recorded. Rows before it stay as they were."

    def get(self, request: Any, code: str) -> Any:
        today = self.actor.now().astimezone(UTC).date()
        view = instrument_on(code, today)
        may_change = may_change_instruments(self.actor)
        return self.page("clocks/instrument.html", view=view, may_change=may_change, today=today, standings=InstrumentStanding.choices)

    def act(self, data: Any) -> str:
        code = self.kwargs["code"]
        told = {name: data.get(name, "") for name in ("standing", "effective_from", "source", "superseded_by", "note")}
        days = {name: data.get(name) or None for name in ("in_force_from", "in_force_until")}
        change_instrument_state(code=code, **told, **days, verified=data.get("verified") == "on", by=self.actor)
        return reverse("instrument", args=[code])


def _day(text: str, today: date) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:  # a mistyped day shows today, not an error
        return today
