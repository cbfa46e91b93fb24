"""Releases a period's figures of one measure, with names, to every agency; it cannot be taken back."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from soc.scorecards.operations.standing import publish
from tenants.errors import DomainError
from tenants.gates.identifying import actor_of
from tenants.gates.opening import opened
from tenants.isolation import scope
from tenants.models import Person


class Command(BaseCommand):
    """`manage.py publish_standings --period P --measure M --person EMAIL`."""

    help = "Release a period's standings of one measure to every agency. PERSON is the admin who decides it."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--period", required=True, help="2026-03, 2026-Q1, 2026 or FY2026")
        parser.add_argument("--measure", required=True)
        parser.add_argument("--person", required=True, metavar="EMAIL")

    def handle(self, *args: Any, **options: Any) -> None:
        with scope.lobby("system:command"):
            person = Person.objects.filter(email=options["person"], is_active=True).first()
            actor = actor_of(person) if person else None
        if actor is None:
            raise CommandError(f"Nobody with a role here has the address {options['person']}.")
        try:
            with opened(actor, reason="publishing standings"):
                released = publish(period=options["period"], measure=options["measure"], by=actor)
        except DomainError as error:
            raise CommandError(f"{error.detail} {error.cure}".strip()) from error
        self.stdout.write(f"released {released.measure} of {released.period}")
