"""Alerts accepted in a second, single and NDJSON, on ASGI and WSGI, beside a minimal Django create and the peers; and SQL beside SQL."""

import json
import statistics
import subprocess
from collections.abc import Iterator
from typing import Any

from bench.floor import PYTHON, ROOT, Floor
from bench.load import PLACE

SECONDS = 6.0
CONNECTIONS = 8
AGENCIES = 4
BATCH = 1000
# From the yardsticks of other products, measured on two cores of the same kind: alerts created a second over HTTP with sign-in.
DFIR_IRIS_MOST, FIR_MOST = 43.0, 43.0


def alert(place: bytes = PLACE) -> dict[str, Any]:
    """A Sigma hit of about a kilobyte and a half, as sensors send them."""
    return {
        "title": f"Rubeus ticket request {place.decode()}",
        "rule": "0197c0de-rubeus",
        "severity": "high",
        "source_ref": place.decode(),
        "entities": [{"type": "host", "value": "bench-ws-1"}, {"type": "user", "value": "j.doe"}],
        "description": "A process asked for a service ticket with arguments known from Rubeus. " * 12,
        "observables": [{"type": "address", "value": "198.51.100.7"}, {"type": "domain", "value": "update.example"}],
    }


def figures(floor: Floor, seconds: float = SECONDS) -> Iterator[dict[str, Any]]:
    """Single alerts and batches of a thousand on both servers, the yardstick beside each in turn."""
    own = floor.login("app_floor", "minimal")
    _make_minimal(floor, own)
    keys = [one["key"] for one in floor.script("bench.stage", {"agencies": AGENCIES})["keys"]]
    run = 0
    for kind, server in (("wsgi", "granian WSGI, 4 threads"), ("asgi", "uvicorn ASGI")):
        with floor.web(kind) as ours, floor.web(kind, "bench.minimal", address=own) as theirs:
            for what in ("single", "ndjson"):
                bare, mine, late = [], [], []
                for _ in range(3):  # in turn, so that both meet the same machine
                    for port, found in ((theirs, bare), (ours, mine)):
                        run += 1
                        seen = floor.load(**_orders(port, keys, what, seconds / 3, run))
                        accepted = seen["statuses"].get("202", 0)
                        if accepted != seen["answers"] or not accepted:
                            raise SystemExit(f"not every post was accepted: {seen['statuses']} {seen['last']}")
                        found.append(accepted * (BATCH if what == "ndjson" else 1) / seen["seconds"])
                        if port == ours:
                            late.append((seen["p50_ms"], seen["p95_ms"]))
                named = "one alert a post" if what == "single" else f"NDJSON, {BATCH} a post"
                unit = "alerts/s"
                base, value = statistics.median(bare), statistics.median(mine)
                yield {"figure": f"minimal Django create, {named}, {server}", "value": base, "unit": unit, "ratio": 1.0, "to": "itself"}
                yield {
                    "figure": f"accepted, {named}, {server}",
                    "value": value,
                    "unit": unit,
                    "ratio": value / base,
                    "to": "minimal Django",
                }
                if what == "single":
                    peers = max(DFIR_IRIS_MOST, FIR_MOST)
                    yield {"figure": f"accepted, {named}, {server}, beside the peers", "value": value, "unit": unit, "ratio": value / peers,
                           "to": f"DFIR-IRIS and FIR at their best ({peers:g}/s)"}  # fmt: skip
                    p50, p95 = (statistics.median(column) for column in zip(*late, strict=True))
                    yield {"figure": f"answer to one alert at {CONNECTIONS} at once, {server}, p95", "value": p95, "unit": "ms",
                           "ratio": p95 / p50, "to": "its p50"}  # fmt: skip
    admin = floor.servers.admin_url.rsplit("/", 1)[0] + "/" + floor.state["database"]
    yield from floor.script("bench.sql", {"rows": BATCH, "rounds": 12, "admin": admin})


def _make_minimal(floor: Floor, own: str) -> None:
    """The yardstick's database, anew."""
    floor.admin("DROP DATABASE IF EXISTS minimal WITH (FORCE)", "CREATE DATABASE minimal OWNER app_floor")
    environment = {**floor.environment(), "DJANGO_SETTINGS_MODULE": "bench.minimal.settings", "DATABASE_URL": own}
    command = [str(PYTHON), "-m", "django", "migrate", "--run-syncdb", "-v", "0"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


def _orders(port: int, keys: list[str], what: str, seconds: float, run: int) -> dict[str, Any]:
    common = {"port": port, "path": "/api/v1/alerts", "bearers": keys, "seconds": seconds, "run": run}
    if what == "single":
        return {**common, "kind": "application/json", "bodies": [json.dumps(alert())], "connections": CONNECTIONS}
    lines = "\n".join(json.dumps(alert(PLACE + b"%04x" % at)) for at in range(BATCH))
    return {**common, "kind": "application/x-ndjson", "bodies": [lines], "connections": 4}
