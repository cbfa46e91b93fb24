"""The cluster's roles and the database, made once with an administrator's login; free of Django so that a set-up can call it."""

import logging
from collections.abc import Iterable, Mapping

import psycopg
from psycopg import sql

log = logging.getLogger(__name__)

# One number for every process that might do this at the same time; any constant serves.
LOCK = 7_465_112

# Roles that nobody logs in with. tenant, central and lobby are what a transaction becomes;
# audit and search own the few functions that must reach further than their caller.
WITHOUT_LOGIN = ("soc_tenant", "soc_central", "soc_lobby", "soc_audit", "soc_search")

LOGINS = {
    "soc_owner": "CREATEDB",
    "app_floor": "NOINHERIT",
    "app_agency": "NOINHERIT",
    "soc_backup": "BYPASSRLS",
}

# Which roles a login may become, for one transaction at a time. Nothing is inherited:
# a statement outside a scope has no right on any table.
MAY_BECOME = {
    "app_floor": ("soc_tenant", "soc_central", "soc_lobby"),
    "app_agency": ("soc_tenant", "soc_lobby"),
    "soc_owner": ("soc_audit", "soc_search", "soc_central", "soc_lobby", "soc_backup"),
}


def create_roles(*, admin: str, database: str, passwords: Mapping[str, str], for_tests: bool = False) -> list[str]:
    """Create what is missing and set the passwords given; returns a line for each thing done.

    `admin` is the address of a maintenance database, with a login that may create roles. `passwords` is keyed by
    login; a login without one cannot sign in. `for_tests` lets the owner end other sessions, as dropping a test
    database needs. Raises psycopg.Error when the server refuses.
    """
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        # A server that logs statements must not keep passwords; only a superuser may say so.
        superuser = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
        if superuser and superuser[0]:
            connection.execute("SET log_statement = 'none'")
            connection.execute("SET log_min_duration_statement = -1")
        done = list(_roles(connection, passwords, for_tests=for_tests))
        done += _database(connection, database)
        connection.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    return done


def _roles(connection: psycopg.Connection, passwords: Mapping[str, str], *, for_tests: bool) -> Iterable[str]:
    there = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
    for name in WITHOUT_LOGIN:
        if name not in there:
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(name)))
            yield f"role {name} created"
    for name, options in LOGINS.items():
        if name not in there:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN {}").format(sql.Identifier(name), sql.SQL(options)))
            yield f"login {name} created"
        if name in passwords:
            change = sql.SQL("ALTER ROLE {} PASSWORD {}")
            connection.execute(change.format(sql.Identifier(name), sql.Literal(passwords[name])))
    for login, roles in MAY_BECOME.items():
        grant = sql.SQL("GRANT {} TO {} WITH INHERIT FALSE, SET TRUE")
        names = sql.SQL(", ").join(sql.Identifier(role) for role in roles)
        connection.execute(grant.format(names, sql.Identifier(login)))
    connection.execute("GRANT pg_read_all_data TO soc_backup")
    if for_tests:
        connection.execute("GRANT pg_signal_backend TO soc_owner")


def _database(connection: psycopg.Connection, name: str) -> Iterable[str]:
    if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
        return
    connection.execute(sql.SQL("CREATE DATABASE {} OWNER soc_owner").format(sql.Identifier(name)))
    yield f"database {name} created"
