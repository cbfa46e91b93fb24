"""The gate of sockets: who is on the other end, and the one scope that each look opens."""

from contextlib import AbstractContextManager
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from tenants.actors import Actor
from tenants.gates.identifying import BELL_HEADER, session_actor
from tenants.isolation import scope
from tenants.queries.people import has_second_factor


def socket_actor(headers: list[tuple[bytes, bytes]]) -> Actor | None:
    """The actor of the session whose cookie opened the socket, or None. To listen is no activity: an idle session ends.

    The same rules as a page: a session that is idle, too old or revoked is none, nor is staff without a second factor
    where that is asked.
    """
    key = _session_key(headers)
    if not key:
        return None
    request: Any = HttpRequest()
    request.META["HTTP_" + BELL_HEADER.upper().replace("-", "_")] = "1"
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    request.user = SimpleLazyObject(lambda: get_user(request))
    actor = session_actor(request)
    if actor is None or not settings.STAFF_SECOND_FACTOR or actor.speaks_for_an_agency:
        return actor
    return actor if has_second_factor(actor.person_id) else None


def listening(actor: Actor) -> AbstractContextManager[Any]:
    """The scope in which a socket compares counts it has joined: as in `opened`, but an auditor's look across agencies
    was written down when the topic was joined, and not again every few seconds."""
    if actor.agency_id is not None:
        return scope.agency(actor.agency_id, actor=actor.name)
    return scope.floor(actor.agencies, actor=actor.name)


def _session_key(headers: list[tuple[bytes, bytes]]) -> str:
    for name, value in headers:
        if name == b"cookie":
            try:
                morsel = SimpleCookie(value.decode("latin-1")).get(settings.SESSION_COOKIE_NAME)
            except CookieError:
                continue
            if morsel is not None and morsel.value.isalnum():
                return morsel.value
    return ""
