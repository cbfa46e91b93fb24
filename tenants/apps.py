"""The bottom floor: agencies, people, keys, the wall and the journal."""

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """Tenants: nothing of ours lies below."""

    name = "tenants"
    verbose_name = "Tenants"
    default_auto_field = "django.db.models.BigAutoField"
