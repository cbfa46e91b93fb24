"""The short way into the intake: a post that is in order passes none of the middleware that pages need."""

from collections.abc import Callable
from typing import Any

from django.urls import resolve, reverse

from soc.cases.api.alerts import taken_at_once


class IntakeLane:
    """Second in line, after what every answer passes. What it does not take goes the whole way, as if it had not been here."""

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self.get_response = get_response
        self.match: Any = None
        self.address = ""

    def __call__(self, request: Any) -> Any:
        if request.method == "POST" and request.path_info == self._address():
            request.get_host()  # raises for a host that is not ours
            taken = taken_at_once(request)
            if taken is not None:
                request.resolver_match = self.match
                taken["Content-Length"] = str(len(taken.content))
                return taken
        return self.get_response(request)

    def _address(self) -> str:
        if self.match is None:
            self.address = reverse("alerts-api")
            self.match = resolve(self.address)
        return self.address
