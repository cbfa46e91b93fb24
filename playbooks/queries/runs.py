"""Every read of runs: about a subject, one run with its steps, pages of them."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef

from playbooks.catalogue import describe, find_subject, is_readable
from playbooks.drawing import drawn
from playbooks.models import Approval, Run, RunEvent, StepAttempt
from playbooks.policies import may_read_approval
from playbooks.queries.approvals import NO_SUBJECT, about_of, readable_page, views
from playbooks.queries.approvals import whole as approvals_with_all
from playbooks.queries.books import graph_of
from playbooks.queries.calls import called_by, calls_of, said_of
from playbooks.queries.moving import newer_versions
from playbooks.queries.spending import Spent, spent_by
from playbooks.queries.steps import steps_of
from playbooks.queries.telling import ApprovalView, EventLine, RunPage, RunView
from playbooks.queries.undos import standing_of
from playbooks.states import RunState, Waits
from playbooks.timing import Times
from tenants.actors import Actor
from tenants.errors import Unknown


def visible(reader: Actor) -> Any:
    """The runs that the reader may know of, before the subject is asked: a liaison's are those that asked their agency. A queryset."""
    rows = Run.objects.select_related("agency", "book", "version", "undoes")
    if reader.speaks_for_an_agency:
        rows = rows.filter(Exists(Approval.objects.filter(run=OuterRef("pk"), asks_agency=True)))
    return rows


def runs_about(subject: str, reader: Actor, *, most: int = 20, was_read: bool = False) -> tuple[RunView, ...]:
    """The runs about a subject, the newest first; at most `most`. Six queries, one less where the caller has read it as `reader`."""
    if not was_read and not is_readable(subject, reader):
        return ()
    return _views(list(visible(reader).filter(subject=subject).order_by("-started_at", "-id")[:most]), reader)


def run_of(public_id: str, reader: Actor) -> RunView:
    """One run with steps, times, drawing and events. Raises Unknown for what the reader may not know of. Ten queries."""
    try:
        row = visible(reader).filter(public_id=UUID(str(public_id))).first()
    except ValueError as error:
        raise Unknown() from error
    if row is None or not is_readable(row.subject, reader):
        raise Unknown()
    return _views([row], reader, whole=True)[0]


def runs_page(*, reader: Actor, case: str = "", cursor: str = "") -> RunPage:
    """A page of runs, the newest first, by case number. Raises Invalid for a foreign cursor."""
    rows = visible(reader)
    if case:
        rows = rows.filter(subject=find_subject("case", case, reader) or NO_SUBJECT)
    shown, after = readable_page(rows, reader, cursor, order=("-started_at", "-id"))
    return RunPage(_views(shown, reader), after)


def _views(rows: list[Any], reader: Actor, *, whole: bool = False) -> tuple[RunView, ...]:
    """Runs as told to a reader; six queries for all, and with `whole` events, drawing and a newer version too."""
    if not rows:
        return ()
    attempts = _by_run(StepAttempt.objects.filter(run__in=rows).order_by("id"))
    asked = approvals_with_all().filter(run__in=rows).order_by("id")
    asked_rows = [one for one in asked if may_read_approval(reader, one)]
    approvals: dict[str, list[ApprovalView]] = {}
    for one in views(asked_rows, reader):
        approvals.setdefault(one.run, []).append(one)
    undos = standing_of(rows)
    events = _by_run(RunEvent.objects.filter(run__in=rows).order_by("no")) if whole and reader.sees_internal_rows else {}
    told = describe([row.subject for row in rows])
    now = reader.now()
    found = []
    for row in rows:
        of_run = approvals.get(str(row.public_id), [])
        graph = graph_of(row.version, row.version_hash)
        made, told_events = attempts.get(row.pk, []), tuple(_event(one) for one in events.get(row.pk, []))
        internal = whole and reader.sees_internal_rows
        spent = spent_by(row, graph, made, of_run, told_events, now) if internal else Spent(Times(), {})
        steps = steps_of(row, graph, made, of_run, spent.steps, spent.timed if internal else None)
        if internal:
            calls = calls_of(row, graph)
            steps = tuple(replace(step, called=calls.get(step.id, ())) for step in steps)
        liaison = reader.speaks_for_an_agency
        if liaison:
            # Released is what the agency was asked, and what came of it: nothing of the other steps.
            steps = tuple(_as_released(step) for step in steps if step.approval is not None)
        waiting = next((one for one in of_run if one.state == "open"), None) or (of_run[-1] if of_run else None)
        found.append(
            RunView(
                id=str(row.public_id),
                about=about_of(row.subject, told),
                agency=row.agency.slug,
                agency_name=row.agency.name,
                acronym=row.agency.acronym,
                book=row.book.name,
                book_slug=row.book.slug,
                description=graph.description,
                version=row.version.number,
                version_hash=row.version_hash,
                state=row.state,
                waits_for=row.waits_for,
                said=_said(row, waiting),
                why="" if liaison else row.why,
                detail="" if liaison else row.detail,
                started_at=row.started_at,
                started_by="" if liaison else row.started_by_label,
                ended_at=row.ended_at,
                steps=steps,
                times=spent.run,
                approval=waiting,
                undos=() if liaison else undos.get(row.pk, ()),
                undoes=str(row.undoes.public_id) if row.undoes else "",
                events=told_events,
                drawing=drawn(graph) if whole and not liaison else None,
                newer=_newer(row) if whole and not liaison and not row.state_is_over else None,
                called_by=called_by(row) if internal else None,
            )
        )
    return tuple(found)


def _newer(row: Run) -> int | None:
    number: int | None = newer_versions(row).values_list("number", flat=True).first()
    return number


def _by_run(rows: Iterable[Any]) -> dict[int, list[Any]]:
    kept: dict[int, list[Any]] = {}
    for row in rows:
        kept.setdefault(row.run_id, []).append(row)
    return kept


def _event(row: RunEvent) -> EventLine:
    return EventLine(row.no, row.at, row.kind, row.step_id, row.text, row.actor, row.actor_label)


def _as_released(step: Any) -> Any:
    return replace(step, detail="", inputs=(), outputs=(), tries=(), rounds=0, times=Times(), lines=(), effect_key="")


def _said(row: Any, approval: ApprovalView | None) -> str:
    """Where the run stands, in a sentence."""
    if row.state == RunState.WAITING and row.waits_for == Waits.APPROVAL and approval is not None:
        missing = {need.role for need in approval.needs if not need.given}
        if missing == {"liaison"}:
            return f"Waits for {row.agency.acronym} to vote"
        return (
            "Waits for the watch floor to vote" if missing == {"floor"} else f"Waits for the watch floor and {row.agency.acronym} to vote"
        )
    return said_of(row)
