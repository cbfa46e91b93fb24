"""A case as the API writes it, field by field as promised."""

from datetime import UTC, datetime
from typing import Any

from soc.cases.queries.case import CaseView, RowView
from soc.clocks.queries.clocks import ClockView

# Of a case, beyond what every reader gets.
INSIDE = (
    *("summary", "tlp", "incident", "disposition", "closing_reason", "restricted", "by_hand"),
    *("rule", "rule_name", "entity_kind", "entity", "alert_count", "dwell_unknown"),
)
INSIDE_TIMES = (
    *("last_alert_at", "happened_at", "acknowledged_at", "contained_at"),
    *("recovered_at", "closed_at", "declared_at", "changed_at"),
)


def as_json(case: CaseView, *, all_of_it: bool = True) -> dict[str, Any]:
    """The case. A liaison gets the fixed list and nothing else; without `all_of_it` (lists) the long rows are left out."""
    body: dict[str, Any] = {
        "number": case.number,
        "title": case.title,
        "agency": case.agency,
        "severity": case.severity,
        "state": case.state,
        "owner": case.owner,
        "opened_at": stamp(case.opened_at),
        "clocks": [_clock(clock) for clock in case.clocks],
        "observables": [{"type": o.kind, "value": o.value} for o in case.observables],
        "techniques": [t.technique for t in case.techniques],
        "version": case.version,
    }
    if case.internal:
        body |= {name: getattr(case, name) for name in INSIDE} | {name: stamp(getattr(case, name)) for name in INSIDE_TIMES}
    if all_of_it:
        body |= _long_rows(case)
    if all_of_it and case.internal:
        # The lists of observables and techniques name values only; whoever releases one needs its name.
        body["cut"] = list(case.cut)
        body["releasable"] = [_releasable(o, o.value) for o in case.observables] + [_releasable(t, t.technique) for t in case.techniques]
    return body


def stamp(time: datetime | None) -> str | None:
    """RFC 3339 in UTC."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z") if time else None


def _clock(clock: ClockView) -> dict[str, Any]:
    return {
        "kind": clock.kind,
        "state": clock.state,
        "started_at": stamp(clock.started_at),
        "due_at": stamp(clock.due_at),
        "stopped_at": stamp(clock.stopped_at),
    }


def _releasable(row: RowView, what: str) -> dict[str, Any]:
    return {"item": row.ref, "what": what, "visibility": _visibility(row)}


def _visibility(row: RowView) -> str:
    return "released" if row.released else "internal"


def _long_rows(case: CaseView) -> dict[str, Any]:
    def row(one: RowView) -> dict[str, Any]:
        return {"id": one.id, "visibility": _visibility(one), "created_at": stamp(one.created_at)}

    return {
        "tasks": [
            {**row(t), "title": t.title, "added_by": t.added_by, "done_at": stamp(t.done_at), "done_by": t.done_by} for t in case.tasks
        ],
        "notes": [{**row(n), "text": n.text, "author": n.author, "from_agency": n.from_agency} for n in case.notes],
        "timeline": [
            {
                **row(e),
                "happened_at": stamp(e.happened_at),
                "learned_at": stamp(e.created_at),
                "origin": e.origin,
                "actor": e.actor,
                "text": e.text,
                "technique": e.technique,
            }
            for e in case.timeline
        ],
        "evidence": [],
    }
