"""Opening the one scope that an actor works in, and writing refusals down after the rollback."""

import logging
from contextlib import AbstractContextManager
from typing import Any

from django.db import connection

from tenants.actors import Actor
from tenants.errors import DomainError
from tenants.isolation import scope

logger = logging.getLogger(__name__)


def opened(actor: Actor, *, reason: str = "") -> AbstractContextManager[Any]:
    """The actor's own scope: one agency, the floor's assigned agencies, or (auditor) every agency with a reason."""
    if actor.agency_id is not None:
        return scope.agency(actor.agency_id, actor=actor.name)
    if actor.audits:
        return scope.every_agency(reason=reason.replace("\x00", "") or "an auditor reads", actor=actor.name)
    return scope.floor(actor.agencies, actor=actor.name)


def note(what: str, text: str, *, actor: str = "", agency_id: int | None = None) -> None:
    """Write one line into the audit table, in a transaction of its own. Never raises: the refusal itself must reach the caller."""
    try:
        with scope.lobby(actor), connection.cursor() as cursor:
            cursor.execute("SELECT audit_note(%s, %s, %s)", [what, agency_id, text.replace("\x00", "")[:1000]])
    except Exception:
        logger.exception("an audit note was not written", extra={"what": what})


def note_refusal(actor: Actor, error: DomainError, method: str, path: str) -> None:
    """A known caller was refused (403, 404 or 409): the audit says who, what and where; then what the operation has to say of it."""
    if error.status in (403, 404, 409):
        note("refusal", f"{method} {path} {error.status} {error.code}", actor=actor.name, agency_id=actor.agency_id)
    if error.afterwards is None:
        return
    try:
        with opened(actor, reason=f"a refusal of {method} {path} is written down"):
            error.afterwards()
    except Exception:
        logger.exception("a refusal was not written down", extra={"path": path})
