"""Reading the journal as the measures need it."""

from collections.abc import Iterable
from itertools import groupby

from soc.scorecards.folding import HEARD, Folded, Told, fold
from tenants.journal.subscribing import as_event, kind_of
from tenants.models import Entry

KINDS = [kind_of(event) for event in HEARD]


def case_from_journal(*, agency_id: int, subject: str) -> Folded | None:
    """One case folded from its entries. One query."""
    return fold(_told(Entry.objects.filter(agency_id=agency_id, subject=subject, kind__in=KINDS).order_by("id")))


def cases_from_journal(*, agency_id: int, up_to: int | None = None) -> list[tuple[str, Folded]]:
    """Every case of an agency with its subject, from the journal alone, up to a position. One query, streamed by subject."""
    entries = Entry.objects.filter(agency_id=agency_id, kind__in=KINDS)
    if up_to is not None:
        entries = entries.filter(id__lte=up_to)
    found = []
    for subject, told in groupby(entries.order_by("subject", "id").iterator(), key=lambda entry: entry.subject):
        folded = fold(_told(told))
        if folded is not None:
            found.append((subject, folded))
    return found


def _told(entries: Iterable[Entry]) -> Iterable[Told]:
    return (Told(entry.pk, entry.at, as_event(entry.kind, entry.data)) for entry in entries)
