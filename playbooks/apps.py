"""The middle floor: playbooks, their runs, and what they ask of people."""

from django.apps import AppConfig


class PlaybooksConfig(AppConfig):
    """Playbooks: only tenants lie below."""

    name = "playbooks"
    verbose_name = "Playbooks"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the products, the work that rows hold, and the entries of the bar."""
        from playbooks import tasks  # noqa: F401 registers its work
        from playbooks.connectors import agents, endpoint, http, openc2  # noqa: F401 they register themselves
        from playbooks.engine.working import register_chores

        register_chores()
        from playbooks.queries.voters import waiting_for
        from tenants.gates.navigation import READERS, NavItem
        from tenants.gates.navigation import register as register_page

        register_page(NavItem("Approvals", "approvals", READERS | {"liaison"}, 20, waiting_for))
        register_page(NavItem("Playbooks", "playbooks", READERS | {"admin"}, 40))
