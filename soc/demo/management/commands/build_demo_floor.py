"""Builds the simulated floor, once."""

import os
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from soc.demo.operations.building import SEED, build
from tenants.actors import system
from tenants.errors import DomainError


class Command(BaseCommand):
    """`build_demo_floor [--seed N]`: does nothing when the floor stands."""

    help = "Build the simulated floor: invented agencies, people, a week of history."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The seed of the history."""
        parser.add_argument("--seed", type=int, default=SEED)

    def handle(self, *args: Any, seed: int, **options: Any) -> None:
        """One call."""
        began = time.monotonic()
        # What a power cut takes from a half-told story, the next start tells anew; waiting for the disk would double its time.
        os.environ.setdefault("PGOPTIONS", "-c synchronous_commit=off")
        try:
            built = build(seed=seed, by=system("demo"), say=lambda text: self.stdout.write(text))
        except DomainError as error:
            raise CommandError(str(error)) from error
        if built:
            self.stdout.write(f"simulated floor: built in {time.monotonic() - began:.0f} s")
        else:
            self.stdout.write("simulated floor: stands already")
