"""Random scopes over a pool of four, by threads and async tasks, with throws, rollbacks, cancellations and killed connections.

`SCOPES=100000 SEED=7 pytest -s tests/walls/test_random_scopes.py` is the long form.
"""

import logging
import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection

from tenants.actors import system
from tenants.isolation import scope
from tenants.models import CallTreeContact
from tenants.operations.agencies import register_agency
from tests.walls.storm import KINDS, POOL, Storm, drive, planned, pooled_states, small_pool, stored

pytestmark = pytest.mark.django_db(transaction=True)

SCOPES = int(os.environ.get("SCOPES", "10000"))
SEED = int(os.environ.get("SEED", "1124"))
# What must stay 0, and what it would mean.
NEVER = {
    "without": "rows without a scope",
    "crossings": "rows, roles or writes of another scope",
    "left": "a scope or a connection left behind",
    "lost without a kill": "connections lost that nobody killed",
    "unforeseen": "errors that nobody foresaw",
}
HAPPENED = ("looks", "refused", "rolled back", "thrown", "cancelled", "killed", "connections lost")


@pytest.fixture
def storm(cast: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Storm]:
    """Five agencies with a row each, and somebody who can end connections."""
    monkeypatch.setattr(logging.getLogger("psycopg.pool"), "disabled", True)  # a line for each connection that is killed
    agencies = [cast.north.pk, cast.south.pk]
    with scope.floor(None):
        for slug in ("east", "west", "middle"):
            agencies.append(register_agency(slug=slug, name=slug.title(), acronym=slug.upper(), by=system("test"), invented=True).pk)
        CallTreeContact.objects.bulk_create(CallTreeContact(agency_id=one, name="Somebody", phone="1") for one in agencies)
    own, owner = connection.settings_dict, connection.settings_dict["OWNER"]
    address = {"host": own["HOST"], "port": own["PORT"], "dbname": own["NAME"], "user": owner["USER"], "password": owner["PASSWORD"]}
    with small_pool(), psycopg.connect(**address, autocommit=True) as killer:
        yield Storm(agencies, killer)


def test_no_scope_meets_another_and_none_is_left_behind(storm: Storm) -> None:
    plans = [planned(SEED, n, storm.agencies) for n in range(SCOPES)]
    drive(storm, plans)
    states = pooled_states()
    found = stored()
    print("\n" + table(storm))
    assert not storm.faults, "\n".join(storm.faults[:20])
    assert [one for one in states if one != (connection.settings_dict["USER"], "", "")] == []
    assert {name: agency for name, agency in found.items() if not name.startswith(f"{agency}:")} == {}
    assert storm.committed <= set(found), "a committed row is missing"
    assert set(found) <= storm.committed | storm.unsure, "a row that was rolled back is there"
    # A storm without throws, kills and cancellations would prove little.
    assert sum(storm.seen[kind] for kind in KINDS) >= SCOPES - storm.seen["cancelled"]
    assert SCOPES < 1000 or all(storm.seen[what] for what in (*HAPPENED, *KINDS))


def table(storm: Storm) -> str:
    """What was done and what was seen."""
    opened = "  ".join(f"{kind} {storm.seen[kind]}" for kind in KINDS)
    done = "  ".join(f"{what} {storm.seen[what]}" for what in HAPPENED)
    never = "\n".join(f"  {storm.seen[what]:6} {meaning}" for what, meaning in NEVER.items())
    return f"{SCOPES} scopes, seed {SEED}, pool of {POOL}\n  opened: {opened}\n  {done}  committed rows {len(storm.committed)}\n{never}"
