"""Looks at pages in a process of its own, through the whole of Django: reads {"rounds": n}, prints times, queries and plans."""

import json
import os
import statistics
import sys
import time
from typing import Any

HOUSEKEEPING = ("SAVEPOINT", "RELEASE", "ROLLBACK", "SELECT set_config")


def looked_at(rounds: int) -> list[dict[str, Any]]:
    """Each page `rounds` times: p50 and p95 of its server time in ms, its queries, and which agencies' tables a plan reads whole."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    found = []
    for page, email, paths in _pages():
        client = Client()
        _sign_in(client, email)
        for path in paths[:3]:
            _get(client, path)
        times = []
        for at in range(rounds):
            began = time.perf_counter()
            _get(client, paths[at % len(paths)])
            times.append((time.perf_counter() - began) * 1000)
        with CaptureQueriesContext(connection) as captured:
            _get(client, paths[0])
        queries = [q for q in captured.captured_queries if not q["sql"].startswith(HOUSEKEEPING)]
        scans: set[str] = set()
        with connection.execute_wrapper(_explaining(scans)):
            for path in paths[:5]:
                _get(client, path)
        times.sort()
        p95 = times[min(len(times) - 1, int(len(times) * 0.95))]
        found.append({"page": page, "p50": statistics.median(times), "p95": p95, "queries": len(queries), "scans": sorted(scans)})
    return found


def _pages() -> list[tuple[str, str, list[str]]]:
    from soc.cases.models import Case, Observable
    from tenants.isolation import scope

    with scope.floor(None, actor="bench"):
        latest = list(Case.objects.order_by("-opened_at")[:400])
        cases = latest[:: max(1, len(latest) // 20)][:20]
        seen = list(Observable.objects.filter(case__in=cases).order_by("id").values_list("value", flat=True)[:8])
    analyst, liaison = "analyst-0@scale.example", "liaison-0@scale.example"
    words = [f"/search/?q={case.entity}" for case in cases[:6]] + [f"/search/?q={value}" for value in seen]
    words += ["/search/?q=beaconing+night", f"/search/?q={cases[0].number}"]
    return [
        ("queue", analyst, ["/queue/"]),
        ("queue, mine", analyst, ["/queue/?view=mine"]),
        ("case", analyst, [f"/cases/{case.number}/" for case in cases]),
        ("search", analyst, words),
        ("liaison's home", liaison, ["/"]),
        ("liaison's cases", liaison, ["/cases/"]),
    ]


def _sign_in(client: Any, email: str) -> None:
    from tenants.isolation import scope
    from tenants.models import Person

    with scope.lobby():
        client.force_login(Person.objects.get(email=email))


def _get(client: Any, path: str) -> None:
    answer = client.get(path, follow=True)
    if answer.status_code != 200:
        raise SystemExit(f"{path}: {answer.status_code}")


def _explaining(scans: set[str]) -> Any:
    """A wrapper that asks for the plan of each query before it runs, in the same role, and notes agencies' tables read whole."""

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if str(sql).lstrip().startswith("SELECT") and "set_config" not in str(sql):
            with context["connection"].connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
                (plan,) = cursor.fetchone()
                for table, rows in _read_whole(plan[0]["Plan"]):
                    cursor.execute(
                        "SELECT c.reltuples FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'agency_id' "
                        "WHERE c.relname = %s AND c.reltuples > 500",
                        [table],
                    )
                    if cursor.fetchone():
                        scans.add(f"{table} ({rows} rows)")
        return execute(sql, params, many, context)

    return explain


def _read_whole(plan: dict[str, Any]) -> list[tuple[str, int]]:
    own = [(plan["Relation Name"], int(plan["Plan Rows"]))] if plan["Node Type"] == "Seq Scan" else []
    return own + [found for below in plan.get("Plans", []) for found in _read_whole(below)]


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "soc.settings")
    import django

    django.setup()
    from django.conf import settings

    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
    print(json.dumps(looked_at(json.load(sys.stdin)["rounds"])))
