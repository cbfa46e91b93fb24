"""Routes of the playbooks."""

from django.urls import URLPattern, URLResolver, path

from playbooks.api import approvals, runs

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/runs", runs.RunsView.as_view(), name="runs-api"),
    path("api/v1/runs/<str:run>", runs.RunPageView.as_view(), name="run-api"),
    path("api/v1/approvals", approvals.ApprovalsView.as_view(), name="approvals-api"),
    path("api/v1/approvals/<str:approval>/vote", approvals.VoteView.as_view(), name="vote-api"),
]
