"""Registers the measures: they hear of cases and keep scorecards and standings."""

from importlib import import_module

from django.apps import AppConfig

from tenants.gates.navigation import NavItem, register


class ScorecardsConfig(AppConfig):
    """What the work is worth."""

    name = "soc.scorecards"
    label = "scorecards"
    verbose_name = "Scorecards"

    def ready(self) -> None:
        """Subscribe to the journal, then register the work that rows hold, in the order in which it is done."""
        for module in ("reactions", "operations.counting", "operations.standing"):
            import_module(f"soc.scorecards.{module}")
        register(NavItem("Standings", "standings", frozenset({"analyst", "watch_lead", "auditor", "liaison"}), order=50))
