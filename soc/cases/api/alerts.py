"""POST /api/v1/alerts: what a sensor sends is stored before it is answered. A plain view: this is the busiest door."""

from dataclasses import replace
from typing import Any

import orjson
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.views import APIView

from soc.cases.api.shapes import POSTED, TAKEN
from soc.cases.intake.splitting import Posting, key_is_valid, split
from soc.cases.operations.intake import ItemAnswer, admit, receive, take
from soc.cases.policies import may_post_alerts
from tenants.actors import Actor
from tenants.errors import Conflict, DomainError, Invalid, NotAllowed, TooLarge, Unauthenticated, UnsupportedForm, require
from tenants.gates.identifying import request_actor
from tenants.gates.opening import note_refusal, opened
from tenants.gates.problems import answer
from tenants.gates.sensors import remember_sensor, sensor_seen

MOST_BYTES = 32 * 1024 * 1024
SMALL_BYTES = 64 * 1024  # a larger body is read when its key was looked up, and does not hold up the key's next one while it is stored
JSON, NDJSON = "application/json", "application/x-ndjson"
COUNTED = {"accepted": "accepted", "repeated": "repeated", "conflict": "refused", "refused": "refused"}
RETRY_SECONDS = 5


class MethodNotAllowed(DomainError):
    """The route takes alerts only."""

    code, status, title = "method_not_allowed", 405, "This address takes POST only"


class Unavailable(DomainError):
    """The database cannot be reached: nothing was taken, the sender keeps it."""

    code, status, title = "unavailable", 503, "The intake cannot store anything now"


@csrf_exempt
def post_alerts(request: Any) -> HttpResponse:
    """One alert, an array, or NDJSON, from a sensor key. Answers after the commit."""
    try:
        return _taken_with_care(request, _body_of(request))
    except (OperationalError, InterfaceError):
        return _unavailable()


def taken_at_once(request: Any) -> HttpResponse | None:
    """The way of nearly every post: a sensor met before, a small body, good alerts. None sends it to `post_alerts`."""
    sensor = sensor_seen(request.META.get("HTTP_AUTHORIZATION", ""))
    length = request.META.get("CONTENT_LENGTH") or ""
    if sensor is None or request.method != "POST" or not length.isdigit() or int(length) > SMALL_BYTES:
        return None
    try:
        posting = _read(request, sensor.actor, _body_of(request))
        answers = take(items=posting.items, opening=sensor.opening, by=sensor.actor)
    except (OperationalError, InterfaceError):
        return _unavailable()
    except DomainError:
        return None
    return _answered(answers, posting) if answers else None


def _unavailable() -> HttpResponse:
    return answer(Unavailable(retry_after=RETRY_SECONDS, cure=f"Send it again after {RETRY_SECONDS} seconds."))


def _taken_with_care(request: Any, body: "_Body") -> HttpResponse:
    actor = request_actor(request)
    remember_sensor(request.META.get("HTTP_AUTHORIZATION", ""), actor)
    return answer(Unauthenticated()) if actor is None else _taken(request, actor, body)


def _taken(request: Any, actor: Actor, body: "_Body") -> HttpResponse:
    try:
        posting = _read(request, actor, body)
        with opened(actor):  # of its own, so that a long batch does not hold up the key's next one
            admit(count=len(posting.items), by=actor)
        with opened(actor):
            answers = receive(items=posting.items, by=actor)
        return _answered(answers, posting)
    except DomainError as error:
        note_refusal(actor, error, request.method, request.path)
        return answer(error)


class _Body:
    """The bytes of a request, read when they are wanted and not before; the careful way may want them again."""

    def __init__(self, request: Any) -> None:
        self.request = request
        self.read: bytes | None = None

    def bytes(self) -> bytes:
        if self.read is None:
            self.read = self.request.read(MOST_BYTES + 1)  # a chunked body does not say how long it is
        return self.read


def _body_of(request: Any) -> _Body:
    body: _Body = request.__dict__.setdefault("alerts_body", _Body(request))
    return body


def _read(request: Any, actor: Actor, body: _Body) -> Posting:
    """Everything that is refused before anything is stored, in the order of refusals; then the items."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    require(not length.isdigit() or int(length) <= MOST_BYTES, TooLarge(limit_bytes=MOST_BYTES))
    ndjson = _is_ndjson(request)
    require(may_post_alerts(actor), NotAllowed("Alerts are posted with a sensor key."))
    require(request.method == "POST", MethodNotAllowed())
    sent = body.bytes()
    require(len(sent) <= MOST_BYTES, TooLarge(limit_bytes=MOST_BYTES))
    return _with_key(split(sent, ndjson=ndjson), request.META.get("HTTP_IDEMPOTENCY_KEY", ""))


def _is_ndjson(request: Any) -> bool:
    kind, _, parameters = (request.META.get("CONTENT_TYPE") or JSON).lower().partition(";")
    kind = kind.strip()
    charset = parameters.replace(" ", "").replace('"', "").partition("charset=")[2].split(";")[0]
    taken = request.method != "POST" or (kind in (JSON, NDJSON) and charset in ("", "utf-8", "utf8"))
    require(taken, UnsupportedForm(cure=f"Send {JSON} or {NDJSON}, in UTF-8."))
    encoding = request.META.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    require(encoding in ("", "identity"), UnsupportedForm("Content encodings are not accepted.", cure="Send the body as it is."))
    return kind == NDJSON


def _with_key(posting: Posting, key: str) -> Posting:
    """The header names one alert; the items of a batch have keys of their own."""
    if not key or not posting.single:
        return posting
    wrong = Invalid("The idempotency key cannot be used.", field="Idempotency-Key", cure="Send 1 to 255 printable ASCII characters.")
    wrong.code = "bad_idempotency_key"
    require(key_is_valid(key), wrong)
    return Posting((replace(posting.items[0], key=key),), single=True)


def _answered(answers: tuple[ItemAnswer, ...], posting: Posting) -> HttpResponse:
    counts = {"accepted": 0, "repeated": 0, "refused": 0}
    for one in answers:
        counts[COUNTED[one.status]] += 1
    body = {**counts, "items": [_item(one) for one in answers]}
    if posting.single and answers[0].problem is not None:
        return answer(_refusal(answers[0], body))
    return HttpResponse(orjson.dumps(body), status=202, content_type=JSON)


def _item(one: ItemAnswer) -> dict[str, Any]:
    found = {"index": one.index, "receipt": one.receipt, "status": one.status}
    return {**found, "problem": one.problem} if one.problem else found


def _refusal(one: ItemAnswer, body: dict[str, Any]) -> DomainError:
    """A single alert that was not taken: a conflict, or kept and not understood (its receipt is in the answer)."""
    problem = one.problem or {}
    kind = Conflict if one.status == "conflict" else Invalid
    about = {**body, "receipt": one.receipt}
    error = kind(problem.get("detail", ""), field=problem.get("field") or None, cure=problem.get("cure", ""), **about)
    error.code = problem.get("code", error.code)
    return error


class PostAlerts(APIView):
    """What the API's schema says of this door; requests never reach it."""

    refusals = frozenset({400, 401, 403, 409, 413, 415, 422, 429, 503})

    @extend_schema(
        operation_id="post_alerts",
        summary="Post one alert, an array, or NDJSON",
        parameters=[OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, description="Of one alert, not of a batch.")],
        request={JSON: POSTED, NDJSON: {"type": "string"}},
        responses={202: TAKEN},
    )
    def post(self, request: Any) -> None:
        raise NotImplementedError("post_alerts answers")


# Schema generators look for a view's class here.
post_alerts.cls, post_alerts.initkwargs = PostAlerts, {}  # type: ignore[attr-defined]
