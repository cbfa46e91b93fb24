"""A floor of any size, written as sets in minutes: to measure pages and searches where a demo floor is too small."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from soc.cases.states import Severity
from soc.clocks.operations.loading import load_facts
from soc.clocks.queries.rules import rules_for
from soc.demo.operations import multitude
from soc.scorecards.operations.counting import count_scorecards
from soc.scorecards.operations.standing import rank_standings
from tenants.actors import Actor, system
from tenants.errors import Conflict, require
from tenants.isolation import scope
from tenants.models import Agency
from tenants.operations.agencies import move_agency, register_agency
from tenants.operations.keys import create_sensor_key
from tenants.operations.people import add_person, grant

CHUNK = 250_000
SOURCES = ["endpoint", "network", "identity", "mail", "cloud"]
ANALYSTS = 8
LIAISONS = 3  # of the largest agencies, so that their home can be looked at
STEEP = 1.1  # the share of an agency falls with this power of its rank
RULES = [
    f"{what} {where}"
    for what in ("Credential dumping", "Suspicious service", "Rare parent process", "Ticket request", "Beaconing", "Macro execution")
    for where in ("from memory", "by script", "over SMB", "after mail", "at night", "to a new domain")
]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Size:
    """How large the floor is to be."""

    agencies: int = 150
    cases: int = 200_000
    alerts: int = 5_000_000
    sightings: int = 2_000_000


def seed_scale(*, size: Size, seed: int, by: Actor, say: Say) -> dict[str, int]:
    """Write the floor; how many rows each table then holds.

    Most cases lie with few agencies and are closed; what is open is recent. Clocks, journal, scorecards and balances agree
    with the cases. Needs the owner's login, and opens its own scopes. Raises Conflict in production and where cases stand.
    """
    require(not settings.PRODUCTION, Conflict("A floor of simulated rows is never made in production."))
    require(size.agencies >= 1 and size.agencies <= size.cases <= size.alerts, Conflict("Ask for agencies ≤ cases ≤ alerts."))
    with scope.floor(None, actor=by.name):
        require(not Agency.objects.exclude(state="prospective").exists(), Conflict("This database is not empty: agencies stand in it."))
        load_facts(by=by)
        asked = {**_people(size, by), **_terms()}
    say(f"{size.agencies} agencies and their people")
    asked |= {"now": by.now(), "span": timedelta(days=365), "rules": RULES, "sources": SOURCES, "cases": size.cases, "alerts": size.alerts}
    with connection.as_owner():  # type: ignore[attr-defined]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL work_mem = '256MB'; SET LOCAL maintenance_work_mem = '512MB'; SET LOCAL synchronous_commit = off")
            cursor.execute("SELECT setseed(%s)", [(seed % 1000) / 1000])
            _write(cursor, asked, size, say)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    _score(asked["agencies"], by, say)
    with connection.as_owner(), connection.cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute("ANALYZE")
        counts = {}
        for table in (*multitude.TABLES, "tenants_entry", "scorecards_standing"):
            cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 (names of ours)
            counts[table] = cursor.fetchone()[0]
    return counts


def _people(size: Size, by: Actor) -> dict[str, Any]:
    """Agencies with a key each, analysts, a lead and liaisons; the drawing's shares, the largest agency first."""
    ids, slugs = [], []
    for at in range(size.agencies):
        slug = f"scale-{at:03d}"
        register_agency(slug=slug, name=f"Simulated Agency {at:03d}", acronym=f"S{at:03d}", by=by, invented=True)
        move_agency(slug=slug, state="onboarding", version=1, by=by)
        agency = move_agency(slug=slug, state="live", version=2, by=by)
        create_sensor_key(agency=slug, name=SOURCES[0], by=by)
        ids.append(agency.pk)
        slugs.append(slug)
    people = []
    for at in range(ANALYSTS):
        person = add_person(email=f"analyst-{at}@scale.example", name=f"Analyst {at}", by=by)
        grant(person=person.public_id, role="analyst", agency=None, by=by)
        people.append(person.pk)
    lead = add_person(email="lead@scale.example", name="Lead", by=by)
    grant(person=lead.public_id, role="watch_lead", agency=None, by=by)
    for at in range(min(LIAISONS, size.agencies)):
        liaison = add_person(email=f"liaison-{at}@scale.example", name=f"Liaison {at}", by=by)
        grant(person=liaison.public_id, role="liaison", agency=slugs[at], by=by)
    shares = [1 / (at + 1) ** STEEP for at in range(size.agencies)]
    cuts = [sum(shares[: at + 1]) / sum(shares) for at in range(size.agencies - 1)]
    return {"agencies": ids, "slugs": slugs, "people": people, "cuts": cuts}


def _terms() -> dict[str, Any]:
    """For each severity, mildest first: the rules of both response clocks and their limits in seconds."""
    found: dict[str, Any] = {"levels": [level.value for level in Severity], "ack": [], "con": [], "ack_rules": [], "con_rules": []}
    for level in Severity:
        rules = rules_for(("acknowledge", "contain"), level.value)
        for short, kind in (("ack", "acknowledge"), ("con", "contain")):
            found[short].append((rules[kind].duration or timedelta()).total_seconds())
            found[f"{short}_rules"].append(rules[kind].pk)
    return found


def _write(cursor: Any, asked: dict[str, Any], size: Size, say: Say) -> None:
    again = _without_checks(cursor)
    cursor.execute(multitude.CASES, asked)
    cursor.execute(multitude.ALERTS, asked)
    cursor.execute(multitude.STORE_CASES, asked)
    say(f"{size.cases:,} cases")
    for first in range(1, size.alerts + 1, CHUNK):
        last = min(first + CHUNK - 1, size.alerts)
        cursor.execute(multitude.STORE_ALERTS, {**asked, "first": first, "last": last})
        say(f"{last:,} alerts")
    for first in range(1, size.sightings + 1, CHUNK):
        cursor.execute(multitude.STORE_SIGHTINGS, {**asked, "first": first, "last": min(first + CHUNK - 1, size.sightings)})
    say(f"{size.sightings:,} sightings")
    cursor.execute(multitude.STORE_CLOCKS, asked)
    cursor.execute("SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END FROM tenants_entry_id_seq")
    cursor.execute(multitude.STORE_JOURNAL, {**asked, "base": cursor.fetchone()[0]})
    say("clocks, journal and timelines")
    for table in multitude.NUMBERED:
        cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")  # noqa: S608 (names of ours)
    for statement in again:
        cursor.execute(statement)
    say("indexes and foreign keys")


def _without_checks(cursor: Any) -> list[str]:
    """Put foreign keys, plain indexes and the audit of rows aside; the statements that bring them back."""
    tables = list(multitude.TABLES)
    again = []
    for question in (multitude.FOREIGN_KEYS, multitude.INDEXES):
        cursor.execute(question, {"tables": tables})
        for aside, back in cursor.fetchall():
            cursor.execute(aside)
            again.append(back)
    cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'audit_row' AND tgrelid = ANY(%s::regclass[])", [tables])
    for (table,) in cursor.fetchall():
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER audit_row")
        again.append(f"ALTER TABLE {table} ENABLE TRIGGER audit_row")
    return again


def _score(agencies: list[int], by: Actor, say: Say) -> None:
    """Scorecards and standings as they are always counted."""
    for agency_id in agencies:
        with scope.agency(agency_id, actor=by.name):
            while count_scorecards(agency_id=agency_id, by=system("scorecards", agency_id=agency_id)):
                pass
    with scope.floor(None, actor=by.name):
        rank_standings(by=system("standings"))
    say("scorecards and standings")
