"""Telling an outage of the database from a failure of our own, which alone counts against a piece of work."""

import psycopg

# Connection lost, resources used up (a full disk among them), operator's intervention; a session that stood still in a transaction.
OUTAGES = ("08", "53", "57P", "25P03")


def is_outage(error: BaseException) -> bool:
    """Whether PostgreSQL was not there to answer: the work is as it was, and is tried again without being counted as failed."""
    found: BaseException | None = error
    while found is not None and not isinstance(found, psycopg.Error):
        found = found.__cause__
    if not isinstance(found, psycopg.OperationalError | psycopg.InterfaceError):
        return False
    # The driver's own errors, such as a connection that closed, have no code.
    return found.sqlstate is None or found.sqlstate.startswith(OUTAGES)
