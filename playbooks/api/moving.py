"""The route of a run's move to a newer version of its book."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from playbooks.api.runs import RUN, as_json
from playbooks.definition.migrating import CHANGES, FORBIDS, STAYS
from playbooks.operations.moving import move_run
from playbooks.queries.moving import MoveView as Shown
from playbooks.queries.moving import move_of
from playbooks.queries.runs import run_of
from tenants.errors import Unknown, require
from tenants.gates.api import ApiView
from tenants.gates.schema import TEXT, TRUTH, WHOLE, listed, maybe, shaped

LINE = shaped({"kind": TEXT, "text": TEXT, "step": maybe(TEXT)})
MOVE = shaped(
    {"run": TEXT, "version": WHOLE, "to": maybe(WHOLE), "to_hash": maybe(TEXT), "newer": listed(WHOLE)}
    | {"allowed": TRUTH, "preview": maybe(TEXT), "lines": listed(LINE)}
)
ASKED = shaped({"version": WHOLE, "preview": TEXT, "reason": TEXT})
KINDS = (FORBIDS, CHANGES, STAYS)
KEY = OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER)
RUN_ID = OpenApiParameter("run", str, OpenApiParameter.PATH)


def _shown(move: Shown) -> dict[str, Any]:
    return {
        "run": move.id,
        "version": move.version,
        "to": move.target,
        "to_hash": move.target_hash or None,
        "newer": [number for number, _ in move.newer],
        "allowed": move.allowed,
        "preview": move.preview or None,
        "lines": [{"kind": line.kind, "text": line.text, "step": line.step or None} for line in move.lines],
    }


class MoveView(ApiView):
    """A run beside a newer version of its book."""

    @extend_schema(operation_id="run_move_preview", parameters=[RUN_ID, OpenApiParameter("version", int)], responses={200: MOVE})
    def get(self, request: Any, run: str) -> Response:
        """What a move to `version` (the newest without it) would change, what stays, what forbids it, and the hash of this preview."""
        asked = request.GET.get("version", "")
        require(not asked or (asked.isdecimal() and len(asked) < 10), Unknown())
        return Response(_shown(move_of(run, self.actor, version=int(asked) if asked else None)))

    @extend_schema(operation_id="run_move", parameters=[RUN_ID, KEY], request={"application/json": ASKED}, responses={200: RUN})
    def post(self, request: Any, run: str) -> Response:
        """Move the run as the preview with this hash showed it; 409 when the run or the version is no longer as shown."""
        given = self.body()
        asked = {name: given.get(name) for name in ("version", "preview", "reason")}

        def call() -> dict[str, Any]:
            moved = move_run(run=run, **asked, by=self.actor)
            return as_json(run_of(str(moved.public_id), self.actor))

        return self.act(call)
