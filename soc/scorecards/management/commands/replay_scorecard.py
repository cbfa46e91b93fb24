"""Counts an agency's scorecard again from the journal alone and says whether the stored one is the same."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from soc.scorecards.periods import BadPeriod, parse
from soc.scorecards.queries.replaying import replayed
from tenants.isolation import scope
from tenants.models import Agency


class Command(BaseCommand):
    """`manage.py replay_scorecard --agency SLUG --period P`."""

    help = "Count a scorecard again from the journal alone; exit 1 when the stored figures differ."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--agency", required=True, metavar="SLUG")
        parser.add_argument("--period", required=True, help="2026-03, 2026-Q1, 2026 or FY2026")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            period = parse(options["period"])
        except BadPeriod as bad:
            raise CommandError(str(bad)) from bad
        with scope.lobby("system:replay"):
            agency = Agency.objects.filter(slug=options["agency"]).first()
        if agency is None:
            raise CommandError(f"There is no agency {options['agency']}.")
        with scope.agency(agency.pk, actor="system:replay"):
            found = replayed(agency_id=agency.pk, period=period)
        self.stdout.write(f"{agency.slug} {period.name}")
        for name, value in found.figures.items():
            self.stdout.write(f"{name}: {value}")
        if found.differences:
            for line in found.differences:
                self.stdout.write(f"differs: {line}")
            sys.exit(1)
        self.stdout.write("same")
