"""One transaction in one round trip: BEGIN, the scope, the statements and COMMIT leave together."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, transaction
from psycopg import Cursor

from tenants.isolation.backend.base import opening
from tenants.isolation.scope import Scope, current

# An SQL text in psycopg's own form (%s, %b, %(name)s) and its values.
Statement = tuple[str, Sequence[Any] | Mapping[str, Any]]
Rows = list[tuple[Any, ...]]

# In a test's own transaction the role of the scope before is still in force; a transaction of one's own begins without any.
NOBODY = "SELECT set_config('role', 'none', true), set_config('app.agency', '', true)"


def once(wanted: Scope, *statements: Statement, implied: bool = False) -> Rows:
    """Run `statements` in a transaction of their own in the scope `wanted`; the rows of the last, after the commit.

    It waits for PostgreSQL once, where a scope with one statement waits four times. If one part fails nothing is done and the
    connection is closed. Raises RuntimeError inside a scope or a transaction, and the database errors of Django.

    `implied` leaves out BEGIN and COMMIT, for paths where each message counts: what travels together is one transaction to
    PostgreSQL by itself. A constraint that is checked at the commit then fails as an OperationalError.
    """
    return opened_by(opening(wanted), *statements, within=wanted, implied=implied)


def opened_by(first: Statement, *statements: Statement, within: Scope | None = None, implied: bool = False) -> Rows:
    """The same where a statement of the caller's own sets role and agency, as the look-up of a sensor key does."""
    if current.get() is not None:
        raise RuntimeError("a scope is open already: every way in opens exactly one")
    token = current.set(within)
    try:
        # Only a test's own transaction may be open already: a durable block refuses any other.
        return _inside(first, statements) if connection.in_atomic_block else _alone(first, statements, implied)
    finally:
        current.reset(token)
        if connection.settings_dict["OPTIONS"].get("pool") and not connection.in_atomic_block:
            connection.close()


def _alone(first: Statement, statements: Sequence[Statement], implied: bool) -> Rows:
    connection.ensure_connection()
    raw = connection.connection
    try:
        with connection.wrap_database_errors, raw.pipeline():
            if not implied:
                Cursor(raw).execute("BEGIN")
            Cursor(raw).execute(*first)
            last = [_sent(statement) for statement in statements][-1]
            if not implied:
                Cursor(raw).execute("COMMIT")
        return _rows(last)
    except BaseException:
        raw.close()
        connection.close()
        raise


def _inside(first: Statement, statements: Sequence[Statement]) -> Rows:
    with transaction.atomic(durable=True), connection.wrap_database_errors:
        Cursor(connection.connection).execute(NOBODY)
        Cursor(connection.connection).execute(*first)
        rows = _rows([_sent(statement) for statement in statements][-1])
    connection.applied = None  # type: ignore[attr-defined]  # the role outlives the savepoint: whoever comes next sets their own
    return rows


def _sent(statement: Statement) -> Cursor[Any]:
    began = time.monotonic()
    answer = Cursor(connection.connection).execute(*statement)
    if connection.queries_logged:  # budgets count these too, though no wrapper of Django's sees them
        connection.queries_log.append({"sql": statement[0], "time": f"{time.monotonic() - began:.3f}"})
    return answer


def _rows(cursor: Cursor[Any]) -> Rows:
    return cursor.fetchall() if cursor.description else []
