"""Dead letters: what could not be understood, with its bytes, its cure, and a way back."""

import json
from typing import Any

from django.urls import reverse

from soc.cases.operations.dead_letters import replay
from soc.cases.queries.intake import dead_letters
from soc.cases.queries.letters import letter_of, letters_for_export
from tenants.errors import Invalid, NotAllowed, require
from tenants.gates.exports import csv_answer
from tenants.gates.pages import Page

# An analyst knows that there are some; the query refuses to show them.
KNOWING = frozenset({"analyst", "watch_lead", "admin", "auditor"})
# Fields of a mapping that may name several places, written one a line.
SEVERAL = ("entities", "observables", "techniques")


class DeadLettersPage(Page):
    """`/dead-letters/`: every one of the reader's agencies, newest first."""

    roles = KNOWING

    def get(self, request: Any) -> Any:
        agency = request.GET.get("agency", "").replace("\x00", "")
        letters, following = dead_letters(reader=self.actor, agency=agency, cursor=request.GET.get("cursor", ""))
        return self.page(
            "cases/dead_letters.html", letters=letters, following=following, agency=agency, first=not request.GET.get("cursor")
        )


class DeadLettersCsv(Page):
    """`/dead-letters/csv/`: times, sources and problems, without the bytes."""

    roles = KNOWING

    def get(self, request: Any) -> Any:
        agency = request.GET.get("agency", "").replace("\x00", "")
        rows = letters_for_export(reader=self.actor, agency=agency)
        return csv_answer("dead-letters", ("id", "agency", "source", "received_at", "code", "problem", "field", "cure"), rows)


class DeadLetterPage(Page):
    """`/dead-letters/<id>/`: one of them; a posted form replays it with a corrected body or a mapping."""

    roles = KNOWING
    done = "The alert is pending again, under its own receipt and key."

    def get(self, request: Any, letter: Any) -> Any:
        return self.page("cases/dead_letter.html", letter=letter_of(letter=str(letter), reader=self.actor))

    def act(self, data: Any) -> str:
        letter = str(self.kwargs["letter"])
        # Who may not do it hears that, whatever is wrong with what they typed.
        require(letter_of(letter=letter, reader=self.actor).may_replay, NotAllowed())
        if data.get("way") == "mapping":
            replay(letter=letter, by=self.actor, mapping=_mapping(data))
        else:
            replay(letter=letter, by=self.actor, body=_body(data.get("body", "")))
        return reverse("dead-letters")


def _body(text: str) -> Any:
    """The corrected alert, or what is wrong with it: the operation refuses it in its turn."""
    try:
        return json.loads(text)
    except RecursionError:
        return Invalid("The corrected alert is nested too deeply.", field="body", cure="Send it flatter.")
    except ValueError as error:
        where = f"line {error.lineno}, character {error.colno}" if isinstance(error, json.JSONDecodeError) else "the beginning"
        return Invalid("The corrected alert is not JSON.", field="body", cure=f"Look at {where}: it cannot be read from there on.")


def _mapping(data: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in data:
        field = name.removeprefix("map_")
        pointers = [line.strip() for line in data.get(name, "").splitlines() if line.strip()]
        if field != name and pointers:
            found[field] = pointers if field in SEVERAL and len(pointers) > 1 else pointers[0]
    return found
