"""The route of forks of a run."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from playbooks.api.runs import RUN, as_json
from playbooks.operations.forking import fork_run
from playbooks.queries.runs import run_of
from tenants.gates.api import ApiView
from tenants.gates.schema import TEXT, WHOLE, shaped

ASKED = shaped({"at": WHOLE, "policies": {"type": "object", "additionalProperties": TEXT}, "reason": TEXT})
KEY = OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER)
RUN_ID = OpenApiParameter("run", str, OpenApiParameter.PATH)


class ForksView(ApiView):
    """Forks of a run."""

    @extend_schema(operation_id="run_fork", parameters=[RUN_ID, KEY], request={"application/json": ASKED}, responses={201: RUN})
    def post(self, request: Any, run: str) -> Response:
        """Begin a run with the frames and variables that this one had after its event `at`, at which a step ended.

        `policies` says of steps by their id, and of the others as `*`: `replay`, `simulate` (default) or `real`.
        """
        given = self.body()
        asked = {name: given.get(name) for name in ("at", "policies", "reason")}

        def call() -> dict[str, Any]:
            made = fork_run(run=run, **asked, by=self.actor)
            return as_json(run_of(str(made.public_id), self.actor))

        return self.act(call, status=201)
