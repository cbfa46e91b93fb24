"""The API of an agency's scorecard and of the events behind its figures."""

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from soc.scorecards.measures import MEASURES
from soc.scorecards.queries.scorecards import Evidence, FigureView, ScorecardView, evidence_of, scorecard_of
from soc.scorecards.survival import Estimate
from tenants.gates.api import ApiView
from tenants.gates.schema import NUMBER, TEXT, TIME, TRUTH, WHOLE, Shape, listed, maybe, one_of, paged, shaped

PERIOD = OpenApiParameter("period", OpenApiTypes.STR, description="YYYY-MM, YYYY-Qn, YYYY or FYyyyy; absent: this month.")
CURSOR = OpenApiParameter("cursor", OpenApiTypes.STR, description="The value of `next` of the page before.")


ESTIMATE: Shape = {
    "measure": one_of(MEASURES),
    "value": maybe(NUMBER),
    "unit": one_of(["s"]),
    "n": WHOLE,
    "events": WHOLE,
    "interval": {**listed(maybe(NUMBER), most=2), "minItems": 2},
}
FIGURE = shaped({**ESTIMATE, "excluded": WHOLE, "evidence": TEXT})
SCORECARD = shaped({"agency": TEXT, "period": TEXT, "cases": WHOLE, "closed": WHOLE, "as_of": WHOLE, "measures": listed(FIGURE)})
EVIDENCE = shaped(
    {"case": TEXT, "started_at": maybe(TIME), "ended_at": maybe(TIME), "seconds": maybe(NUMBER), "ended": TRUTH}
    | {"excluded": maybe(TEXT), "positions": listed(WHOLE)}
)


def evidence_url(agency: str, period: str, measure: str) -> str:
    """Where the events behind a figure are."""
    return f"{reverse('scorecard-evidence-api', args=[agency])}?{urlencode({'period': period, 'measure': measure})}"


def estimate_json(estimate: Estimate) -> dict[str, Any]:
    """A median in seconds with what stands behind it."""
    return {"value": estimate.value, "unit": "s", "n": estimate.n, "events": estimate.events, "interval": list(estimate.interval)}


def figure_json(card: ScorecardView, figure: FigureView) -> dict[str, Any]:
    """One measure of a scorecard."""
    return {
        "measure": figure.measure,
        **estimate_json(figure.estimate),
        "excluded": figure.excluded,
        "evidence": evidence_url(card.agency, card.period, figure.measure),
    }


def scorecard_json(card: ScorecardView) -> dict[str, Any]:
    """A scorecard as the interface promises it."""
    return {
        "agency": card.agency,
        "period": card.period,
        "cases": card.cases,
        "closed": card.closed,
        "as_of": card.as_of,
        "measures": [figure_json(card, figure) for figure in card.figures],
    }


def evidence_json(one: Evidence) -> dict[str, Any]:
    """What one case contributes to a figure."""
    return {
        "case": one.case,
        "started_at": one.started_at,
        "ended_at": one.ended_at,
        "seconds": one.seconds,
        "ended": one.ended,
        "excluded": one.excluded or None,
        "positions": list(one.entries),
    }


class ScorecardApi(ApiView):
    """GET /api/v1/scorecards/<agency>"""

    @extend_schema(operation_id="scorecard", parameters=[PERIOD], responses={200: SCORECARD})
    def get(self, request: Any, agency: str) -> Response:
        """The agency's figures of a period."""
        return Response(scorecard_json(scorecard_of(agency=agency, period=request.GET.get("period"), reader=self.actor)))


class EvidenceApi(ApiView):
    """GET /api/v1/scorecards/<agency>/evidence"""

    @extend_schema(
        operation_id="scorecard_evidence",
        parameters=[PERIOD, OpenApiParameter("measure", OpenApiTypes.STR, required=True, enum=MEASURES), CURSOR],
        responses={200: paged(EVIDENCE)},
    )
    def get(self, request: Any, agency: str) -> Response:
        """The cases behind one figure: start, end, seconds and their positions in the journal."""
        found, following = evidence_of(
            agency=agency,
            period=request.GET.get("period"),
            measure=request.GET.get("measure"),
            cursor=request.GET.get("cursor", ""),
            reader=self.actor,
        )
        return Response({"results": [evidence_json(one) for one in found], "next": following})
