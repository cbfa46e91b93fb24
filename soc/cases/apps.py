"""Cases: the work."""

from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """Cases call down to clocks, playbooks and tenants; what lies above reads the journal."""

    name = "soc.cases"
    label = "cases"
    verbose_name = "Cases"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the work that rows hold, what hears of facts, and what playbooks may do to a case."""
        from soc.cases import playbook_actions, tasks  # noqa: F401 registering is the import of tasks

        playbook_actions.register()
        if find_spec("playbooks.operations.starting") is not None:
            import_module("soc.cases.reactions")
