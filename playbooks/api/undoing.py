"""The routes that cancel a run and take back what it did."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from playbooks.api.runs import RUN, as_json
from playbooks.operations.cancelling import cancel_run
from playbooks.operations.undoing import LONGEST_REASON, put_off, take_back
from playbooks.queries.runs import run_of
from playbooks.queries.telling import utc
from playbooks.queries.undoing import UndoLine, plan_for
from playbooks.queries.undoing import UndoPlan as Plan
from playbooks.states import UndoState
from tenants.gates.api import ApiView
from tenants.gates.schema import TEXT, TIME, TRUTH, listed, maybe, one_of, shaped, text

ENTRY = shaped(
    {"id": TEXT, "step": TEXT, "name": TEXT, "text": TEXT, "state": one_of(UndoState), "note": TEXT, "effect": TEXT, "left": TRUTH}
    | {"due_at": maybe(TIME), "ended_at": maybe(TIME), "undone_by": maybe(TEXT)}
)
STAYS = shaped({"name": TEXT, "why": TEXT})
PLAN = shaped({"run": TEXT, "state": TEXT, "hash": TEXT, "asks": TRUTH, "entries": listed(ENTRY), "stays": listed(STAYS)})
REASON = text(LONGEST_REASON)
WISH = shaped({"hash": TEXT, "reason": REASON}, {"entries": listed(TEXT)})
CANCEL = shaped({"reason": REASON}, {"take_back": TRUTH, "hash": TEXT})
CANCELLED = shaped({"run": RUN, "undo": maybe(RUN)})
UNTIL = shaped({"entry": TEXT, "until": TIME, "reason": REASON})
KEY = OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER)
RUN_ID = OpenApiParameter("run", str, OpenApiParameter.PATH)


def _entry(one: UndoLine) -> dict[str, Any]:
    return {
        "id": one.id,
        "step": one.step_id,
        "name": one.name,
        "text": one.text,
        "state": one.state,
        "note": one.note,
        "effect": one.effect,
        "left": one.is_left,
        "due_at": utc(one.due_at),
        "ended_at": utc(one.ended_at),
        "undone_by": one.undone_by or None,
    }


def plan_json(plan: Plan) -> dict[str, Any]:
    """What would be taken back, as programs get it."""
    stays = [{"name": name, "why": why} for name, why in plan.stays]
    head = {"run": plan.run, "state": plan.state, "hash": plan.hash, "asks": plan.asks}
    return {**head, "entries": [_entry(one) for one in plan.entries], "stays": stays}


class UndoView(ApiView):
    """What a run did that can be taken back."""

    @extend_schema(operation_id="run_undo_plan", parameters=[RUN_ID, OpenApiParameter("entry", str)], responses={200: PLAN})
    def get(self, request: Any, run: str) -> Response:
        """What would be taken back, the latest first, what stays, and the hash that names exactly this; `entry` names one of them."""
        return Response(plan_json(plan_for(run, self.actor, entry=request.GET.get("entry", ""))))

    @extend_schema(operation_id="run_undo", parameters=[RUN_ID, KEY], request={"application/json": WISH}, responses={201: RUN})
    def post(self, request: Any, run: str) -> Response:
        """Take back what an ended run did, or the `entries` of any run, as the plan with this `hash` showed it: the run that does it."""
        body = self.body()
        asked = {name: body.get(name) for name in ("hash", "reason", "entries")}

        def call() -> dict[str, Any]:
            doing = take_back(run=run, **asked, by=self.actor)
            return as_json(run_of(str(doing.public_id), self.actor))

        return self.act(call, status=201)


class CancelView(ApiView):
    """The end of a run by a person."""

    @extend_schema(operation_id="run_cancel", parameters=[RUN_ID, KEY], request={"application/json": CANCEL}, responses={200: CANCELLED})
    def post(self, request: Any, run: str) -> Response:
        """Cancel a run; with `take_back` also take back what the plan with this `hash` showed, by a run of its own (`undo`)."""
        body = self.body()
        reason, hash, back = body.get("reason"), body.get("hash"), body.get("take_back") is True

        def call() -> dict[str, Any]:
            one, doing = cancel_run(run=run, reason=reason, hash=hash, take_back=back, by=self.actor)
            undo = as_json(run_of(str(doing.public_id), self.actor)) if doing else None
            return {"run": as_json(run_of(str(one.public_id), self.actor)), "undo": undo}

        return self.act(call)


class UntilView(ApiView):
    """How long an effect lasts."""

    @extend_schema(
        operation_id="run_undo_until",
        parameters=[RUN_ID, KEY],
        request={"application/json": UNTIL},
        responses={200: PLAN},
    )
    def post(self, request: Any, run: str) -> Response:
        """Let an effect (`entry`) that ends by itself last longer, or end sooner: `until` a time in the next thirty days."""
        body = self.body()

        def call() -> dict[str, Any]:
            put_off(run=run, entry=body.get("entry"), until=body.get("until"), reason=body.get("reason"), by=self.actor)
            return plan_json(plan_for(run, self.actor, entry=str(body["entry"])))

        return self.act(call)
