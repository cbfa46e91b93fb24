"""The gate of the API: caller, media type, one scope around the handler, idempotency, problem+json."""

import hashlib
from typing import Any

import orjson
from rest_framework.authentication import SessionAuthentication
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants.actors import Actor
from tenants.errors import Conflict, DomainError, Invalid, TooLarge, Unauthenticated, Unknown, UnsupportedForm, require
from tenants.gates.identifying import request_actor
from tenants.gates.opening import note_refusal, opened
from tenants.gates.versions import version_of
from tenants.operations.remembering import begin_answer, keep_answer

MOST_BYTES = 1024 * 1024
MUTATING = ("POST", "PUT", "PATCH", "DELETE")


class RawParser(BaseParser):
    """Hands the bytes on; `ApiView.body` reads them so that broken JSON is refused after 404, 403, 428 and 409."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        return {}


class ApiView(APIView):
    """A door of the API. Subclasses translate, make one call, translate back; `self.actor` is who calls.

    `open_to(actor)` says whether this caller may know that the route exists; others get 404.
    """

    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []
    parser_classes = [RawParser]
    renderer_classes = [JSONRenderer]
    most_bytes = MOST_BYTES
    actor: Actor

    def open_to(self, actor: Actor) -> bool:
        """By default everyone who reads cases; an admin and a sensor key are strangers to those routes."""
        return actor.reads_cases

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        actor = request_actor(request)
        self.caller = actor
        if actor is None:
            return super().dispatch(request, *args, **kwargs)
        self.actor = request.actor = actor
        with opened(actor, reason=f"{request.method} {request.path}"):
            response = super().dispatch(request, *args, **kwargs)
            if hasattr(response, "render"):
                response.render()
        error = getattr(response, "error", None)
        if isinstance(error, DomainError):
            note_refusal(actor, error, request.method, request.path)
        return response

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        require(self.caller is not None, Unauthenticated())
        if request.method in MUTATING and not request.META.get("HTTP_AUTHORIZATION"):
            SessionAuthentication().enforce_csrf(request._request)
        self._check_body(request)
        require(self.open_to(self.actor), Unknown())
        super().initial(request, *args, **kwargs)

    def _check_body(self, request: Any) -> None:
        self.body_problem: DomainError | None = None
        if request.method not in MUTATING:
            return
        length = request.META.get("CONTENT_LENGTH") or "0"
        require(int(length) <= self.most_bytes if length.isdigit() else True, TooLarge(limit_bytes=self.most_bytes))
        kind = (request.META.get("CONTENT_TYPE") or "").split(";")[0].strip().lower()
        require(not kind or kind == "application/json" or length == "0", UnsupportedForm(cure="Send application/json."))
        encoding = request.META.get("HTTP_CONTENT_ENCODING", "identity").lower()
        require(encoding in ("", "identity"), UnsupportedForm("Content encodings are not accepted.", cure="Send the body as it is."))

    def body(self) -> dict[str, Any]:
        """The JSON object that was sent, {} when there is none. Broken JSON is held back in `body_problem`
        and raised by `act` after the operation had its say, so that the order of refusals holds."""
        raw = self.request._request.body
        if not raw.strip():
            return {}
        try:
            value = orjson.loads(raw)
        except orjson.JSONDecodeError:
            self.body_problem = Invalid("The body is not JSON.", cure="Send one JSON object in UTF-8.")
            self.body_problem.code = "not_json"
            return {}
        if not isinstance(value, dict):
            self.body_problem = Invalid("The body is not a JSON object.", cure="Send one JSON object.")
            return {}
        return value

    def version(self) -> int | None:
        """The version in If-Match; None when absent."""
        return version_of(self.request)

    def act(self, call: Any, *, status: int = 200) -> Response:
        """Run a mutating call once for one Idempotency-Key. `call()` makes the one call and returns the JSON answer."""
        key = self.request.META.get("HTTP_IDEMPOTENCY_KEY", "")
        if not key:
            return self._done(call, status)
        if len(key) > 200 or "\x00" in key:
            self._done(call, status)
            raise Invalid("The key is too long.", field="Idempotency-Key", cure="Use at most 200 characters.")
        raw = self.request._request.body
        fingerprint = hashlib.sha256(
            b"\n".join([self.request.path.encode(), self.request.META.get("HTTP_IF_MATCH", "").encode(), raw])
        ).digest()
        try:
            known = begin_answer(key=key, route=f"{self.request.method} {self.request.path}", fingerprint=fingerprint, by=self.actor)
        except Conflict:
            self._refuse_before_conflict(call)
            raise
        if known is not None:
            return Response(known.body, status=known.status)
        response = self._done(call, status)
        keep_answer(key=key, status=response.status_code, body=response.data, by=self.actor)
        return response

    def _refuse_before_conflict(self, call: Any) -> None:
        """Raise what comes before a 409 in the order of refusals; whatever `call` changed is rolled back with the conflict."""
        try:
            call()
        except DomainError as error:
            if error.status not in (409, 422):
                raise

    def _done(self, call: Any, status: int) -> Response:
        try:
            answer = call()
        except DomainError as error:
            if self.body_problem is not None and error.status == self.body_problem.status:
                raise self.body_problem from error  # a field that is missing is only the consequence
            raise
        if self.body_problem is not None:
            raise self.body_problem
        return Response(answer, status=status)
