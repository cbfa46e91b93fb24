"""The library of playbooks as pages: the shelf, and each book read aloud."""

from typing import Any

from django.urls import reverse

from playbooks.operations.starting import start_on_case
from playbooks.pages.picture import picture
from playbooks.queries.reading import book_of, shelf
from tenants.gates.navigation import READERS
from tenants.gates.pages import Page


class LibraryPage(Page):
    """`/playbooks/`: every book, when it starts, and how much it ran."""

    roles = READERS | {"admin"}

    def get(self, request: Any) -> Any:
        return self.page("playbooks/library.html", at=self.actor.now(), books=shelf(self.actor))


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
