"""Creates the database's roles once a cluster, with the login of DATABASE_ADMIN_URL."""

from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tenants.management.roles import LOGINS, create_roles


class Command(BaseCommand):
    """A door: passwords and names come from the settings, the work is `create_roles`."""

    help = "Creates roles and database with DATABASE_ADMIN_URL; can be repeated. Unset that variable afterwards."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DATABASE_ADMIN_URL:
            raise CommandError("DATABASE_ADMIN_URL is not set. On the embedded set-up `make run` creates the roles.")
        done = create_roles(admin=settings.DATABASE_ADMIN_URL, database=settings.DATABASES["default"]["NAME"], passwords=passwords())
        for line in done or ["nothing to do"]:
            self.stdout.write(line)


def passwords() -> dict[str, str]:
    """The password of each login, out of the addresses that are set.

    Raises CommandError when an address names a login that this house does not know.
    """
    given: dict[str, str] = {}
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_BACKUP_URL"):
        address = urlsplit(getattr(settings, name))
        if not address.username:
            continue
        if address.username not in LOGINS:
            raise CommandError(f"{name} names the login {address.username}; it must be one of {', '.join(LOGINS)}.")
        given[address.username] = unquote(address.password or "")
    return given
