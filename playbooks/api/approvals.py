"""The routes of approvals."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from playbooks.operations.voting import LONGEST_REASON, vote
from playbooks.queries.approvals import approval_of, approvals_page
from playbooks.queries.telling import ApprovalView, utc
from playbooks.states import ApprovalState, Side, VoteKind
from tenants.gates.api import ApiView
from tenants.gates.schema import TEXT, TIME, TRUTH, listed, one_of, paged, shaped, text

FILTERS = [
    OpenApiParameter("case", str),
    OpenApiParameter("state", str, enum=ApprovalState.values),
    OpenApiParameter("cursor", str),
]
NEED = shaped({"role": one_of(Side), "agency": TEXT, "given": TRUTH})
APPROVAL = shaped(
    {
        "id": TEXT,
        "case": TEXT,
        "agency": TEXT,
        "run": TEXT,
        "action": TEXT,
        "rendered": {"type": "object"},
        "hash": TEXT,
        "touches": TEXT,
        "undo": TEXT,
        "asked_at": TIME,
        "expires_at": TIME,
        "state": one_of(ApprovalState),
        "needs": listed(NEED),
    }
)
BALLOT = shaped({"hash": TEXT, "vote": one_of(VoteKind), "reason": text(LONGEST_REASON)})


def as_json(one: ApprovalView) -> dict[str, Any]:
    """An approval as programs get it. `hash` is the SHA-256 of `rendered` in the canonical form of RFC 8785."""
    return {
        "id": one.id,
        "case": one.about.number,
        "agency": one.agency,
        "run": one.run,
        "action": one.action,
        "rendered": one.rendered,
        "hash": one.hash,
        "touches": one.touches,
        "undo": one.undo_text,
        "asked_at": utc(one.asked_at),
        "expires_at": utc(one.expires_at),
        "state": one.state,
        "needs": [{"role": need.role, "agency": one.agency, "given": need.given} for need in one.needs],
    }


class ApprovalsView(ApiView):
    """Approvals, the newest first."""

    @extend_schema(operation_id="approvals", parameters=FILTERS, responses={200: paged(APPROVAL)})
    def get(self, request: Any) -> Response:
        """Approvals as the caller may see them, by `case` number and `state`."""
        asked = {name: request.GET.get(name, "") for name in ("case", "state", "cursor")}
        page = approvals_page(reader=self.actor, **asked)
        return Response({"results": [as_json(one) for one in page.approvals], "next": page.next})


class VoteView(ApiView):
    """A vote on one approval."""

    @extend_schema(
        operation_id="vote",
        parameters=[
            OpenApiParameter("approval", str, OpenApiParameter.PATH),
            OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER),
        ],
        request={"application/json": BALLOT},
        responses={200: APPROVAL},
    )
    def post(self, request: Any, approval: str) -> Response:
        """Vote `approve` or `deny` on the `hash` that was seen, with a `reason`."""
        body = self.body()

        def call() -> dict[str, Any]:
            vote(approval=approval, hash=body.get("hash"), vote=body.get("vote"), reason=body.get("reason"), by=self.actor)
            return as_json(approval_of(approval, self.actor))

        return self.act(call)
