"""Queue, case, search and the liaison's home on floors of growing size: server time, queries, growth, and their plans."""

from collections.abc import Iterator
from typing import Any

from bench.floor import Floor

ALERTS_A_CASE, SIGHTINGS_A_CASE = 25, 10  # of `seed_scale` at its full size
AGENCIES = 150
ROUNDS = 40


def figures(floor: Floor, sizes: list[int], alerts_a_case: int = ALERTS_A_CASE) -> Iterator[dict[str, Any]]:
    """A database a size, seeded where it is missing; each page in turn. The growth is the median's, from the smallest floor on."""
    first: dict[str, float] = {}
    for cases in sizes:
        name = seeded(floor, cases, alerts_a_case)
        for one in floor.script("bench.look", {"rounds": ROUNDS}, database=name):
            base = first.setdefault(one["page"], one["p50"])
            said = f"{one['page']}, {cases:,} cases, {one['queries']} queries"
            yield {"figure": f"{said}, p50", "value": one["p50"], "unit": "ms", "ratio": one["p50"] / base, "to": f"{sizes[0]:,} cases"}
            yield {"figure": f"{said}, p95", "value": one["p95"], "unit": "ms", "ratio": one["p95"] / one["p50"], "to": "its p50"}
            whole, scans = f"{one['page']}, {cases:,} cases, tables read whole", one["scans"]
            yield {"figure": whole, "value": len(scans), "unit": "tables", "ratio": None, "to": ", ".join(scans) or "no agency's table"}


def seeded(floor: Floor, cases: int, alerts_a_case: int) -> str:
    """The database of a floor of that size: made once, and again where the code's migrations are others now."""
    from supervise import digest_of_migrations

    name, form = f"scale_{cases}_{alerts_a_case}", digest_of_migrations()
    made = floor.state.setdefault("seeded", {})
    if made.get(name) != form:
        floor.fresh(name)
        size = [f"--agencies={min(AGENCIES, cases)}", f"--cases={cases}", f"--alerts={cases * alerts_a_case}"]
        print(floor.manage("seed_scale", *size, f"--sightings={cases * SIGHTINGS_A_CASE}", database=name), flush=True)
        floor.admin("CHECKPOINT")
        made[name] = form
        floor.servers.save()
    return name
