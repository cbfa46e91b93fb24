"""One's own account: theme, keys, time zone, tokens, the agency one works for now."""

from typing import Any

from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from tenants.errors import DomainError
from tenants.gates.identifying import session_actor
from tenants.gates.pages import Page
from tenants.operations.preferences import choose_agency, set_preferences
from tenants.queries.directory import tokens_of
from tenants.states import Role

# The zones of the agencies and UTC first; a field takes any other by its name.
ZONES = (
    "UTC", "America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles", "America/Anchorage",
    "Pacific/Honolulu", "Pacific/Guam", "America/Puerto_Rico",
)  # fmt: skip


class AccountPage(Page):
    """`/account/`: what a person chooses for themselves."""

    roles = frozenset(Role.values)

    def get(self, request: Any) -> Any:
        tokens = tokens_of(self.actor.person_id or 0) if not self.actor.agency_id else ()
        return self.page("tenants/account.html", tokens=tokens, zones=ZONES)


class _OwnChange(Page):
    """A change of one's own identity row, which is written in the lobby and therefore outside the agency's scope."""

    roles = frozenset(Role.values)
    http_method_names = ["post"]

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        actor = session_actor(request)
        if actor is None or request.method != "POST":
            return super().dispatch(request, *args, **kwargs)
        self.actor = actor
        return self._plainly(request)

    def _plainly(self, request: Any) -> Any:
        try:
            self.change(request.POST)
        except DomainError as error:
            request.actor = self.actor
            return self._refused(request, error)
        onward = request.POST.get("next", "")
        safe = url_has_allowed_host_and_scheme(onward, allowed_hosts={request.get_host()})
        return HttpResponseRedirect(onward if safe else reverse("account"))

    def change(self, data: Any) -> None:
        raise NotImplementedError


class Preferences(_OwnChange):
    """POST: theme, single keys, time zone."""

    def change(self, data: Any) -> None:
        set_preferences(
            by=self.actor,
            theme=data.get("theme") or None,
            single_keys=data["single_keys"] == "on" if "single_keys" in data else None,
            time_zone=data.get("time_zone") or None,
        )


class ChooseAgency(_OwnChange):
    """POST: work for another of one's own agencies."""

    def change(self, data: Any) -> None:
        choose_agency(slug=data.get("agency", ""), by=self.actor)
