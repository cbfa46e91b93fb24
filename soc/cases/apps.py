"""Cases: the work."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """Cases call down to clocks, playbooks and tenants; what lies above reads the journal."""

    name = "soc.cases"
    label = "cases"
    verbose_name = "Cases"
    default_auto_field = "django.db.models.BigAutoField"
