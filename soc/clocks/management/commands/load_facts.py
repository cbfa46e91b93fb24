"""Adds the instruments and rules that ship with the product; can be repeated."""

from typing import Any

from django.core.management.base import BaseCommand

from soc.clocks.operations.loading import load_facts
from tenants.isolation import scope


class Command(BaseCommand):
    """`manage.py load_facts`."""

    help = "Add the instruments and rules that ship with the product and are not known yet."

    def handle(self, *args: Any, **options: Any) -> None:
        with scope.floor(None, actor="system:facts"):
            added = load_facts()
        self.stdout.write(f"{added} rows added")
