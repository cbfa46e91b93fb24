"""Routes of the playbooks."""

from django.urls import URLPattern, URLResolver, path

from playbooks.api import approvals, forking, moving, runs, undoing
from playbooks.pages import approvals as approval_pages
from playbooks.pages import backtests as backtest_pages
from playbooks.pages import draft as draft_page
from playbooks.pages import drafts as draft_pages
from playbooks.pages import library as library_pages
from playbooks.pages import logs as log_pages
from playbooks.pages import moving as moving_pages
from playbooks.pages import ruling as ruling_pages
from playbooks.pages import running as running_pages
from playbooks.pages import runs as run_pages
from playbooks.pages import signers as signer_pages
from playbooks.pages import undoing as undoing_pages
from playbooks.pages import versions as version_pages

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/runs", runs.RunsView.as_view(), name="runs-api"),
    path("api/v1/runs/<str:run>", runs.RunPageView.as_view(), name="run-api"),
    path("api/v1/runs/<str:run>/move", moving.MoveView.as_view(), name="run-move-api"),
    path("api/v1/runs/<str:run>/cancel", undoing.CancelView.as_view(), name="run-cancel-api"),
    path("api/v1/runs/<str:run>/undo", undoing.UndoView.as_view(), name="run-undo-api"),
    path("api/v1/runs/<str:run>/undo/until", undoing.UntilView.as_view(), name="run-undo-until-api"),
    path("api/v1/runs/<str:run>/forks", forking.ForksView.as_view(), name="run-forks-api"),
    path("api/v1/approvals", approvals.ApprovalsView.as_view(), name="approvals-api"),
    path("api/v1/approvals/<str:approval>/vote", approvals.VoteView.as_view(), name="vote-api"),
    path("api/v1/approvals/<str:approval>/break-glass", approvals.BreakGlassView.as_view(), name="break-glass-api"),
    path("api/v1/approvals/<str:approval>/review", approvals.ReviewView.as_view(), name="review-api"),
    # Pages
    path("approvals/", approval_pages.ApprovalsPage.as_view(), name="approvals"),
    path("approvals/<uuid:approval>/", approval_pages.ApprovalPage.as_view(), name="approval"),
    path("approvals/<uuid:approval>/vote/", approval_pages.VotePage.as_view(), name="approval-vote"),
    path("approvals/<uuid:approval>/break-glass/", approval_pages.BreakGlassPage.as_view(), name="approval-break"),
    path("approvals/<uuid:approval>/review/", approval_pages.ReviewPage.as_view(), name="approval-review"),
    path("runs/", running_pages.RunsPage.as_view(), name="runs"),
    path("runs/export/", running_pages.RunsFilePage.as_view(), name="runs-export"),
    path("runs/<uuid:run>/", run_pages.RunPage.as_view(), name="run"),
    path("runs/<uuid:run>/log/", log_pages.RunLogPage.as_view(), name="run-log"),
    path("runs/<uuid:run>/steps/<uuid:step>/answer/", run_pages.AnswerPage.as_view(), name="run-answer"),
    path("runs/<uuid:run>/cancel/", undoing_pages.CancelPage.as_view(), name="run-cancel"),
    path("runs/<uuid:run>/undo/", undoing_pages.UndoPage.as_view(), name="run-undo"),
    path("runs/<uuid:run>/undo/until/", undoing_pages.UntilPage.as_view(), name="run-undo-until"),
    path("runs/<uuid:run>/move/", moving_pages.MovePage.as_view(), name="run-move"),
    path("playbooks/", library_pages.LibraryPage.as_view(), name="playbooks"),
    path("playbooks/import/", version_pages.ImportPage.as_view(), name="playbook-import"),
    path("playbooks/drafts/", draft_pages.DraftsPage.as_view(), name="drafts"),
    path("playbooks/drafts/<uuid:draft>/", draft_page.DraftPage.as_view(), name="draft"),
    path("playbooks/drafts/<uuid:draft>/publish/", draft_pages.PublishPage.as_view(), name="draft-publish"),
    path("playbooks/drafts/<uuid:draft>/discard/", draft_pages.DiscardPage.as_view(), name="draft-discard"),
    path("playbooks/drafts/<uuid:draft>/try/", draft_pages.TryPage.as_view(), name="draft-try"),
    path("playbooks/signers/", signer_pages.SignersPage.as_view(), name="playbook-signers"),
    path("playbooks/signers/policies/", signer_pages.SignaturePoliciesPage.as_view(), name="playbook-signature-policies"),
    path("playbooks/signers/<uuid:signer>/", signer_pages.SignerPage.as_view(), name="playbook-signer"),
    path("playbooks/<slug:book>/versions/", version_pages.VersionsPage.as_view(), name="playbook-versions"),
    path("playbooks/<slug:book>/rules/", ruling_pages.RulesPage.as_view(), name="playbook-rules"),
    path("playbooks/<slug:book>/backtests/", backtest_pages.BacktestsPage.as_view(), name="backtests"),
    path("playbooks/<slug:book>/backtests/<uuid:question>/", backtest_pages.BacktestPage.as_view(), name="backtest"),
    path("playbooks/<slug:book>/backtests/<uuid:question>/export/", backtest_pages.BacktestExport.as_view(), name="backtest-export"),
    path("playbooks/<slug:book>/export/", version_pages.ExportPage.as_view(), name="playbook-export"),
    path("playbooks/<slug:book>/", library_pages.BookPage.as_view(), name="playbook"),
]
