"""Alive, ready, and in numbers."""

import ipaddress
import logging
from datetime import UTC, datetime
from typing import Any

from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View
from drf_spectacular.utils import extend_schema, inline_serializer
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from soc.health.queries.depths import publish_depths
from soc.health.queries.readiness import readiness
from tenants.gates.identifying import bearer_actor

log = logging.getLogger(__name__)

_STATUS = inline_serializer("Alive", {"status": serializers.CharField()})
_READY = inline_serializer(
    "Ready",
    {
        "status": serializers.ChoiceField(["ok", "degraded", "unavailable"]),
        "database": serializers.CharField(),
        "migrations": serializers.CharField(),
        "broker": serializers.CharField(),
        "sockets": serializers.CharField(),
    },
)


class Alive(APIView):
    """The process lives."""

    @extend_schema(operation_id="healthz", summary="The process lives", auth=[], responses={200: _STATUS})
    def get(self, request: Request) -> Response:
        """Says so and asks nothing else."""
        return Response({"status": "ok"})


class Ready(APIView):
    """The process can do its work."""

    @extend_schema(operation_id="readyz", summary="Each dependency and its state", auth=[], responses={200: _READY, 503: _READY})
    def get(self, request: Request) -> Response:
        """503 when people cannot be served; a missing doorbell only slows the work."""
        state = readiness()
        return Response(state.document(), status=503 if state.status == "unavailable" else 200)


@method_decorator(csrf_exempt, name="dispatch")
class Metrics(View):
    """What Prometheus reads, for this machine or an admin's token; strangers get what any unknown address gives."""

    http_method_names = ["get", "head"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Whoever may not know of it learns nothing, whatever the method."""
        if not (from_this_machine(request) or by_an_admin(request)):
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        """The text form of every measure."""
        try:
            publish_depths(datetime.now(UTC))
        except DatabaseError:
            # The process's own figures are wanted most when the database is away.
            log.warning("the queues could not be measured")
        return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def from_this_machine(request: Any) -> bool:
    """Whether the caller's address is loopback and no proxy spoke for somebody else."""
    if "HTTP_X_FORWARDED_FOR" in request.META or "HTTP_FORWARDED" in request.META:
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def by_an_admin(request: Any) -> bool:
    """Whether the call carries the token of a programme's admin."""
    actor = bearer_actor(request.META.get("HTTP_AUTHORIZATION", ""))
    return actor is not None and actor.role == "admin"
