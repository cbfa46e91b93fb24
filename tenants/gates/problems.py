"""Domain errors as problem+json (RFC 9457) with a stable `code`."""

import logging
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import transaction
from django.http import Http404, JsonResponse
from rest_framework import exceptions, status
from rest_framework.response import Response

from tenants.errors import DomainError, TooLarge
from tenants.isolation.scope import current

logger = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"


def document(error: DomainError) -> dict[str, Any]:
    """The problem document of an error: type, title, status, code, detail, and field and cure where there are some."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "code": error.code,
        "detail": error.detail,
    }
    if error.field:
        body["field"] = error.field
    if error.cure:
        body["cure"] = error.cure
    body.update(error.extra)
    return body


def answer(error: DomainError) -> JsonResponse:
    """The HTTP answer of an error, for doors outside Django REST framework."""
    response = JsonResponse(document(error), status=error.status, content_type=MEDIA_TYPE)
    _headers(error, response)
    return response


def _headers(error: DomainError, response: Any) -> None:
    if error.status == status.HTTP_401_UNAUTHORIZED:
        response["WWW-Authenticate"] = 'Bearer realm="watchfloor"'
    if "retry_after" in error.extra:
        response["Retry-After"] = str(error.extra["retry_after"])


def handle(exc: Exception, context: dict[str, Any]) -> Response:
    """Every exception of an API view as problem+json; the scope's transaction is rolled back."""
    if current.get() is not None:  # a probe and an anonymous caller have no scope and no transaction
        transaction.set_rollback(True)
    error = as_domain_error(exc)
    response = Response(document(error), status=error.status, content_type=MEDIA_TYPE)
    _headers(error, response)
    response.error = error  # type: ignore[attr-defined]
    return response


_CODES = {400: "invalid", 401: "not_authenticated", 403: "not_allowed", 404: "not_found", 405: "method_not_allowed", 406: "not_acceptable"}


def as_domain_error(exc: Exception) -> DomainError:
    """Any exception as a domain error; what nobody foresaw is logged and becomes a 500 that says nothing of itself."""
    if isinstance(exc, DomainError):
        return exc
    error = DomainError()
    if isinstance(exc, Http404):
        error.status, error.code, error.title = 404, "not_found", "There is no such page or record for you"
    elif isinstance(exc, RequestDataTooBig):
        return TooLarge()
    elif isinstance(exc, SuspiciousOperation):  # thousands of parameters, for one
        error.status, error.code, error.title = 400, "bad_request", "The request could not be read"
    elif isinstance(exc, exceptions.UnsupportedMediaType):
        error.status, error.code, error.title = 415, "unsupported_media_type", "This content type is not accepted"
    elif isinstance(exc, exceptions.ParseError):
        error.status, error.code, error.title = 422, "not_json", "The body is not JSON"
        error.cure = "Send valid JSON in UTF-8."
    elif isinstance(exc, exceptions.APIException):
        error.status = exc.status_code
        error.code, error.title = _CODES.get(exc.status_code, "refused"), str(exc.detail)
    else:
        logger.exception("an API call failed", exc_info=exc)
        error.status, error.code, error.title = 500, "internal", "Something failed on our side"
        error.cure = "Try again; the failure is in our log under the request id."
    error.detail = error.title
    return error
