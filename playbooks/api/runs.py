"""The routes of runs."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from playbooks.queries.runs import run_of, runs_page
from playbooks.queries.telling import RunView, StepView, utc
from playbooks.states import RunState
from tenants.gates.api import ApiView
from tenants.gates.schema import TEXT, TIME, WHOLE, listed, maybe, one_of, paged, shaped

STEP = shaped(
    {"step": TEXT, "name": TEXT, "kind": TEXT, "state": TEXT, "detail": TEXT, "attempts": WHOLE}
    | {"started_at": maybe(TIME), "ended_at": maybe(TIME), "approval": maybe(TEXT)}
)
WAITING = shaped({"id": TEXT, "action": TEXT, "hash": TEXT, "expires_at": TIME})
RUN = shaped(
    {"id": TEXT, "case": TEXT, "agency": TEXT, "book": shaped({"slug": TEXT, "name": TEXT, "version": WHOLE}), "version_hash": TEXT}
    | {"state": one_of(RunState), "waits_for": maybe(TEXT), "why": TEXT, "detail": TEXT, "started_at": TIME, "ended_at": maybe(TIME)}
    | {"steps": listed(STEP), "approval": maybe(WAITING)}
)


def _step(step: StepView) -> dict[str, Any]:
    return {
        "step": step.id,
        "name": step.name,
        "kind": step.kind,
        "state": step.state,
        "detail": step.detail,
        "attempts": step.attempts,
        "started_at": utc(step.began),
        "ended_at": utc(step.ended),
        "approval": step.approval.id if step.approval else None,
    }


def as_json(run: RunView) -> dict[str, Any]:
    """A run as programs get it."""
    waiting = run.approval if run.approval is not None and run.approval.state == "open" else None
    return {
        "id": run.id,
        "case": run.about.number,
        "agency": run.agency,
        "book": {"slug": run.book_slug, "name": run.book, "version": run.version},
        "version_hash": run.version_hash,
        "state": run.state,
        "waits_for": run.waits_for or None,
        "why": run.why,
        "detail": run.detail,
        "started_at": utc(run.started_at),
        "ended_at": utc(run.ended_at),
        "steps": [_step(step) for step in run.steps],
        "approval": {"id": waiting.id, "action": waiting.action, "hash": waiting.hash, "expires_at": utc(waiting.expires_at)}
        if waiting
        else None,
    }


class RunsView(ApiView):
    """Runs, the newest first."""

    @extend_schema(
        operation_id="runs",
        parameters=[OpenApiParameter(name, str) for name in ("case", "cursor")],
        responses={200: paged(RUN)},
    )
    def get(self, request: Any) -> Response:
        """Runs as the caller may see them; `case` is a case number."""
        page = runs_page(reader=self.actor, case=request.GET.get("case", ""), cursor=request.GET.get("cursor", ""))
        return Response({"results": [as_json(run) for run in page.runs], "next": page.next})


class RunPageView(ApiView):
    """One run."""

    @extend_schema(
        operation_id="run",
        parameters=[OpenApiParameter("run", str, OpenApiParameter.PATH)],
        responses={200: RUN},
    )
    def get(self, request: Any, run: str) -> Response:
        """The run with the steps that the caller may see."""
        return Response(as_json(run_of(run, self.actor)))
