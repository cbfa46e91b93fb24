"""`sqlmigrate`, as the tables' owner."""

from django.core.management.commands import sqlmigrate

from tenants.isolation.owning import AsOwner


class Command(AsOwner, sqlmigrate.Command):
    """Django's own command behind the owner's login."""
