"""`set_signature_policy --agency SLUG --require none|valid|trusted`: what an agency asks of a playbook's signatures before it runs."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from playbooks.operations.trusting import set_signature_policy
from tenants.actors import system
from tenants.errors import DomainError
from tenants.isolation import scope
from tenants.queries.directory import agency_of


class Command(BaseCommand):
    """`none`: any book runs. `valid`: one with a sound signature. `trusted`: one that a trusted signer signed."""

    help = "Sets what an agency asks of a playbook's signatures before it runs. Can be repeated."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--agency", required=True, help="the agency's slug")
        parser.add_argument("--require", required=True, help="none, valid or trusted")

    def handle(self, *args: Any, **options: Any) -> None:
        by = system("command")
        try:
            with scope.floor(None, actor=by.name):
                agency = agency_of(options["agency"], by)
                set_signature_policy(agency_id=agency.pk, asked=options["require"], by=by)
        except DomainError as error:
            unknown = f"There is no agency {options['agency']}."
            raise CommandError(unknown if error.status == 404 else f"{error.detail} {error.cure}".strip()) from error
        self.stdout.write(f"{options['agency']} asks for: {options['require']}")
