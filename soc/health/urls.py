"""Addresses of the probes, of the page of queues and of the API's schema."""

from django.urls import path
from drf_spectacular.views import SpectacularJSONAPIView

from soc.health.api.probes import Alive, Metrics, Ready
from soc.health.pages.queues import QueuesPage

urlpatterns = [
    path("healthz", Alive.as_view(), name="healthz"),
    path("readyz", Ready.as_view(), name="readyz"),
    path("metrics", Metrics.as_view(), name="metrics"),
    path("queues/", QueuesPage.as_view(), name="queues"),
    path("api/schema/", SpectacularJSONAPIView.as_view(), name="schema"),
]
