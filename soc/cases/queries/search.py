"""Search: cases by number, words of the title, or an observable, the newest first."""

from dataclasses import dataclass

from soc.cases.queries.case import CaseView, list_of_cases
from soc.cases.queries.filters import MOST_Q, CaseFilters
from tenants.actors import Actor


@dataclass(frozen=True)
class Found:
    """One page of what was found; `words` is what was looked for."""

    words: str
    cases: tuple[CaseView, ...]
    next: str | None
    exact: str | None = None  # the one case whose number this is


def find(text: str, reader: Actor, *, cursor: str = "") -> Found:
    """The cases that `reader` may know of and that match `text`; an observable may be written harmlessly. 3 queries.

    A liaison is told of released observables only. Text that says nothing finds nothing. Raises Invalid (`cursor`).
    """
    words = text.replace("\x00", "").strip()[:MOST_Q]
    if not words:
        return Found("", (), None)
    page = list_of_cases(wanted=CaseFilters(q=words), reader=reader, cursor=cursor, bare=True)
    only = page.cases[0] if len(page.cases) == 1 and not cursor else None
    return Found(words, page.cases, page.next, only.number if only and only.number == words.upper() else None)
