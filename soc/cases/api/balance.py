"""GET /api/v1/intake/balance: received is always the sum of the rest, per source."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from soc.cases.api.shapes import BALANCE
from soc.cases.policies import may_read_balance
from soc.cases.queries.intake import balance_of
from tenants.actors import Actor
from tenants.gates.api import ApiView


class IntakeBalance(ApiView):
    """The agency's own sensors and liaison, and the floor."""

    def open_to(self, actor: Actor) -> bool:
        return may_read_balance(actor)

    @extend_schema(
        operation_id="intake_balance",
        summary="The balance of an agency's intake",
        parameters=[OpenApiParameter("agency", str, description="The agency's slug; may be left out by those who have one agency.")],
        responses={200: BALANCE},
    )
    def get(self, request: Any) -> Response:
        return Response(balance_of(agency=request.GET.get("agency", ""), reader=self.actor).as_json())
