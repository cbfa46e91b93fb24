"""The middle floor: playbooks, their runs, and what they ask of people."""

from django.apps import AppConfig


class PlaybooksConfig(AppConfig):
    """Playbooks: only tenants lie below."""

    name = "playbooks"
    verbose_name = "Playbooks"
    default_auto_field = "django.db.models.BigAutoField"
