"""`flush`, as the tables' owner."""

from django.core.management.commands import flush

from tenants.isolation.owning import AsOwner


class Command(AsOwner, flush.Command):
    """Django's own command behind the owner's login."""
