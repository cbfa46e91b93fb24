"""One plain view: a token from a cache, one autocommit INSERT; a batch is one bulk_create."""

import json
import time
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from bench.minimal.models import Alert

TOKEN_SECONDS = 60.0
_tokens: dict[str, float] = {}


def known(header: str) -> bool:
    """Whether the token is in the cache; the first one of a minute stands for the look-up."""
    now = time.monotonic()
    if _tokens.get(header, 0) < now:
        _tokens[header] = now + TOKEN_SECONDS
    return header.startswith("Bearer ")


@csrf_exempt
def post_alerts(request: HttpRequest) -> JsonResponse:
    """Store one alert, or one a line."""
    if not known(request.headers.get("Authorization", "")):
        return JsonResponse({"detail": "unknown"}, status=401)
    if request.content_type == "application/x-ndjson":
        lines = [line for line in request.body.split(b"\n") if line]
        Alert.objects.bulk_create([_alert(line) for line in lines])
        return JsonResponse({"accepted": len(lines)}, status=202)
    alert = _alert(request.body)
    alert.save(force_insert=True)
    return JsonResponse({"id": alert.pk}, status=202)


def _alert(raw: bytes) -> Alert:
    sent: dict[str, Any] = json.loads(raw)
    return Alert(sensor=1, title=str(sent.get("title", "")), raw=raw)


urlpatterns = [path("api/v1/alerts", post_alerts)]
