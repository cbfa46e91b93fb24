"""A form that is sent twice has one effect: the page that shows it gives it a key of its own."""

import hashlib
from typing import Any
from uuid import UUID

import orjson

from tenants.actors import Actor
from tenants.errors import Conflict
from tenants.operations.remembering import Remembered, begin_answer, keep_answer

FIELD = "once"


def begin_form(request: Any, by: Actor) -> Remembered | None:
    """Take the form's key for this post, or return where the first one led. A form without a key is not remembered.

    Raises Conflict when the form was sent before with another content.
    """
    key = _key(request)
    if not key:
        return None
    sent = sorted((name, values) for name, values in request.POST.lists() if name != "csrfmiddlewaretoken")
    fingerprint = hashlib.sha256(orjson.dumps(sent)).digest()
    try:
        return begin_answer(key=key, route=f"{request.method} {request.path}"[:300], fingerprint=fingerprint, by=by)
    except Conflict as error:
        raise Conflict("This form was sent already, with another content.", cure="Load the page again to see what came of it.") from error


def keep_form(request: Any, target: str, by: Actor) -> None:
    """Remember where the first post of the form led."""
    key = _key(request)
    if key:
        keep_answer(key=key, status=302, body=target, by=by)


def _key(request: Any) -> str:
    try:
        given = UUID(request.POST.get(FIELD, ""))
    except ValueError:
        return ""
    # A page may hold several forms: each address is one of them.
    return f"form:{given}:{hashlib.sha256(request.path.encode()).hexdigest()[:16]}"
