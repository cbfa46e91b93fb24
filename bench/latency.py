"""How long news takes: from an alert's post to its case, and from a claim to the moved scorecard, with a web server and one worker."""

import http.client
import json
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg

from bench.floor import Floor

ALERTS, CLAIMS = 60, 20
APART = 0.1  # seconds between two, which is ten a second
PATIENCE = 20.0


def figures(floor: Floor) -> Iterator[dict[str, Any]]:
    """p50 and p95 of both, in ms, seen by polling the database each 2 ms."""
    name = floor.fresh("latency")  # no work of other figures stands before this
    stage = floor.script("bench.stage", {"agencies": 2, "analyst": True}, database=name)
    keys, token = stage["keys"], stage["token"]
    admin = floor.servers.admin_url.rsplit("/", 1)[0] + "/" + name
    with floor.web("asgi", database=name) as port, floor.worker(name), psycopg.connect(admin, autocommit=True) as look:
        _settle(look)
        web = http.client.HTTPConnection("127.0.0.1", port)
        times = []
        for at in range(ALERTS + 5):
            host = {"type": "host", "value": f"ws-{uuid4().hex[:12]}"}
            alert = {"title": f"Bench {at}", "rule": "bench", "severity": "low", "entities": [host]}
            began = time.perf_counter()
            receipt = _post(web, "/api/v1/alerts", alert, keys[at % 2]["key"])["items"][0]["receipt"]
            answered = time.perf_counter() - began
            took = _wait(look, "SELECT case_id FROM cases_receipt WHERE public_id = %s AND state <> 'pending'", receipt, began)
            if at >= 5:  # the first ones find everything cold
                times.append((took, answered))
            time.sleep(APART)
        yield from _both("alert posted to its case", [took for took, _ in times])
        yield from _both("alert posted to its answer, at ten a second", [answered for _, answered in times])
        _settle(look)
        newest = "SELECT number, version, agency_id FROM cases_case WHERE state = 'new' ORDER BY id DESC LIMIT %s"
        cases = look.execute(newest, [CLAIMS]).fetchall()
        times = []
        for number, version, agency in cases:
            began = time.perf_counter()
            _post(web, f"/api/v1/cases/{number}/claim", {}, token, version)
            moved = "SELECT 1 FROM scorecards_scorecard WHERE agency_id = %s HAVING max(as_of) >= (SELECT max(id) FROM tenants_entry "
            moved += "WHERE kind = 'cases.CaseClaimed' AND agency_id = %s)"
            times.append((_wait(look, moved, (agency, agency), began), 0.0))
            time.sleep(APART)
        yield from _both("claim to the moved scorecard", [took for took, _ in times])


def _both(what: str, times: list[float]) -> Iterator[dict[str, Any]]:
    times = sorted(times)
    p50, p95 = times[len(times) // 2] * 1000, times[int(len(times) * 0.95)] * 1000
    yield {"figure": f"{what}, p50", "value": p50, "unit": "ms", "ratio": 1.0, "to": "itself"}
    yield {"figure": f"{what}, p95", "value": p95, "unit": "ms", "ratio": p95 / p50, "to": "its p50"}


def _post(web: http.client.HTTPConnection, path: str, body: Any, bearer: str, version: int | None = None) -> Any:
    headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
    if version is not None:
        headers["If-Match"] = str(version)
    web.request("POST", path, json.dumps(body), headers)
    answer = web.getresponse()
    told = json.loads(answer.read() or b"null")
    if answer.status >= 300:
        raise SystemExit(f"{path}: {answer.status} {told}")
    return told


def _wait(look: psycopg.Connection[Any], question: str, about: Any, began: float) -> float:
    values = about if isinstance(about, tuple) else (about,)
    while time.perf_counter() - began < PATIENCE:
        if look.execute(question, values).fetchone():  # type: ignore[call-overload]
            return time.perf_counter() - began
        time.sleep(0.002)
    raise SystemExit(f"nothing came of it in {PATIENCE:g} s: {question}")


def _settle(look: psycopg.Connection[Any]) -> None:
    """Until no work waits."""
    question = (
        "SELECT EXISTS (SELECT FROM cases_receipt WHERE state = 'pending') OR EXISTS (SELECT FROM tenants_delivery WHERE state = 'open')"
    )
    deadline = time.monotonic() + 120
    while look.execute(question).fetchone() == (True,) and time.monotonic() < deadline:
        time.sleep(0.2)
