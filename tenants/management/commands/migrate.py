"""`migrate`, as the tables' owner."""

from django.core.management.commands import migrate

from tenants.isolation.owning import AsOwner


class Command(AsOwner, migrate.Command):
    """Django's own command behind the owner's login."""
