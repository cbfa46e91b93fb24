"""`publish_library`: store the books that come with the product, and their trigger rules."""

from typing import Any

from django.core.management.base import BaseCommand

from playbooks.operations.publishing import publish_library
from tenants.actors import system
from tenants.isolation import scope


class Command(BaseCommand):
    """Safe to repeat: what is stored already stays."""

    help = "Publishes the books that come with the product."

    def handle(self, *args: Any, **options: Any) -> None:
        with scope.every_agency(reason="the library is the programme's", actor="system:library"):
            published = publish_library(by=system("library"))
        for version, new in published:
            self.stdout.write(
                f"{version.book.slug} version {version.number} {version.content_hash[:12]} {'published' if new else 'was there'}"
            )
