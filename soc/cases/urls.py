"""Routes of the work."""

from django.urls import URLPattern, URLResolver, path

from soc.cases.api import alerts, balance, cases, dead_letters, receipts
from soc.cases.pages import case, lists, queue, sources, suppressions
from soc.cases.pages import dead_letters as dead_letters_pages

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/alerts", alerts.post_alerts, name="alerts-api"),
    path("api/v1/receipts/<str:receipt>", receipts.ReceiptOfItem.as_view(), name="receipt-api"),
    path("api/v1/intake/balance", balance.IntakeBalance.as_view(), name="balance-api"),
    path("api/v1/dead-letters", dead_letters.DeadLetters.as_view(), name="dead-letters-api"),
    path("api/v1/dead-letters/<str:letter>/replay", dead_letters.ReplayDeadLetter.as_view(), name="replay-api"),
    path("api/v1/cases", cases.CasesView.as_view(), name="cases-api"),
    path("api/v1/cases/<str:number>", cases.CaseView.as_view(), name="case-api"),
    path("api/v1/cases/<str:number>/<slug:verb>", cases.CaseVerbView.as_view(), name="case-verb-api"),
]

# Pages.
urlpatterns += [
    path("queue/", queue.QueuePage.as_view(), name="queue"),
    path("search/", lists.SearchPage.as_view(), name="search"),
    path("cases/", lists.CasesPage.as_view(), name="cases"),
    path("cases/new/", lists.NewCasePage.as_view(), name="case-new"),
    path("cases/<str:number>/", case.CasePage.as_view(), name="case"),
    path("cases/<str:number>/preview/", queue.CasePreview.as_view(), name="case-preview"),
    path("cases/<str:number>/close/", case.ClosePage.as_view(), name="case-close"),
    path("cases/<str:number>/release/", case.ReleasePage.as_view(), name="case-release"),
    path("cases/<str:number>/<slug:verb>/", case.VerbPage.as_view(), name="case-verb"),
]

# What is tended beside the cases.
urlpatterns += [
    path("dead-letters/", dead_letters_pages.DeadLettersPage.as_view(), name="dead-letters"),
    path("dead-letters/csv/", dead_letters_pages.DeadLettersCsv.as_view(), name="dead-letters-csv"),
    path("dead-letters/<uuid:letter>/", dead_letters_pages.DeadLetterPage.as_view(), name="dead-letter"),
    path("suppressions/", suppressions.SuppressionsPage.as_view(), name="suppressions"),
    path("suppressions/<uuid:suppression>/end/", suppressions.EndSuppression.as_view(), name="suppression-end"),
    path("sources/", sources.SourcesPage.as_view(), name="sources"),
]
