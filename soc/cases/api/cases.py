"""The routes of cases: lists, one case, one opened by hand, and its verbs."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from soc.cases.api import shapes
from soc.cases.operations.changing import Version
from soc.cases.operations.claiming import assign, begin_investigation, claim
from soc.cases.operations.closing import close, reopen
from soc.cases.operations.containing import contain, recover
from soc.cases.operations.grading import change_severity, declare, edit
from soc.cases.operations.noting import add_task, finish_task, note
from soc.cases.operations.opening import open_by_hand
from soc.cases.operations.releasing import release
from soc.cases.operations.suppressing import suppress
from soc.cases.queries.case import case_of, list_of_cases
from soc.cases.queries.case_json import as_json
from soc.cases.queries.filters import CaseFilters
from soc.cases.states import CaseState, Severity
from tenants.errors import DomainError, Invalid, Unknown, require
from tenants.gates.api import ApiView
from tenants.gates.schema import VERSION

# Of each verb: the operation, and which members of the body it takes under which name.
VERBS: dict[str, tuple[Callable[..., Any], tuple[str, ...]]] = {
    "claim": (claim, ()),
    "assign": (assign, ("owner",)),
    "investigate": (begin_investigation, ()),
    "edit": (edit, ("title", "summary")),
    "note": (note, ("text", "visibility")),
    "severity": (change_severity, ("severity", "reason")),
    "contain": (contain, ("at", "reason")),
    "recover": (recover, ("at", "reason")),
    "release": (release, ("items",)),
    "task": (add_task, ("title",)),
    "task_done": (finish_task, ("task",)),
    "suppress": (suppress, ("until", "reason")),
    "declare": (declare, ("kind", "reason")),
    "close": (close, ("disposition", "reason")),
    "reopen": (reopen, ("reason",)),
}
NOT_SENT: dict[str, Any] = {"owner": ""}  # for whom null means something

FILTERS = [
    *(OpenApiParameter(name, str) for name in ("agency", "owner", "q", "cursor")),
    OpenApiParameter("state", str, description=f"`open`, or one or several, with commas, of: {', '.join(CaseState.values)}."),
    OpenApiParameter("severity", str, description=f"One or several, with commas, of: {', '.join(Severity.values)}."),
]
IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, required=True, pattern=VERSION, description='The version that was read: 3 or "3".'
)
ONCE = OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER)
NUMBER = OpenApiParameter("number", str, OpenApiParameter.PATH)
VERB = OpenApiParameter("verb", str, OpenApiParameter.PATH, enum=sorted(VERBS))
BODY = shapes.body_of({name: fields for name, (_, fields) in VERBS.items()})


class CasesView(ApiView):
    """The list, and a case opened by hand."""

    @extend_schema(operation_id="cases", parameters=FILTERS, responses={200: shapes.CASES})
    def get(self, request: Any) -> Response:
        """Cases as the caller may see them, the newest first."""
        asked = {name: request.GET.get(name, "") for name in ("agency", "state", "severity", "owner", "q")}
        found = list_of_cases(wanted=CaseFilters(**asked), reader=self.actor, cursor=request.GET.get("cursor", ""))
        return Response({"results": [as_json(case, all_of_it=False) for case in found.cases], "next": found.next})

    @extend_schema(operation_id="open_case", parameters=[ONCE], request={"application/json": shapes.OPENING}, responses={201: shapes.CASE})
    def post(self, request: Any) -> Response:
        """Open a case by hand: `agency`, `title`, `severity`, `reason`."""
        body = self.body()
        asked: dict[str, Any] = {name: body.get(name) for name in ("agency", "title", "severity", "reason")}

        def call() -> dict[str, Any]:
            opened = open_by_hand(**asked, by=self.actor)
            return as_json(case_of(opened.number, self.actor))

        response = self.act(call, status=201)
        response["Location"] = f"/api/v1/cases/{response.data['number']}"
        return response


class CaseView(ApiView):
    """One case."""

    @extend_schema(operation_id="case", parameters=[NUMBER], responses={200: shapes.CASE})
    def get(self, request: Any, number: str) -> Response:
        """The case with all rows that the caller may see; `ETag` is its version."""
        case = case_of(number, self.actor)
        return Response(as_json(case), headers={"ETag": f'"{case.version}"'})


class CaseVerbView(ApiView):
    """One verb, one operation."""

    @extend_schema(
        operation_id="case_verb",
        parameters=[NUMBER, VERB, IF_MATCH, ONCE],
        request={"application/json": BODY},
        responses={200: shapes.CASE},
    )
    def post(self, request: Any, number: str, verb: str) -> Response:
        """Do one verb with the case and get it as it is afterwards; a 409 carries it as it is now (`current`)."""
        require(verb in VERBS, Unknown())
        operation, names = VERBS[verb]
        body = self.body()
        asked = {name: body.get(name, NOT_SENT.get(name)) for name in names}

        def call() -> dict[str, Any]:
            try:
                operation(number=number, version=self._version(), by=self.actor, **asked)
            except DomainError as error:
                if error.status == 409:
                    error.extra["current"] = as_json(case_of(number, self.actor))
                raise
            return as_json(case_of(number, self.actor))

        response = self.act(call)
        response["ETag"] = f'"{response.data["version"]}"'
        return response

    def _version(self) -> Version:
        """What If-Match says; a malformed one is refused by the operation, in its turn."""
        try:
            return self.version()
        except Invalid as problem:
            return problem
