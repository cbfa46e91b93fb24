"""The scope in force: which role PostgreSQL works as, and for which agencies."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from django.db import connection, transaction

LOBBY = "soc_lobby"
TENANT = "soc_tenant"
CENTRAL = "soc_central"


class NoScope(RuntimeError):
    """A query ran without a scope: no scope, no rows."""


@dataclass(frozen=True)
class Scope:
    """One role for one transaction.

    `agency` is set with TENANT only. `agencies` narrows CENTRAL in the first wall; None is every agency.
    """

    role: str
    agency: int | None = None
    agencies: frozenset[int] | None = None
    actor: str = ""


current: ContextVar[Scope | None] = ContextVar("scope", default=None)


@contextmanager
def _open(wanted: Scope) -> Iterator[Scope]:
    if current.get() is not None:
        raise RuntimeError("a scope is open already: every way in opens exactly one")
    token = current.set(wanted)
    try:
        with transaction.atomic(durable=True):
            yield wanted
    finally:
        current.reset(token)
        if connection.settings_dict["OPTIONS"].get("pool") and not connection.in_atomic_block:
            connection.close()  # back to the pool: a thread that keeps it starves the others


def lobby(actor: str = "") -> AbstractContextManager[Scope]:
    """Identity tables only, before any agency is known."""
    return _open(Scope(LOBBY, actor=actor))


def agency(agency_id: int, *, actor: str = "") -> AbstractContextManager[Scope]:
    """One agency, for which each of the two walls is enough alone."""
    return _open(Scope(TENANT, agency=agency_id, actor=actor))


def floor(agencies: frozenset[int] | None, *, actor: str = "") -> AbstractContextManager[Scope]:
    """The watch floor: central in the database, narrowed to `agencies` by the manager (None: all assigned)."""
    return _open(Scope(CENTRAL, agencies=agencies, actor=actor))


@contextmanager
def every_agency(*, reason: str, actor: str = "system") -> Iterator[Scope]:
    """An escape over all agencies. It states its reason and stands in the audit table."""
    if not reason.strip():
        raise ValueError("every_agency needs a reason")
    with _open(Scope(CENTRAL, actor=actor)) as opened:
        with connection.cursor() as cursor:
            cursor.execute("SELECT audit_note('every_agency', NULL, %s)", [reason])
        yield opened


def acting_as(actor: str) -> None:
    """Name who acts in the scope in force: sign-in opens the lobby before it knows who comes. Raises NoScope."""
    known = current.get()
    if known is None:
        raise NoScope("nobody acts without a scope")
    current.set(replace(known, actor=actor))
    connection._apply()  # type: ignore[attr-defined]  # our backend's own
