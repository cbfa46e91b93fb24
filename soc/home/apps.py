"""Registers the home app, which owns the template tags of the house."""

from django.apps import AppConfig

from tenants.gates.navigation import NavItem, register


class HomeConfig(AppConfig):
    """The floor at a glance, and how pages look."""

    name = "soc.home"
    label = "home"
    verbose_name = "Home"

    def ready(self) -> None:
        """A liaison's bar begins with their home."""
        liaison = frozenset({"liaison"})
        register(NavItem("Home", "home", liaison, order=0))
        register(NavItem("Your agency", "own-agency", liaison, order=70))
        # Whoever tends the floor finds the sources from the page of queues.
        register(NavItem("Sources", "sources", frozenset({"analyst"}), order=80))
