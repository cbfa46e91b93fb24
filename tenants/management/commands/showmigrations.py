"""`showmigrations`, as the tables' owner."""

from django.core.management.commands import showmigrations

from tenants.isolation.owning import AsOwner


class Command(AsOwner, showmigrations.Command):
    """Django's own command behind the owner's login."""
