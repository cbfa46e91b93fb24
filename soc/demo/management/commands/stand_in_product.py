"""Serves the stand-in endpoint product of the simulated floor until it is stopped."""

import signal
import threading
from argparse import ArgumentParser
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError

from soc.demo.places import floor, kept, stand_in_memory
from soc.demo.stand_in import serve_in_background


class Command(BaseCommand):
    """`stand_in_product [--port N]`: at the address that `var/floor.json` names."""

    help = "Serve the stand-in endpoint product of the simulated floor."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The port, where it is not the floor's own."""
        parser.add_argument("--port", type=int, default=None)

    def handle(self, *args: Any, port: int | None = None, **options: Any) -> None:
        """Listen, and wait for a signal."""
        if port is None:
            named = kept(floor())
            if named is None:
                raise CommandError("There is no simulated floor here yet. Run build_demo_floor first, or name a --port.")
            port = urlsplit(named["stand_in"]).port or 0
        try:
            server = serve_in_background(port, stand_in_memory())
        except OSError as error:
            raise CommandError(f"Port {port} of the stand-in product is taken: {error}") from error
        over = threading.Event()
        for sign in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sign, lambda *_: over.set())
        self.stdout.write(f"stand-in product: {server.address}")
        over.wait()
        server.shutdown()
