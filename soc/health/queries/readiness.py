"""What this process depends on, and whether it answers."""

from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from kombu import Connection
from kombu.exceptions import OperationalError

from tenants.isolation import scope

GOOD = "ok"


@dataclass(frozen=True)
class Readiness:
    """The state of each dependency in a word; no addresses, no versions."""

    database: str
    migrations: str
    broker: str
    sockets: str

    @property
    def status(self) -> str:
        """`unavailable` without database or schema, `degraded` without bell or sockets, else `ok`."""
        if self.database != GOOD or self.migrations != GOOD:
            return "unavailable"
        return GOOD if self.broker == self.sockets == GOOD else "degraded"

    def document(self) -> dict[str, Any]:
        """As the probe answers it."""
        return {"status": self.status, **asdict(self)}


def readiness() -> Readiness:
    """Asks each dependency, a second or two at most for each."""
    database, migrations = _database()
    sockets = _redis(settings.REDIS_URL)
    broker = sockets if settings.BROKER_URL == settings.REDIS_URL else _broker(settings.BROKER_URL)
    return Readiness(database=database, migrations=migrations, broker=broker, sockets=sockets)


def _database() -> tuple[str, str]:
    try:
        with scope.lobby("system:readiness"), connection.cursor() as cursor:
            cursor.execute("SELECT app, name FROM django_migrations")
            applied = set(cursor.fetchall())
    except DatabaseError as error:
        # The server answers but the schema is not there yet: 42P01 is a missing table, 42501 a missing right.
        code = getattr(error.__cause__, "sqlstate", None)
        return (GOOD, "missing") if code in ("42P01", "42501", "42704") else ("down", "unknown")
    return GOOD, GOOD if _wanted() <= applied else "missing"


_known: set[tuple[str, str]] = set()


def _wanted() -> set[tuple[str, str]]:
    """The migrations this code needs; read from disk once a process."""
    if not _known:
        loader = MigrationLoader(None, ignore_no_migrations=True)
        replaced = {key for migration in loader.disk_migrations.values() for key in migration.replaces}
        _known.update(set(loader.disk_migrations) - replaced)
    return _known


def _redis(address: str) -> str:
    try:
        with redis.Redis.from_url(address, socket_timeout=1, socket_connect_timeout=1) as client:
            client.ping()
    except (redis.RedisError, ValueError):
        return "down"
    return GOOD


def _broker(address: str) -> str:
    if urlsplit(address).scheme.startswith("redis"):
        return _redis(address)
    broker = Connection(address, connect_timeout=1)
    failures: tuple[type[BaseException], ...] = (OSError, OperationalError, *broker.connection_errors)
    try:
        with broker:
            broker.ensure_connection(max_retries=1, timeout=1)
    except failures:
        return "down"
    return GOOD
