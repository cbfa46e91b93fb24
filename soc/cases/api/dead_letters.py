"""GET /api/v1/dead-letters and POST /api/v1/dead-letters/<id>/replay: what could not be understood, and another try."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from soc.cases.api.shapes import LETTERS, RECEIPT, REPLAY
from soc.cases.operations.dead_letters import NOTHING, replay
from soc.cases.policies import may_know_of_dead_letters
from soc.cases.queries.intake import dead_letters, receipt_as_json
from tenants.actors import Actor
from tenants.gates.api import ApiView


class DeadLetters(ApiView):
    """Watch leads and admins; the auditor reads."""

    def open_to(self, actor: Actor) -> bool:
        return may_know_of_dead_letters(actor)

    @extend_schema(
        operation_id="dead_letters",
        summary="What could not be understood, with the raw bytes",
        parameters=[OpenApiParameter("agency", str), OpenApiParameter("cursor", str)],
        responses={200: LETTERS, 403: None},
    )
    def get(self, request: Any) -> Response:
        found, following = dead_letters(reader=self.actor, agency=request.GET.get("agency", ""), cursor=request.GET.get("cursor", ""))
        return Response({"results": [one.as_json() for one in found], "next": following})


class ReplayDeadLetter(ApiView):
    """A corrected body or a mapping brings it back among the pending."""

    most_bytes = 33 * 1024 * 1024  # a corrected body may be as large as the one that came

    def open_to(self, actor: Actor) -> bool:
        return may_know_of_dead_letters(actor)

    @extend_schema(
        operation_id="replay_dead_letter",
        summary="Replay a dead letter",
        parameters=[OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER)],
        request={"application/json": REPLAY},
        responses={200: RECEIPT},
    )
    def post(self, request: Any, letter: str) -> Response:
        sent = self.body()
        return self.act(
            lambda: receipt_as_json(
                replay(letter=letter, body=sent.get("body", NOTHING), mapping=sent.get("mapping", NOTHING), by=self.actor),
                reader=self.actor,
            )
        )
