"""The list of runs as a page, and as a file."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import JsonResponse

from playbooks.queries.running import STATES, WAITS, ListedRun, RunFilters, choices, every_run, run_list
from playbooks.queries.telling import utc
from playbooks.queries.voters import agencies_heard
from tenants.errors import Unknown, require
from tenants.gates.exports import csv_answer
from tenants.gates.navigation import READERS
from tenants.gates.pages import Page

LIST_READERS = READERS | {"liaison"}
HEADS = ("run", "agency", "case", "title", "book", "version", "state", "waits_for", "started_at", "ended_at", "seconds")
LONGEST_WORD = 80


def times_of(run: ListedRun) -> tuple[datetime, datetime | None, float | None]:
    """When a run began and ended, and the seconds between."""
    return (run.started_at, run.ended_at, run.seconds)


def filters_in(request: Any) -> RunFilters:
    """What the address narrows the list to."""
    names = ("agency", "state", "book", "waits")
    return RunFilters(**{name: request.GET.get(name, "").replace("\x00", "").strip()[:LONGEST_WORD] for name in names})


class RunsPage(Page):
    """`/runs/`: every run that the reader may know of, the newest first."""

    roles = LIST_READERS

    def get(self, request: Any) -> Any:
        wanted, cursor = filters_in(request), request.GET.get("cursor", "")
        found = run_list(wanted=wanted, reader=self.actor, cursor=cursor)
        query = request.GET.copy()
        query.pop("cursor", None)
        heard = [f"run.{one.id}" for one in found.runs] + [f"agency.{slug}.approvals" for slug in agencies_heard(self.actor)]
        return self.page(
            "playbooks/runs.html",
            at=self.actor.now(),
            wanted=wanted,
            narrowed=any(asdict(wanted).values()),
            runs=found.runs,
            next=found.next,
            first=not cursor,
            carried=query.urlencode(),
            states=STATES,
            waits=WAITS,
            choices=choices(self.actor),
            topics=",".join(heard[:200]),
        )


class RunsFilePage(Page):
    """`/runs/export/?kind=csv|json`: the same list as a file, narrowed the same, at most 10,000 runs."""

    roles = LIST_READERS

    def get(self, request: Any) -> Any:
        kind = request.GET.get("kind", "csv")
        require(kind in ("csv", "json"), Unknown())
        rows = every_run(wanted=filters_in(request), reader=self.actor)
        told = (
            (*(one.id, one.agency, one.about.number, one.about.title, one.book, one.version), *(one.state, one.waits_for), *times_of(one))
            for one in rows
        )
        if kind == "csv":
            return csv_answer("runs", HEADS, told)
        simulated = {"data": "Simulated data"} if settings.SIMULATED else {}
        results: list[dict[str, Any]] = [dict(zip(HEADS, one, strict=True)) for one in told]
        for one in results:
            one |= {"started_at": utc(one["started_at"]), "ended_at": utc(one["ended_at"])}
        answer = JsonResponse({**simulated, "results": results})
        answer["Content-Disposition"] = f'attachment; filename="{"simulated-" if simulated else ""}runs.json"'
        return answer
