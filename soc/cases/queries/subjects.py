"""Cases as subjects of playbooks and clocks: from a number to `case:42` and back."""

from collections.abc import Iterable
from typing import Any

from soc.cases.models import Case
from soc.cases.queries.facts import facts_of
from soc.cases.queries.filters import readable as readable_cases
from tenants.actors import Actor


def subject_of(number: str, reader: Actor) -> str | None:
    """The subject of a number that `reader` may read, or None. One query."""
    if not reader.reads_cases or "\x00" in number:
        return None
    found = readable_cases(reader).filter(number=number).values_list("pk", flat=True).first()
    return f"case:{found}" if found is not None else None


def describe(subjects: Iterable[str]) -> dict[str, dict[str, str]]:
    """Number, title and severity of each subject that is a case. One query."""
    rows = Case.objects.filter(pk__in=_ids(subjects)).values_list("pk", "number", "title", "severity")
    return {f"case:{pk}": {"number": number, "title": title, "severity": severity} for pk, number, title, severity in rows}


def readable(subjects: Iterable[str], reader: Actor) -> set[str]:
    """The subjects whose cases `reader` may know of. One query."""
    if not reader.reads_cases:
        return set()
    return {f"case:{pk}" for pk in readable_cases(reader).filter(pk__in=_ids(subjects)).values_list("pk", flat=True)}


def facts(subject: str) -> tuple[int, dict[str, Any]] | None:
    """Agency and facts of an open case, for a book that is started by hand; None when it is closed or unknown. Four queries."""
    row = Case.objects.filter(pk__in=_ids([subject])).values_list("agency_id", "pk").first()
    known = facts_of(row[1]) if row is not None else None
    return (row[0], known) if row is not None and known is not None else None


def _ids(subjects: Iterable[str]) -> list[int]:
    return [int(key) for kind, _, key in (s.partition(":") for s in subjects) if kind == "case" and key.isdecimal()]
