"""`set_share --agency SLUG [--weight N] [--most-at-once N]`: an agency's share of the workers where others have runs too."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from playbooks.operations.sharing import set_share
from tenants.actors import system
from tenants.errors import DomainError
from tenants.isolation import scope
from tenants.queries.directory import agency_of


class Command(BaseCommand):
    """Without `--most-at-once` workers may hold as many of its runs together as there are workers."""

    help = "Sets an agency's share of the workers. Can be repeated; an agency without one has a weight of 1."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--agency", required=True, help="the agency's slug")
        parser.add_argument("--weight", type=int, default=1, help="parts of the steps where others have runs too, from 1 to 100")
        parser.add_argument("--most-at-once", type=int, help="how many of its runs workers hold together")

    def handle(self, *args: Any, **options: Any) -> None:
        by = system("command")
        try:
            with scope.floor(None, actor=by.name):
                agency = agency_of(options["agency"], by)
                share = set_share(agency_id=agency.pk, weight=options["weight"], most_at_once=options["most_at_once"], by=by)
        except DomainError as error:
            unknown = f"There is no agency {options['agency']}."
            raise CommandError(unknown if error.status == 404 else f"{error.detail} {error.cure}".strip()) from error
        bound = f", {share.most_at_once} runs at once" if share.most_at_once else ""
        self.stdout.write(f"{options['agency']} has a weight of {share.weight}{bound}")
