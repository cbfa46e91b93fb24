"""The API of the standings."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from soc.scorecards.api.scorecards import CURSOR, ESTIMATE, PERIOD, estimate_json, evidence_url
from soc.scorecards.measures import MEASURES
from soc.scorecards.queries.standings import Standings, StandingView, standings_of
from tenants.actors import Actor
from tenants.gates.api import ApiView
from tenants.gates.schema import TEXT, WHOLE, listed, maybe, paged, shaped

FIGURE = {**ESTIMATE, "evidence": maybe(TEXT)}
STANDING = shaped(
    {"agency": maybe(TEXT), "class": TEXT, "period": TEXT, "cases": maybe(WHOLE), "closed": maybe(WHOLE), "as_of": maybe(WHOLE)}
    | {"measures": listed(shaped(FIGURE))},
    FIGURE,
)


def figure_json(row: StandingView, reader: Actor) -> dict[str, Any]:
    """One measure as the interface promises it; the events behind it only where the reader may open them."""
    opens = bool(row.agency) and (row.own or reader.agency_id is None)
    return {
        "measure": row.measure,
        **estimate_json(row.estimate),
        "evidence": evidence_url(row.agency, row.period, row.measure) if opens else None,
    }


def standings_json(one: Standings, reader: Actor, *, flat: bool) -> dict[str, Any]:
    """One agency with the fields of its scorecard; `flat` puts the figure of the one measure asked for beside them."""
    head = one.head
    figures = [figure_json(row, reader) for row in one.rows]
    return {
        "agency": head.agency or None,
        "class": head.size_class,
        "period": head.period,
        "cases": head.cases,
        "closed": head.closed,
        "as_of": head.as_of,
        "measures": figures,
        **(figures[0] if flat else {}),
    }


class StandingsApi(ApiView):
    """GET /api/v1/standings"""

    @extend_schema(
        operation_id="standings",
        parameters=[PERIOD, OpenApiParameter("measure", OpenApiTypes.STR, enum=MEASURES), CURSOR],
        responses={200: paged(STANDING)},
    )
    def get(self, request: Any) -> Response:
        """The standings of a period, all measures or one."""
        measure = request.GET.get("measure")
        rows, following = standings_of(
            period=request.GET.get("period"),
            measure=measure,
            cursor=request.GET.get("cursor", ""),
            reader=self.actor,
        )
        return Response({"results": [standings_json(one, self.actor, flat=bool(measure)) for one in rows], "next": following})
