"""The bottom floor: agencies, people, keys, the wall and the journal."""

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """Tenants: nothing of ours lies below."""

    name = "tenants"
    verbose_name = "Tenants"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the chores of the journal, and write sign-ins down."""
        from tenants.gates import navigation, sign_ins
        from tenants.journal import anchoring, delivery, sealing  # noqa: F401 registering is their import

        sign_ins.listen()
        staff = frozenset({"analyst", "watch_lead", "admin", "auditor"})
        navigation.register(navigation.NavItem("Agencies", "agencies", staff, 60))
        navigation.register(navigation.NavItem("People", "people", frozenset({"admin", "auditor"}), 70))
