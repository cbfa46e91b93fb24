"""What production refuses to start with, each fault named."""

from collections.abc import Iterable
from dataclasses import dataclass

import psycopg

# Never needed by a process that serves people or does work: with one of these it could step over the wall.
POWERFUL = ("DATABASE_OWNER_URL", "DATABASE_ADMIN_URL", "DATABASE_BACKUP_URL")
SERVING = ("web", "sockets", "worker", "beat")


@dataclass(frozen=True)
class Start:
    """How a process is about to start."""

    process: str
    missing: tuple[str, ...]
    set_powerful: tuple[str, ...]
    short_secret: bool
    settable_clock: bool
    deployment: str
    database_url: str


def faults(start: Start) -> list[str]:
    """Everything that is wrong with a production start, in words an operator can act on; empty when all is well."""
    found = [f"{name} is not set" for name in start.missing]
    if start.short_secret:
        found.append("SECRET_KEY is shorter than 40 characters")
    if start.settable_clock:
        found.append("SETTABLE_CLOCK is on: time must come from the server")
    if start.process in SERVING:
        found += [f"{name} is set: the {start.process} process must not hold that login" for name in start.set_powerful]
        if start.database_url:
            found += privileges(start.database_url, deployment=start.deployment)
    return found


def privileges(database_url: str, *, deployment: str) -> Iterable[str]:
    """What makes the application's database user more than the wall allows. Nothing when the server does not answer:
    that is readiness, not fitness, and the pool asks again."""
    question = """
        SELECT rolsuper, rolbypassrls, rolcreaterole OR rolcreatedb,
               EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                       WHERE c.relowner = r.oid AND n.nspname = 'public'),
               pg_has_role(session_user, 'pg_read_all_data', 'MEMBER'),
               %s = 'agencies' AND EXISTS (SELECT 1 FROM pg_roles c WHERE c.rolname = 'soc_central' AND pg_has_role(r.oid, c.oid, 'MEMBER'))
        FROM pg_roles r WHERE rolname = session_user
    """
    words = (
        "is a superuser",
        "may bypass row-level security",
        "may create roles or databases",
        "owns tables",
        "may read all data",
        "may become central, which the agencies' deployment must not",
    )
    try:
        with psycopg.connect(database_url, connect_timeout=5) as connection:
            answers = connection.execute(question, [deployment]).fetchone() or ()
    except psycopg.OperationalError:
        return []
    return [f"the database user of DATABASE_URL {word}" for word, true in zip(words, answers, strict=False) if true]
