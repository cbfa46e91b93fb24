"""Queries have a budget, in the repository: a page or an endpoint that asks more often than query_counts.json allows fails.

`BUDGETS=write pytest tests/budgets` writes the file anew; a higher number in a diff is a decision.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.cast import ApiClient, Cast
from tests.walls.addresses import path_of
from tests.walls.conftest import norths  # noqa: F401 the stage of the walls
from tests.walls.urls import ADMIN, ANALYST, AUDITOR, LEAD, LIAISON, WALLS

FILE = Path(__file__).parent / "query_counts.json"
HOUSEKEEPING = ("SAVEPOINT", "RELEASE", "ROLLBACK", "SELECT set_config")


def counted(client: Any, path: str) -> int:
    """Statements for one GET, without the transaction's own."""
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(path)
    assert answer.status_code in (200, 302), f"{path}: {answer.status_code}"
    return sum(not q["sql"].startswith(HOUSEKEEPING) for q in captured.captured_queries)


def test_every_page_and_endpoint_keeps_its_budget(
    cast: Cast,
    norths: dict[str, Any],  # noqa: F811
    client_of: Callable[[str], Client],
) -> None:
    allowed: dict[str, int] = json.loads(FILE.read_text()) if FILE.exists() else {}
    found: dict[str, int] = {}
    for wall in WALLS:
        if wall.method != "GET":
            continue
        path = path_of(wall, norths)
        for who in (ANALYST, LEAD, ADMIN, AUDITOR, LIAISON):
            # One of the floor or the programme, and the liaison, whose page is another.
            if who in wall.may and (who == LIAISON or not any(f"{wall.name} {w}" in found for w in (ANALYST, LEAD, ADMIN, AUDITOR))):
                client = ApiClient(cast.tokens[who]) if path.startswith("/api/") else client_of(who)
                found[f"{wall.name} {who}"] = counted(client, path)
    if os.environ.get("BUDGETS") == "write":
        FILE.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
        pytest.skip("the budgets were written anew")
    without = sorted(set(found) - set(allowed))
    assert not without, f"These have no budget yet; write one with BUDGETS=write: {without}"
    over = {name: f"{n} queries, {allowed[name]} allowed" for name, n in found.items() if n > allowed[name]}
    assert not over, f"Over budget; look for a query in a loop, then decide: {over}"
