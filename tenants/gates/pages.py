"""The gate of pages: sign-in or a redirect to it, one scope, 404 for strangers, errors as pages."""

from datetime import UTC, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django.views.generic import View

from tenants.actors import Actor
from tenants.errors import DomainError, Unknown, require
from tenants.gates.identifying import session_actor
from tenants.gates.once import begin_form, keep_form
from tenants.gates.opening import note_refusal, opened
from tenants.gates.versions import version_of
from tenants.queries.people import has_second_factor


class Page(View):
    """A page behind the wall. Subclasses say who may know of it (`roles`), and translate in `get` or `act`.

    `get` answers with `self.page(template, **context)`. A form posts to the same view: `act(data)` makes the one call
    and returns the URL to go to; a refusal of it shows the page again with `error`, everything typed kept.
    """

    roles: frozenset[str] = frozenset()
    actor: Actor
    error: DomainError | None = None
    done = ""  # what to say after a successful act

    def open_to(self, actor: Actor) -> bool:
        """Whether this actor may know of the page; others get the 404 of any unknown page."""
        return actor.role in self.roles

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        actor = session_actor(request)
        if actor is None:
            return redirect_to_login(request.get_full_path())
        if settings.STAFF_SECOND_FACTOR and actor.role != "liaison" and not has_second_factor(actor.person_id):
            return HttpResponseRedirect("/accounts/2fa/")
        self.actor = request.actor = actor
        response = self._opened(request, lambda: super(Page, self).dispatch(request, *args, **kwargs))
        add_never_cache_headers(response)
        patch_vary_headers(response, ("Cookie", "HX-Request"))
        return response

    def _opened(self, request: Any, call: Any) -> Any:
        actor = self.actor
        try:
            with opened(actor, reason=f"{request.method} {request.path}"):
                require(self.open_to(actor), Unknown())
                request.admitted = True
                response = call()
                if hasattr(response, "render"):
                    response.render()
                return response
        except DomainError as error:
            note_refusal(actor, error, request.method, request.path)
            return self._refused(request, error)

    def _refused(self, request: Any, error: DomainError) -> Any:
        """After the rollback: the same page with the error for 409, 422 and 428, else the error's own page."""
        if request.method == "POST" and error.status in (409, 422, 428) and hasattr(self, "get") and self.error is None:
            self.error = error
            request.method = "GET"  # the page is shown, not posted again
            response = self._opened(request, lambda: self.get(request, *self.args, **self.kwargs))
            request.method = "POST"
            response.status_code = error.status
            return response
        # A scope again: the frame of the page counts what waits for this person.
        with opened(self.actor, reason="an error page"):
            status = error.status if error.status in (403, 404) else 409
            return render(request, f"errors/{status}.html", {"error": error, "error_page": True}, status=error.status)

    def post(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Translate the form, make the one call, say what was done, go on. A form sent again leads where it led first."""
        known = begin_form(request, self.actor)
        target = self.act(request.POST) if known is None else str(known.body)
        keep_form(request, target, self.actor)
        if self.done:
            messages.success(request, self.done)
        if request.headers.get("HX-Request"):
            response = HttpResponse(status=204)
            response["HX-Redirect"] = target
            return response
        return HttpResponseRedirect(target)

    def act(self, data: Any) -> str:
        """The one call of a form; returns the URL to go to."""
        raise Unknown()

    def version(self) -> int | None:
        """The version in the form's field `version` or in If-Match."""
        return version_of(self.request)

    def page(self, template: str, **context: Any) -> HttpResponse:
        """Render a page; its times are said in the reader's zone."""
        with timezone.override(self.time_zone()):
            return render(self.request, template, {"actor": self.actor, "error": self.error, "typed": self.request.POST, **context})

    def time_zone(self) -> tzinfo:
        """UTC on the floor, where all read the same clock; a liaison's own zone."""
        if not self.actor.speaks_for_an_agency:
            return UTC
        try:
            return ZoneInfo(self.request.user.time_zone)  # type: ignore[union-attr]  # an actor is signed in
        except (ZoneInfoNotFoundError, ValueError):
            return UTC
