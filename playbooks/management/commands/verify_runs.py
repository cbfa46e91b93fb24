"""Check the logs of runs: that no event was changed, removed, moved or cut off."""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from playbooks.models import Run
from playbooks.queries.moments import verify_runs
from tenants.isolation import scope


class Command(BaseCommand):
    """`verify_runs [--agency SLUG] [RUN...]`: exit 1 with the first event of each run that does not fit."""

    help = "Recompute the chain over the events of runs, and compare its end with the run and the journal."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("run", nargs="*", help="ids of runs (default: all)")
        parser.add_argument("--agency", default="", help="only runs of the agency with this slug")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = [_uuid(text) for text in options["run"]]
        with scope.every_agency(reason="verify_runs", actor="system:command"):
            runs = Run.objects.all()
            if options["agency"]:
                runs = runs.filter(agency__slug=options["agency"])
            if wanted:
                runs = runs.filter(public_id__in=wanted)
                if runs.count() < len(set(wanted)):
                    raise CommandError("A run of these is not known. Write whole ids of runs, as their pages' addresses have them.")
            checked = events = 0
            faults = []
            for proof in verify_runs(runs):
                checked, events = checked + 1, events + proof.events
                if proof.fault:
                    faults.append(f"run {proof.run}: {proof.fault}")
        self.stdout.write(f"{checked} runs, {events} events fit, {len(faults)} runs do not")
        if faults:
            raise CommandError("\n".join(faults))


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise CommandError(f"{text} is no id of a run.") from error
