"""Middleware of the gates: the session and the sign-in pages live in the lobby."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpResponseNotAllowed

from tenants.gates.failures import bad_request
from tenants.gates.identifying import actor_of
from tenants.isolation import scope

LOBBY_PATHS = ("/accounts/",)
# The sign-in pages' own views write before they look at the method.
METHODS = ("GET", "HEAD", "POST")


class ReadableMiddleware:
    """A length that is no number is refused before anybody reads the body by it; servers in front may let one through."""

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        length = request.META.get("CONTENT_LENGTH") or "0"
        return self.get_response(request) if length.isascii() and length.isdigit() and len(length) < 20 else bad_request(request)


class LobbySessionMiddleware(SessionMiddleware):
    """Django's sessions, saved in a lobby scope of their own."""

    def process_response(self, request: Any, response: Any) -> Any:
        # Only saving asks the database; probes and anonymous answers must not need it.
        if not request.session.modified:
            return super().process_response(request, response)
        with scope.lobby():
            return super().process_response(request, response)


class LobbyMiddleware:
    """Sign-in pages stay in the lobby because they write the session; every other page opens its own scope in its gate."""

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        if request.path.startswith(LOBBY_PATHS):
            if request.method not in METHODS:
                return HttpResponseNotAllowed(METHODS)
            with scope.lobby():
                if settings.DEPLOYMENT != "both" and request.user.is_authenticated and actor_of(request.user) is None:
                    request.session.flush()  # a session of the other deployment is none here
                    request.user = AnonymousUser()
                if request.user.is_authenticated:
                    scope.acting_as(f"person:{request.user.pk}")
                return self.get_response(request)
        return self.get_response(request)
