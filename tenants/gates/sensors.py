"""Sensors that this process has met with a live key: their next transaction is opened by the key itself, in one round trip."""

import hashlib
from dataclasses import dataclass

from tenants.actors import Actor
from tenants.isolation.once import Statement

# Whoever opens so touches a few rows by their keys: a plan that was made while a table was empty would read all of it.
OPEN_BY_KEY = """
SELECT set_config('app.agency', agency_id::text, true), set_config('app.actor', 'key:' || key_id, true),
       set_config('enable_seqscan', 'off', true), set_config('role', 'soc_tenant', true)
FROM agency_of_key(%s, %b)
"""
MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class SensorSeen:
    """A sensor, and the statement that opens its agency's transaction while its key is alive; with a dead key it opens nothing."""

    actor: Actor
    opening: Statement


# It grants nothing: it says which way to try first, and PostgreSQL looks the key up in every transaction.
_seen: dict[bytes, SensorSeen] = {}


def sensor_seen(header: str) -> SensorSeen | None:
    """The sensor that came with this `Authorization` header before."""
    return _seen.get(_mark(header))


def remember_sensor(header: str, actor: Actor | None) -> None:
    """Note who was found behind the header: a sensor is met again sooner, anyone else is forgotten."""
    if actor is None or actor.kind != "sensor":
        _seen.pop(_mark(header), None)
    elif len(_seen) < MOST_REMEMBERED:
        secret = header.partition(" ")[2].strip()
        digest = hashlib.sha256(secret.encode()).digest()
        _seen[_mark(header)] = SensorSeen(actor, (OPEN_BY_KEY, (secret.split("_")[1][:16], digest)))


def _mark(header: str) -> bytes:
    return hashlib.sha256(header.encode("utf-8", "surrogateescape")).digest()
