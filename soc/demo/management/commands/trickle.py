"""Sends live alerts of the simulated floor over HTTP, as sensors do, until it is stopped."""

import random
import signal
import threading
from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

import httpx
from django.conf import settings
from django.core.management.base import BaseCommand

from soc.demo.places import kept, trickle_keys
from soc.demo.weather import Stream

TRY_AGAIN_SECONDS = 5.0


class Command(BaseCommand):
    """`trickle [--url URL] [--fast]`: an alert every 10 to 40 seconds, by the phases of the day, now and then a burst."""

    help = "Send live alerts of the simulated floor over HTTP."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to, and how many."""
        parser.add_argument("--url", default=f"http://localhost:{settings.PORT}")
        parser.add_argument("--most", type=int, default=0, help="stop after so many alerts (0: never)")
        parser.add_argument("--fast", action="store_true", help="do not wait between alerts")

    def handle(self, *args: Any, url: str, most: int, fast: bool, **options: Any) -> None:
        """Send, wait, send."""
        keys = kept(trickle_keys())
        if not keys:
            self.stdout.write("There is no simulated floor here, so no live alerts.")
            return
        over = threading.Event()
        for sign in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sign, lambda *_: over.set())
        stream, sent = Stream(random.Random()), 0  # noqa: S311
        with httpx.Client(base_url=url, trust_env=False, timeout=10) as sensor:
            while not over.is_set() and (not most or sent < most):
                for slug, alert in stream.next(datetime.now(UTC)):
                    sent += self.send(sensor, keys[slug], alert, over)
                if not fast:
                    over.wait(stream.wait(datetime.now(UTC)))
        self.stdout.write(f"sent {sent}")

    def send(self, sensor: httpx.Client, key: str, alert: dict[str, Any], over: threading.Event) -> int:
        """Post one alert; a service that is away or busy is asked again, for an alert must not be lost. Returns 1 when it was taken."""
        while not over.is_set():
            try:
                answer = sensor.post("/api/v1/alerts", json=alert, headers={"Authorization": f"Bearer {key}"})
            except httpx.HTTPError:
                over.wait(TRY_AGAIN_SECONDS)
                continue
            if answer.status_code == httpx.codes.UNAUTHORIZED:
                self.stderr.write("A sensor key of the simulated floor is no longer valid; its alerts are left out.")
                return 0
            if answer.status_code == httpx.codes.TOO_MANY_REQUESTS or answer.is_server_error:
                over.wait(float(answer.headers.get("Retry-After", TRY_AGAIN_SECONDS)))
                continue
            return int(answer.is_success)
        return 0
