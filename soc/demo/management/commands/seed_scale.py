"""Fills an empty database with a large simulated floor."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from soc.demo.operations.scaling import Size, seed_scale
from tenants.actors import system
from tenants.errors import DomainError


class Command(BaseCommand):
    """`seed_scale [--cases N] [--alerts N] [--sightings N] [--agencies N] [--seed N]`: refuses where agencies stand."""

    help = "Fill an empty database with a large simulated floor, to measure on it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The size of the floor, and the seed of the drawing."""
        for name in ("agencies", "cases", "alerts", "sightings"):
            parser.add_argument(f"--{name}", type=int, default=getattr(Size(), name))
        parser.add_argument("--seed", type=int, default=1)

    def handle(self, *args: Any, agencies: int, cases: int, alerts: int, sightings: int, seed: int, **options: Any) -> None:
        """One call."""
        began = time.monotonic()
        size = Size(agencies, cases, alerts, sightings)

        def say(text: str) -> None:
            self.stdout.write(f"{time.monotonic() - began:6.0f} s  {text}")

        try:
            counts = seed_scale(size=size, seed=seed, by=system("scale"), say=say)
        except DomainError as error:
            raise CommandError(str(error)) from error
        for table, count in counts.items():
            self.stdout.write(f"{table:<28}{count:>12,}")
        say("done")
