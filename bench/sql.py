"""The intake's own SQL beside a bare multi-row INSERT into the same tables, both with binary arrays: rows a second on one connection."""

import json
import os
import statistics
import sys
import time
from typing import Any
from uuid import uuid4

BARE = """
WITH stored AS (
  INSERT INTO cases_receipt (agency_id, public_id, source, key, digest, state, why, received_at, position, repeats, attempts)
  SELECT %(agency)s, public_id, 'bench', key, digest, 'pending', '', %(at)s, position, 0, 0
  FROM unnest(%(ids)s::uuid[], %(keys)s::text[], %(digests)b::bytea[], %(positions)s::int[]) AS g(public_id, key, digest, position)
  RETURNING id, public_id)
INSERT INTO cases_body (agency_id, receipt_id, raw)
SELECT %(agency)s, stored.id, g.raw FROM stored JOIN unnest(%(ids)s::uuid[], %(raws)b::bytea[]) AS g(public_id, raw) USING (public_id)
"""


def measure(rows: int, rounds: int, admin: str) -> list[dict[str, Any]]:
    """Turn about on one connection each; the first round of each is not counted. The figure and the base it is a ratio to."""
    import psycopg
    from psycopg import Cursor

    from bench.intake import alert
    from bench.stage import keys
    from soc.cases.intake.splitting import read_item
    from soc.cases.operations import intake
    from tenants.gates.identifying import bearer_actor
    from tenants.gates.sensors import remember_sensor, sensor_seen

    (key,) = keys(1)
    header = f"Bearer {key['key']}"
    remember_sensor(header, bearer_actor(header))
    sensor = sensor_seen(header)
    assert sensor is not None
    prepared = {True: [], False: []}  # type: dict[bool, list[Any]]
    for ours in prepared:
        for turn in range(rounds):
            mark = uuid4().hex[:12]
            raws = [json.dumps(alert(f"{mark}-{turn}-{at}".encode())).encode() for at in range(rows)]
            prepared[ours].append([read_item(raw, index=at) for at, raw in enumerate(raws)])
    took: dict[bool, list[float]] = {True: [], False: []}
    spent = [0.0]
    through = intake.opened_by

    def timed(*arguments: Any, **more: Any) -> Any:
        began = time.perf_counter()
        try:
            return through(*arguments, **more)
        finally:
            spent[0] = time.perf_counter() - began

    intake.opened_by = timed
    with psycopg.connect(admin, autocommit=True, prepare_threshold=1) as bare:
        for turn in range(rounds):
            for ours in (False, True):
                items = prepared[ours][turn]
                if ours:
                    assert intake.take(items=items, opening=sensor.opening, by=sensor.actor) is not None
                    took[ours].append(spent[0])
                    continue
                first = {item.idempotency_key: item for item in items}
                given = intake._rows(first, dict.fromkeys(first), sensor.actor)
                began = time.perf_counter()
                Cursor(bare).execute(BARE, given)
                took[ours].append(time.perf_counter() - began)
    base, value = (rows / statistics.median(took[ours][2:]) for ours in (False, True))
    named = f"{rows} a statement, binary arrays (%b)"
    return [
        {"figure": f"bare INSERT, receipt and body, {named}", "value": base, "unit": "rows/s", "ratio": 1.0, "to": "itself"},
        {"figure": f"the intake's SQL, {named}", "value": value, "unit": "rows/s", "ratio": value / base, "to": "bare INSERT"},
    ]


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "soc.settings")
    import django

    django.setup()
    given = json.load(sys.stdin)
    print(json.dumps(measure(given["rows"], given["rounds"], given["admin"])))
