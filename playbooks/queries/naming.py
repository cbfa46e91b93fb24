"""From the ids of runs to their agencies and subjects."""

from collections.abc import Iterable

from playbooks.models import Run


def runs_named(ids: Iterable[str]) -> dict[str, tuple[int, str]]:
    """Agency and subject of each run by its id, as far as the scope reaches. One query."""
    rows = Run.objects.filter(public_id__in=list(ids)).values_list("public_id", "agency_id", "subject")
    return {str(public_id): (agency_id, subject) for public_id, agency_id, subject in rows}
