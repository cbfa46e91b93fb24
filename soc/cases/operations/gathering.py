"""What alerts bring into their cases: observables and techniques, counted and written down together."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from django.db import connection

from soc.cases.intake.normal import NormalAlert
from soc.cases.models import Observable

OBSERVABLES = """
INSERT INTO cases_observable AS held (agency_id, case_id, public_id, visibility, created_at, kind, value, algorithm, seen)
SELECT %(agency)s, g.case_id, g.public_id, 'internal', g.at, g.kind, g.value, g.algorithm, g.seen
FROM unnest(%(cases)s::bigint[], %(ids)s::uuid[], %(ats)s::timestamptz[], %(kinds)s::text[], %(values)s::text[], %(algorithms)s::text[],
            %(seen)s::int[]) AS g(case_id, public_id, at, kind, value, algorithm, seen)
ON CONFLICT (agency_id, case_id, kind, value) DO UPDATE SET seen = held.seen + EXCLUDED.seen
"""
TECHNIQUES = """
INSERT INTO cases_technique (agency_id, case_id, public_id, visibility, created_at, technique)
SELECT %(agency)s, g.case_id, g.public_id, 'internal', g.at, g.technique
FROM unnest(%(cases)s::bigint[], %(ids)s::uuid[], %(ats)s::timestamptz[], %(techniques)s::text[]) AS g(case_id, public_id, at, technique)
ON CONFLICT (agency_id, case_id, technique) DO NOTHING
"""


@dataclass
class Gathered:
    """What one case got from one batch."""

    number: str
    last_at: datetime
    alerts: int = 0
    joined: int = 0
    last_receipt: str = ""
    observables: dict[tuple[str, str], tuple[str, str, datetime]] = field(default_factory=dict)  # compared: value, algorithm, when
    seen: Counter[tuple[str, str]] = field(default_factory=Counter)
    techniques: dict[str, datetime] = field(default_factory=dict)

    def take(self, alert: NormalAlert, *, receipt: str, at: datetime, last_at: datetime, joins: bool) -> None:
        """Count one alert, received at `at`; `last_at` is the latest receipt of the whole case."""
        self.alerts += 1
        self.joined += joins
        self.last_receipt, self.last_at = receipt, last_at
        for one in alert.observables:
            self.observables.setdefault(one.compared, (one.value, one.algorithm, at))
            self.seen[one.compared] += 1
        for technique in alert.techniques:
            self.techniques.setdefault(technique, at)


def write_down(gathered: dict[int, Gathered], *, agency_id: int) -> None:
    """Add the observables and techniques to their cases: at most three statements. An account keeps the spelling seen first."""
    if any(kind == "account" for found in gathered.values() for kind, _ in found.observables):
        held = Observable.objects.filter(case_id__in=list(gathered), kind="account").values_list("case_id", "value")
        spelled = {(case_id, value.lower()): value for case_id, value in held}
    else:
        spelled = {}
    # In one order, so that no two writers wait for each other.
    rows = sorted(
        (case_id, kind, spelled.get((case_id, compared), value) if kind == "account" else value, algorithm, at, found.seen[kind, compared])
        for case_id, found in gathered.items()
        for (kind, compared), (value, algorithm, at) in found.observables.items()
    )
    techniques = sorted((case_id, name, at) for case_id, found in gathered.items() for name, at in found.techniques.items())
    with connection.cursor() as cursor:
        if rows:
            cases, kinds, values, algorithms, ats, seen = map(list, zip(*rows, strict=True))
            cursor.execute(
                OBSERVABLES,
                {
                    "agency": agency_id,
                    "cases": cases,
                    "ids": [uuid4() for _ in rows],
                    "ats": ats,
                    "kinds": kinds,
                    "values": values,
                    "algorithms": algorithms,
                    "seen": seen,
                },
            )
        if techniques:
            cases, names, ats = map(list, zip(*techniques, strict=True))
            cursor.execute(
                TECHNIQUES,
                {"agency": agency_id, "cases": cases, "ids": [uuid4() for _ in names], "ats": ats, "techniques": names},
            )
