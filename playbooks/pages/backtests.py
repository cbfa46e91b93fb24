"""Asking on a page what a book would have done on past cases, and reading the answer."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.urls import reverse

from playbooks.operations.backtesting import MOST_DAYS, MOST_SUBJECTS, OWN, ask_backtest
from playbooks.queries.backtests import agencies_for, answer_of, as_json, asked_of, every_subject
from tenants.gates.exports import csv_answer
from tenants.gates.navigation import READERS
from tenants.gates.pages import Page

HEADS = ("case", "agency", "opened_at", "outcome", "why", "human_minutes_estimated", "step", "action", "targets", "approval", "problem")


class BacktestsPage(Page):
    """`/playbooks/<slug>/backtests/`: the questions about a book, and the form that asks another."""

    roles = READERS

    def get(self, request: Any, book: str) -> Any:
        found, asked = asked_of(book, self.actor)
        return self.page(
            "playbooks/backtests.html",
            at=self.actor.now(),
            book=found,
            asked=asked,
            agencies=agencies_for(self.actor),
            most={"days": MOST_DAYS, "cases": MOST_SUBJECTS},
            way=request.POST.get("way", OWN),
        )

    def act(self, data: Any) -> str:
        book = self.kwargs["book"]
        asked = {name: data.get(name, "") for name in ("days", "rule")}
        agencies = [one for one in data.getlist("agency") if one]
        question = ask_backtest(book=book, **asked, way=data.get("way", OWN), agencies=agencies, by=self.actor)
        self.done = "The question is asked. Workers look at the cases now; this page follows them."
        return reverse("backtest", args=[book, question])


class BacktestPage(Page):
    """`/playbooks/<slug>/backtests/<question>/`: how far the answer is, its figures, and what would have come of each case."""

    roles = READERS

    def get(self, request: Any, book: str, question: Any) -> Any:
        found = answer_of(book, question, self.actor, cursor=request.GET.get("cursor", ""))
        return self.page("playbooks/backtest.html", at=self.actor.now(), answer=found)


class BacktestExport(Page):
    """`/playbooks/<slug>/backtests/<question>/export/`: the figures as JSON, or a line for each action of each case as CSV."""

    roles = READERS

    def get(self, request: Any, book: str, question: Any) -> HttpResponse:
        if request.GET.get("kind") == "csv":
            return csv_answer(f"backtest-{book}", HEADS, self.rows(book, question))
        found = {**as_json(answer_of(book, question, self.actor)), **({"data": "Simulated data"} if settings.SIMULATED else {})}
        answer = JsonResponse(found)
        answer["Content-Disposition"] = f'attachment; filename="{"simulated-" if settings.SIMULATED else ""}backtest-{book}.json"'
        return answer

    def rows(self, book: str, question: Any) -> Any:
        """One line an action; a case without any has one too."""
        for one in every_subject(book, question, self.actor):
            head = (one.about.number, one.acronym, one.happened_at, one.outcome, one.reason, one.minutes)
            for did in one.actions or ({},):
                targets = ", ".join(did.get("targets", ()))
                yield (*head, did.get("name"), did.get("action"), targets, did.get("asks"), did.get("problem"))
