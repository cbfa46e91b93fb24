"""Routes of scorecards and standings."""

from django.urls import URLPattern, URLResolver, path

from soc.scorecards.api.scorecards import EvidenceApi, ScorecardApi
from soc.scorecards.api.standings import StandingsApi

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/scorecards/<str:agency>", ScorecardApi.as_view(), name="scorecard-api"),
    path("api/v1/scorecards/<str:agency>/evidence", EvidenceApi.as_view(), name="scorecard-evidence-api"),
    path("api/v1/standings", StandingsApi.as_view(), name="standings-api"),
]
