"""Routes of scorecards and standings."""

from django.urls import URLPattern, URLResolver, path

from soc.scorecards.api.scorecards import EvidenceApi, ScorecardApi
from soc.scorecards.api.standings import StandingsApi
from soc.scorecards.pages.scorecard import EvidenceCsv, ScorecardPage
from soc.scorecards.pages.standings import StandingsCsv, StandingsView

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/scorecards/<str:agency>", ScorecardApi.as_view(), name="scorecard-api"),
    path("api/v1/scorecards/<str:agency>/evidence", EvidenceApi.as_view(), name="scorecard-evidence-api"),
    path("api/v1/standings", StandingsApi.as_view(), name="standings-api"),
    path("standings/", StandingsView.as_view(), name="standings"),
    path("standings/csv/", StandingsCsv.as_view(), name="standings-csv"),
    path("scorecards/<str:slug>/", ScorecardPage.as_view(), name="scorecard"),
    path("scorecards/<str:slug>/csv/", EvidenceCsv.as_view(), name="scorecard-csv"),
]
