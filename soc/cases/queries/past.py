"""Cases of the past as subjects of playbooks: what a book would have got to know of each."""

from datetime import datetime
from typing import Any

from django.db.models import Q

from playbooks.catalogue import Past
from soc.cases.models import Case, Observable
from soc.cases.queries.facts import MOST_NAMED, as_facts
from soc.cases.states import ObservableKind


class PastCases:
    """The cases that were opened in a time, closed ones too, the oldest first, with their facts as they are now."""

    def some(self, *, agency_id: int, since: datetime, until: datetime, after: list[Any], most: int) -> list[Past]:
        """At most `most` of them after a place. Two queries."""
        rows = self._opened(agency_id, since, until)
        if after:
            at, pk = datetime.fromisoformat(after[0]), int(after[1])
            rows = rows.filter(Q(opened_at__gt=at) | Q(opened_at=at, pk__gt=pk))
        cases = list(rows.order_by("opened_at", "pk")[:most])
        known = self._observables(cases)
        return [
            Past(one.subject, one.opened_at, as_facts(one, *known.get(one.pk, ([], []))), [one.opened_at.isoformat(), one.pk])
            for one in cases
        ]

    def count(self, *, agency_id: int, since: datetime, until: datetime, most: int) -> int:
        """How many there are, at most `most`. One query."""
        return len(self._opened(agency_id, since, until).values_list("pk", flat=True)[:most])

    def _opened(self, agency_id: int, since: datetime, until: datetime) -> Any:
        return Case.objects.filter(agency_id=agency_id, opened_at__gte=since, opened_at__lt=until)

    def _observables(self, cases: list[Case]) -> dict[int, tuple[list[str], list[str]]]:
        """Hosts and accounts of each case, in their order."""
        found: dict[int, tuple[list[str], list[str]]] = {}
        kinds = (ObservableKind.HOST, ObservableKind.ACCOUNT)
        rows = Observable.objects.filter(case__in=cases, kind__in=kinds).order_by("id").values_list("case_id", "kind", "value")
        for case, kind, value in rows:
            some = found.setdefault(case, ([], []))[kinds.index(ObservableKind(kind))]
            if len(some) < MOST_NAMED:
                some.append(value)
        return found
