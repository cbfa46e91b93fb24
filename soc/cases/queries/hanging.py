"""What hangs on cases: their rows, read in one statement, whatever their number and kind."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from django.db import connection

from soc.cases.models import Case

# Each kind by the case's own key, agency first, and never more of one case than asked for.
_HANGING = """
WITH c AS (SELECT * FROM unnest(%(agencies)s::bigint[], %(cases)s::bigint[]) AS c (agency_id, case_id))
SELECT c.case_id, 'observable', to_jsonb(r) FROM c CROSS JOIN LATERAL (
  SELECT id, public_id, visibility, created_at, kind, value, algorithm, seen FROM cases_observable
  WHERE agency_id = c.agency_id AND case_id = c.case_id AND (%(inside)s OR visibility = 'released')
  ORDER BY id LIMIT %(observables)s) r
UNION ALL SELECT c.case_id, 'technique', to_jsonb(r) FROM c CROSS JOIN LATERAL (
  SELECT id, public_id, visibility, created_at, technique FROM cases_technique
  WHERE agency_id = c.agency_id AND case_id = c.case_id AND (%(inside)s OR visibility = 'released')
  LIMIT %(techniques)s) r
UNION ALL SELECT c.case_id, 'task', to_jsonb(r) FROM c CROSS JOIN LATERAL (
  SELECT id, public_id, visibility, created_at, title, added_by, done_at, done_by FROM cases_task
  WHERE agency_id = c.agency_id AND case_id = c.case_id AND (%(inside)s OR visibility = 'released')
  LIMIT %(tasks)s) r
UNION ALL SELECT c.case_id, 'note', to_jsonb(r) FROM c CROSS JOIN LATERAL (
  SELECT id, public_id, visibility, created_at, text, author_label, from_agency FROM cases_note
  WHERE agency_id = c.agency_id AND case_id = c.case_id AND (%(inside)s OR visibility = 'released')
  LIMIT %(notes)s) r
UNION ALL SELECT c.case_id, 'timelineentry', to_jsonb(r) FROM c CROSS JOIN LATERAL (
  SELECT id, public_id, visibility, created_at, happened_at, origin, actor_label, text, technique FROM cases_timelineentry
  WHERE agency_id = c.agency_id AND case_id = c.case_id AND (%(inside)s OR visibility = 'released')
  ORDER BY created_at DESC, id DESC LIMIT %(lines)s) r
"""
_ORDER = {
    "observable": lambda row: row["id"],
    "technique": lambda row: row["technique"],
    "task": lambda row: row["id"],
    "note": lambda row: row["id"],
    "timelineentry": lambda row: (row["created_at"], row["id"]),
}
_TIMES = ("created_at", "happened_at", "done_at")


@dataclass(frozen=True)
class Most:
    """How many rows of a kind are read of one case at most; None is all of them."""

    observables: int | None = 0
    techniques: int | None = 0
    tasks: int | None = 0
    notes: int | None = 0
    lines: int | None = 0


@dataclass(frozen=True)
class Hanging:
    """The rows of one case, each a dictionary of its columns, in the order in which they are shown; lines as they were learned."""

    observable: list[dict[str, Any]] = field(default_factory=list)
    technique: list[dict[str, Any]] = field(default_factory=list)
    task: list[dict[str, Any]] = field(default_factory=list)
    note: list[dict[str, Any]] = field(default_factory=list)
    timelineentry: list[dict[str, Any]] = field(default_factory=list)


def hanging_on(cases: Iterable[Case], *, inside: bool, most: Most) -> dict[int, Hanging]:
    """The rows of each case that was read in the scope in force; without `inside` those released to the agency only. One query."""
    cases = list(cases)
    found = {case.pk: Hanging() for case in cases}
    if not cases:
        return found
    asked = {"agencies": [case.agency_id for case in cases], "cases": [case.pk for case in cases], "inside": inside, **vars(most)}
    with connection.cursor() as cursor:
        cursor.execute(_HANGING, asked)
        for case_id, kind, written in cursor.fetchall():
            getattr(found[case_id], kind).append(_read(kind, written))
    for one in found.values():
        for kind, order in _ORDER.items():
            getattr(one, kind).sort(key=order)
    return found


def _read(kind: str, written: str) -> dict[str, Any]:
    row: dict[str, Any] = orjson.loads(written)
    row["ref"] = f"{kind}:{row['public_id']}"
    for name in _TIMES:
        if row.get(name) is not None:
            row[name] = datetime.fromisoformat(row[name])
    return row
