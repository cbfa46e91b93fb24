"""The app of health: probes, measures, the page of queue depths; it also hangs up the doorbell."""

from django.apps import AppConfig
from django.conf import settings

from tenants.gates.navigation import NavItem, register
from tenants.journal import doorbell


class HealthConfig(AppConfig):
    """Health; it owns no table."""

    name = "soc.health"
    verbose_name = "Health"

    def ready(self) -> None:
        """The journal knows a bell but not whose: here Celery's is wired to it."""
        register(NavItem("Health", "queues", frozenset({"watch_lead", "admin", "auditor"}), order=90))
        if settings.DOORBELL:
            from soc.celery import ring

            doorbell.wire(ring)
