"""Gives each request an id, counts it, and writes one line about it."""

import logging
import time
from collections.abc import Callable
from typing import Any

from soc.health.logs import request_id, request_id_from
from soc.health.measures import count_request

log = logging.getLogger("watchfloor.requests")

# Asked every few seconds by machines: a line each would bury the rest.
QUIET = ("/healthz", "/readyz", "/metrics", "/static/")


class RequestIdMiddleware:
    """First of all, so that everything after it speaks of the same request."""

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        identity = request_id_from(request.headers.get("X-Request-ID", ""))
        token = request_id.set(identity)
        request.request_id = identity
        started = time.perf_counter()
        try:
            response = self.get_response(request)
            response["X-Request-ID"] = identity
            self.note(request, response.status_code, time.perf_counter() - started)
        finally:
            request_id.reset(token)
        return response

    def note(self, request: Any, status: int, seconds: float) -> None:
        """Count and log. The path alone: a query string may hold what a log must not."""
        match = request.resolver_match
        count_request(request.method, match.route if match else "unknown", status, seconds)
        if request.path.startswith(QUIET):
            return
        actor = getattr(request, "actor", None)
        log.info(
            "%s %s %s",
            request.method,
            request.path,
            status,
            extra={"status": status, "milliseconds": round(seconds * 1000, 1), "actor": getattr(actor, "name", "")},
        )
