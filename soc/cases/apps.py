"""Cases: the work."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """Cases call down to clocks, playbooks and tenants; what lies above reads the journal."""

    name = "soc.cases"
    label = "cases"
    verbose_name = "Cases"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the work that rows hold, what hears of facts, and what playbooks may do to a case."""
        from soc.cases import playbook_actions, reactions, tasks  # noqa: F401 some register by their import
        from tenants.gates.navigation import READERS, NavItem
        from tenants.gates.navigation import register as register_page

        playbook_actions.register()
        register_page(NavItem("Queue", "queue", READERS, 10))
        register_page(NavItem("Cases", "cases", frozenset({"liaison"}), 30))
