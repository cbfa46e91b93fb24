"""The routes of approvals."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from playbooks.operations.breaking import VERDICTS, break_glass, review_glass
from playbooks.operations.voting import LONGEST_REASON, vote
from playbooks.queries.approvals import approval_of, approvals_page
from playbooks.queries.telling import ApprovalView, Glass, utc
from playbooks.states import ApprovalState, Side, VoteKind
from tenants.gates.api import ApiView
from tenants.gates.schema import TEXT, TIME, TRUTH, WHOLE, listed, maybe, one_of, paged, shaped, text

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
        "lasts_seconds": maybe(WHOLE),
        "so_far": shaped({"would_be_undone": listed(TEXT), "stays": listed(TEXT)}),
        "asked_at": TIME,
        "expires_at": TIME,
        "state": one_of(ApprovalState),
        "needs": listed(NEED),
        "escalated": TRUTH,
        "broken_glass": {"type": "object", "nullable": True},
    }
)
BREAKING = shaped({"hash": TEXT, "target": TEXT, "reason": text(LONGEST_REASON)})
REVIEW = shaped({"verdict": {"type": "string", "enum": [str(one) for one in VERDICTS]}, "note": text(LONGEST_REASON)})
OF_ONE = [
    OpenApiParameter("approval", str, OpenApiParameter.PATH),
    OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER),
]
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
        "lasts_seconds": one.lasts,
        "so_far": {"would_be_undone": list(one.so_far.texts), "stays": list(one.so_far.stays)},
        "asked_at": utc(one.asked_at),
        "expires_at": utc(one.expires_at),
        "state": one.state,
        "needs": [{"role": need.role, "agency": one.agency, "given": need.given} for need in one.needs],
        "escalated": one.escalated,
        "broken_glass": _glass(one.glass) if one.glass else None,
    }


def _glass(one: Glass) -> dict[str, Any]:
    return {
        "by": one.broken_by,
        "at": utc(one.at),
        "without": one.missing,
        "reason": one.reason,
        "review_due_at": utc(one.due_at),
        "verdict": one.verdict or None,
        "reviewed_by": one.reviewed_by or None,
        "note": one.note,
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
        parameters=OF_ONE,
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


class BreakGlassView(ApiView):
    """The way of a watch lead who cannot wait."""

    @extend_schema(operation_id="break_glass", parameters=OF_ONE, request={"application/json": BREAKING}, responses={200: APPROVAL})
    def post(self, request: Any, approval: str) -> Response:
        """Run the action of this `hash` without the votes that are missing, typing what it touches (`target`), with a `reason`."""
        body = self.body()

        def call() -> dict[str, Any]:
            break_glass(approval=approval, hash=body.get("hash"), target=body.get("target"), reason=body.get("reason"), by=self.actor)
            return as_json(approval_of(approval, self.actor))

        return self.act(call)


class ReviewView(ApiView):
    """The review that follows."""

    @extend_schema(operation_id="review_glass", parameters=OF_ONE, request={"application/json": REVIEW}, responses={200: APPROVAL})
    def post(self, request: Any, approval: str) -> Response:
        """Say whether breaking the glass was `justified` or `not_justified`, with a `note`."""
        body = self.body()

        def call() -> dict[str, Any]:
            review_glass(approval=approval, verdict=body.get("verdict"), note=body.get("note"), by=self.actor)
            return as_json(approval_of(approval, self.actor))

        return self.act(call)
