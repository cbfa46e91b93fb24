"""GET /api/v1/receipts/<id>: what became of one item."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from soc.cases.api.shapes import RECEIPT
from soc.cases.policies import may_read_receipts
from soc.cases.queries.intake import receipt_of
from tenants.actors import Actor
from tenants.gates.api import ApiView


class ReceiptOfItem(ApiView):
    """The agency's own sensors and the floor."""

    def open_to(self, actor: Actor) -> bool:
        return may_read_receipts(actor)

    @extend_schema(operation_id="receipt", summary="What became of one item", responses={200: RECEIPT})
    def get(self, request: Any, receipt: str) -> Response:
        return Response(receipt_of(receipt=receipt, reader=self.actor))
