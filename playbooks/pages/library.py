"""The library of playbooks as pages: the shelf, and each book read aloud."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from playbooks.operations.starting import start_on_case
from playbooks.pages.picture import picture
from playbooks.queries.reading import Shelved, book_of, shelf
from tenants.gates.navigation import READERS
from tenants.gates.pages import Page

SIGNATURES = (
    ("trusted", "Signed, trusted"),
    ("untrusted", "Signed, not trusted"),
    ("bad", "Signature does not count"),
    ("none", "Not signed"),
)
CHECKS = (("clean", "No finding"), ("found", "With findings"))


def fits(one: Shelved, wanted: Mapping[str, str]) -> bool:
    """Whether a book is one of those that a reader asked for; an empty word asks for all."""
    text = f"{one.book.name} {one.book.description} {' '.join(one.book.triggers)} {one.standing.said}".lower()
    if not all(word in text for word in wanted["q"].lower().split()):
        return False
    if wanted["signed"] and wanted["signed"] != one.standing.state:
        return False
    return not wanted["check"] or wanted["check"] == ("found" if one.standing.findings else "clean")


class LibraryPage(Page):
    """`/playbooks/`: every book, who signed it, what the check has of it, when it starts, and how much it ran."""

    roles = READERS | {"admin"}

    def get(self, request: Any) -> Any:
        wanted = {name: request.GET.get(name, "").replace("\x00", "").strip()[:100] for name in ("q", "signed", "check")}
        every = shelf(self.actor)
        shown = [one for one in every if fits(one, wanted)]
        more = {"signatures": SIGNATURES, "checks": CHECKS}
        return self.page("playbooks/library.html", at=self.actor.now(), books=shown, count=len(every), wanted=wanted, **more)


class BookPage(Page):
    """`/playbooks/<slug>/`: one book step by step, and the form that starts it on a case."""

    roles = READERS | {"admin"}

    def get(self, request: Any, book: str) -> Any:
        seen = book_of(book, self.actor)
        states = {step.id: ("plain", step.name, "Asks for a vote" if step.asks else step.does or step.who) for step in seen.steps}
        return self.page(
            "playbooks/book.html",
            at=self.actor.now(),
            book=seen,
            picture=picture(seen.drawing, states, ""),
            case=request.GET.get("case", ""),
        )

    def act(self, data: Any) -> str:
        run = start_on_case(number=data.get("case"), book=self.kwargs["book"], why=data.get("why"), by=self.actor)
        self.done = "The run has begun. Whatever it asks, another person approves."
        return reverse("run", args=[run.public_id])
