"""From the names of cases to their agencies and back, for those who know a case by its number or subject only."""

from collections.abc import Iterable

from soc.cases.models import Case
from tenants.actors import Actor


def cases_named(numbers: Iterable[str], reader: Actor) -> dict[str, int]:
    """The agency of each case that `reader` may know of; a restricted one is unknown to liaisons. One query."""
    cases = Case.objects.filter(number__in=list(numbers))
    if reader.speaks_for_an_agency:
        cases = cases.filter(restricted=False)
    return dict(cases.values_list("number", "agency_id"))


def versions_of(numbers: Iterable[str]) -> dict[str, int]:
    """The version that each case has now, as far as the scope reaches. One query."""
    return dict(Case.objects.filter(number__in=list(numbers)).values_list("number", "version"))


def numbers_of(subjects: Iterable[str]) -> dict[str, str]:
    """The number behind each subject (`case:42`); what is no case is left out. One query."""
    return {f"case:{pk}": number for pk, number in Case.objects.filter(pk__in=_ids(subjects)).values_list("pk", "number")}


def restricted_among(subjects: Iterable[str]) -> set[str]:
    """Those subjects that are restricted cases. One query."""
    return {f"case:{pk}" for pk in Case.objects.filter(pk__in=_ids(subjects), restricted=True).values_list("pk", flat=True)}


def _ids(subjects: Iterable[str]) -> list[int]:
    return [int(key) for kind, _, key in (s.partition(":") for s in subjects) if kind == "case" and key.isdecimal()]
