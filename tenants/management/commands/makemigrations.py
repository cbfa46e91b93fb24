"""`makemigrations`, as the tables' owner."""

from django.core.management.commands import makemigrations

from tenants.isolation.owning import AsOwner


class Command(AsOwner, makemigrations.Command):
    """Django's own command behind the owner's login."""
