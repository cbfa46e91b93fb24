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
        """Register the work that rows hold, and what hears of facts."""
        for module in ("soc.cases.tasks",):
            if find_spec(module) is not None:
                import_module(module)
