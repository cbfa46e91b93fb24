"""The middle floor: playbooks, their runs, and what they ask of people."""

from django.apps import AppConfig


class PlaybooksConfig(AppConfig):
    """Playbooks: only tenants lie below."""

    name = "playbooks"
    verbose_name = "Playbooks"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the products and the work that rows hold."""
        from playbooks.connectors import endpoint  # noqa: F401 registers itself
        from playbooks.engine.working import register_chores

        register_chores()
