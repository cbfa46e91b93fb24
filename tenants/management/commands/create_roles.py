"""Creates the database's roles once a cluster, with the login of DATABASE_ADMIN_URL."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tenants.management.roles import create_roles


class Command(BaseCommand):
    """A door: passwords and names come from the settings, the work is `create_roles`."""

    help = "Creates roles and database with DATABASE_ADMIN_URL; can be repeated. Unset that variable afterwards."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DATABASE_ADMIN_URL:
            raise CommandError("DATABASE_ADMIN_URL is not set. On the embedded set-up `make run` creates the roles.")
        done = create_roles(
            admin=settings.DATABASE_ADMIN_URL, database=settings.DATABASES["default"]["NAME"], passwords=settings.ROLE_PASSWORDS
        )
        for line in done or ["nothing to do"]:
            self.stdout.write(line)
