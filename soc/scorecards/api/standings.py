"""The API of the standings."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from soc.scorecards.api.scorecards import CURSOR, PERIOD, estimate_json, evidence_url
from soc.scorecards.queries.standings import StandingView, standings_of
from tenants.actors import Actor
from tenants.gates.api import ApiView


def standing_json(row: StandingView, reader: Actor) -> dict[str, Any]:
    """One row as the interface promises it; the events behind it only where the reader may open them."""
    opens = bool(row.agency) and (row.own or reader.agency_id is None)
    return {
        "agency": row.agency or None,
        "class": row.size_class,
        "period": row.period,
        "measure": row.measure,
        **estimate_json(row.estimate),
        "evidence": evidence_url(row.agency, row.period, row.measure) if opens else None,
    }


class StandingsApi(ApiView):
    """GET /api/v1/standings"""

    @extend_schema(
        operation_id="standings",
        parameters=[PERIOD, OpenApiParameter("measure", OpenApiTypes.STR), CURSOR],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Any) -> Response:
        """The standings of a period, all measures or one."""
        rows, following = standings_of(
            period=request.GET.get("period"),
            measure=request.GET.get("measure"),
            cursor=request.GET.get("cursor", ""),
            reader=self.actor,
        )
        return Response({"results": [standing_json(row, self.actor) for row in rows], "next": following})
