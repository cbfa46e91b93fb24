"""The queue, and the case that is current in it."""

from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.urls import reverse

from soc.cases.pages.offers import offers
from soc.cases.queries.case import case_of
from soc.cases.queries.filters import CaseFilters
from soc.cases.queries.first_run import first_run
from soc.cases.queries.queue import open_queue
from soc.cases.queries.runs import runs_beside
from soc.cases.states import CaseState, Severity
from tenants.actors import Actor
from tenants.gates.navigation import READERS
from tenants.gates.pages import Page

FILTERS = ("q", "severity", "agency", "state", "owner")
LATEST = 4
KNOWN = {"severity": set(Severity.values), "state": set(CaseState.values)}


class QueuePage(Page):
    """`/queue/`: what needs someone now, in groups of urgency; view, filters and place are in the address."""

    roles = READERS

    def get(self, request: Any) -> Any:
        asked = {name: request.GET.get(name, "").replace("\x00", "").strip()[:300] for name in FILTERS}
        # An address that was mistyped shows the list, not an error.
        asked = {name: value if value in KNOWN.get(name, {value}) else "" for name, value in asked.items()}
        at = self.actor.now()
        view = request.GET.get("view", "open")
        cursor = request.GET.get("cursor", "")
        queue = open_queue(view=view, reader=self.actor, at=at, wanted=CaseFilters(**asked), cursor=cursor)
        narrowed = any(asked.values())
        empty = first_run(self.actor) if not (queue.rows or narrowed or sum(queue.counts.values())) else None
        current = next((row for row in queue.rows if row.number == request.GET.get("case")), queue.rows[0] if queue.rows else None)
        bell = request.headers.get("X-Watchfloor-Bell") == "1"
        # The page of one case is drawn with the list, so that it is there before any script.
        beside = {} if bell or current is None else preview_of(current.number, self.actor, at)
        return self.page(
            "cases/queue.html",
            frame="cases/_part.html" if bell else "base.html",
            at=at,
            queue=queue,
            asked=asked,
            narrowed=narrowed,
            filters=_carried(request, drop=("cursor", "view", "case")),
            carried=_carried(request, drop=("cursor", "case")),
            here=request.get_full_path(),
            after=_back_to(request.get_full_path(), current.number) if current else "",
            paged=bool(cursor),
            severities=reversed(Severity.choices),
            states=CaseState.choices,
            empty=empty,
            current=current.number if current else "",
            topics=",".join(f"agency.{agency.value}.queue" for agency in queue.agencies),
            **beside,
        )


class CasePreview(Page):
    """`/cases/<number>/preview/`: the pane beside the list."""

    roles = READERS

    def get(self, request: Any, number: str) -> Any:
        back = request.GET.get("next", "")
        back = back if back.startswith(reverse("queue")) else reverse("queue")
        at = self.actor.now()
        return self.page("cases/_preview.html", at=at, here=back, after=_back_to(back, number), **preview_of(number, self.actor, at))


def preview_of(number: str, reader: Actor, at: datetime) -> dict[str, Any]:
    """What the pane shows of a case."""
    case = case_of(number, reader, at, newest=LATEST)
    return {
        "case": case,
        "offers": offers(reader, case),
        "latest": tuple(reversed(case.timeline)),
        "runs": runs_beside(case.subject, reader, at),
        "open_tasks": sum(task.done_at is None for task in case.tasks),
    }


def _back_to(address: str, number: str) -> str:
    """The list's address with this case as the current one."""
    parts = urlsplit(address)
    query = [(name, value) for name, value in parse_qsl(parts.query) if name != "case"]
    return urlunsplit(("", "", parts.path, urlencode([*query, ("case", number)]), ""))


def _carried(request: Any, *, drop: tuple[str, ...]) -> str:
    """The address's own parameters, to go on with."""
    query = request.GET.copy()
    for name in drop:
        query.pop(name, None)
    text: str = query.urlencode()
    return text
