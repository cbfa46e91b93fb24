"""Lists of cases: an agency's own, what a search finds, and the form for one more."""

from typing import Any

from django.http import HttpResponseRedirect
from django.urls import reverse

from soc.cases.operations.opening import open_by_hand
from soc.cases.pages.case import CASE_READERS
from soc.cases.queries.case import list_of_cases
from soc.cases.queries.filters import CaseFilters
from soc.cases.queries.queue import agencies_of as agencies_read_by
from soc.cases.queries.queue import next_clock
from soc.cases.queries.search import find
from soc.cases.states import CaseState, Severity
from tenants.gates.context import agencies_of
from tenants.gates.navigation import FLOOR
from tenants.gates.pages import Page

STATES = (("open", "Open"), *CaseState.choices)


class CasesPage(Page):
    """`/cases/`: every case that the reader may know of, the newest first."""

    roles = CASE_READERS

    def get(self, request: Any) -> Any:
        asked = {name: request.GET.get(name, "").replace("\x00", "").strip()[:300] for name in ("q", "severity", "state")}
        known = {"severity": Severity.values, "state": [value for value, _ in STATES]}
        asked = {name: value if value in known.get(name, [value]) else "" for name, value in asked.items()}
        at = self.actor.now()
        found = list_of_cases(wanted=CaseFilters(**asked), reader=self.actor, cursor=request.GET.get("cursor", ""), at=at, bare=True)
        query = request.GET.copy()
        query.pop("cursor", None)
        own = {agency.slug for agency in agencies_of(request) if agency.pk == self.actor.agency_id}
        slugs = {case.agency for case in found.cases} | own
        return self.page(
            "cases/cases.html",
            at=at,
            asked=asked,
            narrowed=any(asked.values()),
            cases=[(case, next_clock(case.clocks)) for case in found.cases],
            next=found.next,
            first=not request.GET.get("cursor"),
            carried=query.urlencode(),
            severities=tuple(reversed(Severity.choices)),
            states=STATES,
            topics=",".join(f"agency.{slug}.queue" for slug in sorted(slugs)),
        )


class SearchPage(Page):
    """`/search/?q=`: cases by number, words or observable; a whole number leads straight to its case."""

    roles = CASE_READERS

    def get(self, request: Any) -> Any:
        found = find(request.GET.get("q", ""), self.actor, cursor=request.GET.get("cursor", ""))
        if found.exact:
            return HttpResponseRedirect(reverse("case", args=[found.exact]))
        at = self.actor.now()
        cases = [(case, next_clock(case.clocks)) for case in found.cases]
        return self.page("cases/search.html", at=at, found=found, cases=cases, next=found.next, search_words=found.words)


class NewCasePage(Page):
    """`/cases/new/`: a case without an alert: somebody called."""

    roles = FLOOR
    done = "The case is open and its clocks run."

    def get(self, request: Any) -> Any:
        return self.page("cases/new.html", agencies=agencies_read_by(self.actor), severities=tuple(reversed(Severity.choices)))

    def act(self, data: Any) -> str:
        asked = {name: data.get(name) for name in ("agency", "title", "severity", "reason")}
        return reverse("case", args=[open_by_hand(**asked, by=self.actor).number])
