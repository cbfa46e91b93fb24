"""What every page's frame shows: who reads, where they may go, whether the data are simulated."""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.urls import NoReverseMatch, reverse

from tenants.actors import Actor
from tenants.gates.navigation import items_for
from tenants.isolation.scope import current
from tenants.queries.people import agencies_of_liaison


@dataclass(frozen=True)
class NavLink:
    """One link of the top bar."""

    label: str
    url: str
    current: bool
    count: int | None


@dataclass(frozen=True)
class PageFrame:
    """The frame around a page."""

    person: Any = None
    role: str = ""
    agency: Any = None
    nav: tuple[NavLink, ...] = ()
    simulated: bool = False
    theme: str = "system"
    single_keys: bool = True
    time_zone: str = "UTC"
    agencies: tuple[Any, ...] = field(default=())  # for those who may switch between two
    once: str = field(default_factory=lambda: str(uuid4()))  # the key of the forms on this showing of the page


def agencies_of(request: Any) -> tuple[Any, ...]:
    """The agencies for which the request's liaison may act, the one in scope among them; read once a request, when a page is shown.

    None where the page is not for their role: its refusal is the same for everyone.
    """
    actor: Actor = request.actor
    if actor.agency_id is None or not hasattr(request, "admitted"):
        return ()
    if not hasattr(request, "own_agencies"):
        request.own_agencies = tuple(agencies_of_liaison(actor))
    own: tuple[Any, ...] = request.own_agencies
    return own


def frame(request: Any) -> PageFrame:
    """The frame for this request; no query for a page without an actor."""
    actor: Actor | None = getattr(request, "actor", None)
    simulated = settings.SIMULATED
    if actor is None or actor.person_id is None:
        return PageFrame(simulated=simulated)
    person = request.user
    inside = current.get() is not None  # an error page may be drawn when the scope has ended
    agencies = agencies_of(request) if inside else ()
    links = []
    for item in items_for(actor):
        try:
            url = reverse(item.url_name)
        except NoReverseMatch:
            continue
        links.append(NavLink(item.label, url, request.path.startswith(url), item.count(actor) if item.count and inside else None))
    return PageFrame(
        person=person,
        role=actor.role,
        agency=next((one for one in agencies if one.pk == actor.agency_id), None),
        nav=tuple(links),
        simulated=simulated,
        theme=person.theme,
        single_keys=person.single_keys,
        time_zone=person.time_zone if actor.speaks_for_an_agency else "UTC",
        agencies=agencies,
    )


def page(request: Any) -> dict[str, Any]:
    """Context processor: `page` in every template."""
    return {"page": frame(request)}
