"""The queue, and the case that is current in it."""

from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.urls import reverse

from soc.cases.pages.offers import offers
from soc.cases.queries.case import CaseView, case_of
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
SEVERITIES = tuple(reversed(Severity.choices))
STATES = tuple(pair for pair in CaseState.choices if pair[0] != CaseState.CLOSED)
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
        bell = request.headers.get("X-Watchfloor-Bell") == "1"
        # The page of one case is drawn with the list, so that it is there before any script.
        beside = None if bell else request.GET.get("case", "")
        wanted = CaseFilters(**asked)
        queue = open_queue(view=view, reader=self.actor, at=at, wanted=wanted, cursor=cursor, beside=beside, newest=LATEST)
        narrowed = any(asked.values())
        empty = first_run(self.actor) if not (queue.rows or narrowed or sum(queue.counts.values())) else None
        current = next((row for row in queue.rows if row.number == request.GET.get("case")), queue.rows[0] if queue.rows else None)
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
            severities=SEVERITIES,
            states=STATES,
            empty=empty,
            current=current.number if current else "",
            topics=",".join(f"agency.{agency.value}.queue" for agency in queue.agencies),
            **({} if queue.current is None else preview_of(queue.current, self.actor, at)),
        )


class CasePreview(Page):
    """`/cases/<number>/preview/`: the pane beside the list."""

    roles = READERS

    def get(self, request: Any, number: str) -> Any:
        back = request.GET.get("next", "")
        back = back if back.startswith(reverse("queue")) else reverse("queue")
        at = self.actor.now()
        case = case_of(number, self.actor, at, newest=LATEST)
        return self.page("cases/_preview.html", at=at, here=back, after=_back_to(back, number), **preview_of(case, self.actor, at))


def preview_of(case: CaseView, reader: Actor, at: datetime) -> dict[str, Any]:
    """What the pane shows of a case that was read."""
    return {
        "case": case,
        "offers": offers(reader, case),
        "latest": tuple(reversed(case.timeline)),
        "runs": runs_beside(case, reader, at),
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
