"""Post a file of alerts over HTTP, in batches; it can be repeated, since every alert has its key."""

import os
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from soc.cases.intake.batching import Batch, batches
from tenants.actors import system
from tenants.errors import DomainError
from tenants.isolation import scope
from tenants.operations.keys import create_sensor_key

COUNTED = ("accepted", "repeated", "refused")
MOST_TRIES = 8


class Command(BaseCommand):
    """`send_alerts FILE --agency SLUG [--url URL] [--key KEY]`."""

    help = "Post a JSON, JSON array or NDJSON file of alerts to a running Watchfloor."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", help="a JSON, JSON array or NDJSON file; - reads standard input")
        parser.add_argument("--agency", required=True, help="the agency's slug")
        parser.add_argument("--url", default="", help="where Watchfloor runs; by default this machine's own")
        parser.add_argument("--key", default="", help="a sensor key of the agency; by default WATCHFLOOR_KEY")

    def handle(self, *args: Any, **options: Any) -> None:
        content = _content(options["file"])
        ndjson = True if options["file"].lower().endswith((".jsonl", ".ndjson")) else None
        parts = list(batches(content, ndjson=ndjson))
        url = (options["url"] or _own_address()).rstrip("/")
        given = options["key"] or os.environ.get("WATCHFLOOR_KEY", "")
        totals: Counter[str] = Counter(dict.fromkeys(COUNTED, 0))
        with (
            httpx.Client(base_url=url, timeout=120) as client,
            tqdm(total=sum(part.count for part in parts), unit="alert", desc="Sending", file=self.stderr) as bar,
        ):
            key = given or _kept_key(options["agency"])
            for part in parts:
                answer = _post(client, part, key)
                if answer.status_code == 401 and not given:
                    # Keys end, and a floor can be started over: the one we keep is ours to renew.
                    key = _kept_key(options["agency"], renew=True)
                    answer = _post(client, part, key)
                totals.update(_counts(answer))
                bar.update(part.count)
        self.stdout.write(", ".join(f"{name} {totals[name]}" for name in COUNTED))


def _content(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from error


def _own_address() -> str:
    noted = settings.VAR / "run" / "port"
    port = noted.read_text().strip() if settings.EMBEDDED and "PORT" not in os.environ and noted.exists() else settings.PORT
    return f"http://localhost:{port}"


def _kept_key(agency: str, *, renew: bool = False) -> str:
    """The key of this machine's own floor, kept in a file that only its owner reads. Raises CommandError."""
    if not settings.EMBEDDED:
        raise CommandError("Name a sensor key with --key or WATCHFLOOR_KEY; `create_sensor_key` makes one.")
    if not agency.replace("-", "").replace("_", "").isalnum():
        raise CommandError("That is not the slug of an agency.")
    file = settings.VAR / "keys" / agency
    if file.exists() and not renew:
        return file.read_text().strip()
    try:
        with scope.floor(None, actor="system:command"):
            _, secret, _ = create_sensor_key(agency=agency, name="send_alerts", by=system("command"))
    except DomainError as error:
        raise CommandError(f"There is no agency {agency}." if error.status == 404 else f"{error.detail} {error.cure}".strip()) from error
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as kept:
        kept.write(secret)
    return secret


def _post(client: httpx.Client, part: Batch, key: str) -> httpx.Response:
    """Post one batch; waits when told to, and tries again when the server is away. Raises CommandError."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": part.kind}
    for attempt in range(MOST_TRIES):
        last = attempt == MOST_TRIES - 1
        try:
            answer = client.post("/api/v1/alerts", content=part.body, headers=headers)
        except httpx.TransportError as error:
            if last or isinstance(error, httpx.ConnectError | httpx.UnsupportedProtocol):
                raise CommandError(f"Nothing answers at {client.base_url}: is Watchfloor running? ({error})") from error
            time.sleep(min(2**attempt, 10))
            continue
        if answer.status_code not in (429, 502, 503, 504) or last:
            return answer
        wait = answer.headers.get("Retry-After", "")
        time.sleep(min(int(wait), 120) if wait.isdigit() else 2)
    raise CommandError("The server asked to wait again and again.")


def _counts(answer: httpx.Response) -> dict[str, int]:
    """What became of a batch. Raises CommandError for an answer that is not about its items."""
    try:
        body = answer.json()
    except ValueError:
        body = {}
    if isinstance(body, dict) and all(isinstance(body.get(name), int) for name in COUNTED):
        return {name: body[name] for name in COUNTED}
    said = body.get("detail", "") if isinstance(body, dict) else ""
    cure = body.get("cure", "") if isinstance(body, dict) else ""
    raise CommandError(f"The server answered {answer.status_code}. {said} {cure}".strip())
