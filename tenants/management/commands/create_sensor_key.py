"""Make a sensor key of an agency; the key alone goes to standard output."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tenants.actors import system
from tenants.errors import DomainError
from tenants.isolation import scope
from tenants.operations.keys import create_sensor_key


class Command(BaseCommand):
    """`create_sensor_key --agency SLUG --name NAME [--days N]`."""

    help = "Make a sensor key of an agency, allowed to post alerts. Two live ones per name; a third retires the oldest."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--agency", required=True, help="the agency's slug")
        parser.add_argument("--name", required=True, help="the sensor's name")
        parser.add_argument("--days", type=int, default=365)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with scope.floor(None, actor="system:command"):
                _, secret, retired = create_sensor_key(
                    agency=options["agency"], name=options["name"], days=options["days"], by=system("command")
                )
        except DomainError as error:
            said = f"There is no agency {options['agency']}." if error.status == 404 else f"{error.detail} {error.cure}"
            raise CommandError(said.strip()) from error
        for key in retired:
            self.stderr.write(f"revoked the oldest live key {key.prefix} of {options['name']}")
        self.stdout.write(secret)
