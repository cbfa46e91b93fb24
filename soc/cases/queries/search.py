"""The search box: cases by number, words of the title, or an observable in any spelling."""

from dataclasses import dataclass
from datetime import datetime

from soc.cases.queries.filters import matching, readable, seen_in
from soc.cases.states import CaseState, Severity
from tenants.actors import Actor

MOST_HITS = 50


@dataclass(frozen=True)
class Hit:
    """One case that was found, and by what: `number`, `observable` or `title`."""

    number: str
    title: str
    agency: str
    agency_acronym: str
    severity: str
    severity_label: str
    state: str
    state_label: str
    opened_at: datetime
    by: str


@dataclass(frozen=True)
class Found:
    """What a search found, the newest first; `more` when there is more than is shown."""

    text: str
    hits: tuple[Hit, ...]
    more: bool


def find(text: str, reader: Actor) -> Found:
    """Search within the reader's rights; nothing is found for an empty text. 3 queries. Raises Invalid (field `q`)."""
    text = text.strip()
    if not text:
        return Found("", (), False)
    rows = readable(reader).filter(matching(text, reader)).select_related("agency").order_by("-opened_at", "-id")
    found = list(rows[: MOST_HITS + 1])
    seen = set(seen_in(text, reader))

    def by(number: str, key: int) -> str:
        if number.upper().endswith(text.upper().lstrip("0") or "0"):
            return "number"
        return "observable" if key in seen else "title"

    hits = tuple(
        Hit(
            number=case.number,
            title=case.title,
            agency=case.agency.slug,
            agency_acronym=case.agency.acronym,
            severity=str(case.severity),
            severity_label=Severity(case.severity).label,
            state=str(case.state),
            state_label=CaseState(case.state).label,
            opened_at=case.opened_at,
            by=by(case.number, case.pk),
        )
        for case in found[:MOST_HITS]
    )
    return Found(text, hits, len(found) > MOST_HITS)
