"""What a run's move to a newer version of its book would mean, bound to the run and the version as they are now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from playbooks.catalogue import describe, is_readable
from playbooks.definition.canonical import sha256_of
from playbooks.definition.graph import Graph, Node
from playbooks.definition.migrating import ASKED, BEGUN, FORBIDS, NOTHING, OPEN, PERSON, QUESTION, STAYS, Line, Migration, Stand, migration
from playbooks.models import Approval, Frame, Run, StepAttempt, Version
from playbooks.queries.approvals import about_of
from playbooks.queries.books import graph_of
from playbooks.queries.telling import About
from playbooks.queries.trust import refusal_of
from playbooks.states import ApprovalState, RunState, StepState
from tenants.actors import Actor
from tenants.errors import Unknown

SHOWN_OF_HASH = 8


@dataclass(frozen=True)
class MovePreview:
    """A move as it would be now: its lines, and the hash that a person's word on it names."""

    target: Version
    hash: str
    made: Migration


@dataclass(frozen=True)
class MoveView:
    """A run beside a newer version of its book; `preview` is None where there is none."""

    id: str
    about: About
    agency: str
    agency_name: str
    acronym: str
    book: str
    book_slug: str
    version: int
    version_hash: str
    is_over: bool
    newer: tuple[tuple[int, datetime], ...]  # number, published at; the newest first
    target: int | None
    target_hash: str
    preview: str  # the hash; empty without a target
    lines: tuple[Line, ...]
    allowed: bool


def newer_versions(run: Run) -> Any:
    """The versions of the run's book that come after its own, the newest first; a queryset. A run that takes back has a book of its own."""
    if run.undoes_id is not None:
        return Version.objects.none()
    own = run.version
    later = Version.objects.filter(book_id=run.book_id, modified__gt=own.modified)
    same = Version.objects.filter(book_id=run.book_id, modified=own.modified, number__gt=own.number)
    return (later | same).order_by("-modified", "-number")


def move_of(public_id: str, reader: Actor, *, version: int | None = None) -> MoveView:
    """A run, and its move to a newer version, by default the newest. Raises Unknown. At most eleven queries."""
    run = _readable(public_id, reader)
    newer = list(newer_versions(run).select_related("book"))
    target = next((one for one in newer if version in (None, one.number)), None)
    if version is not None and target is None:
        raise Unknown()
    over = RunState(run.state).is_over
    preview = preview_of(run, target, reader.now()) if target is not None and not over else None
    return MoveView(
        id=str(run.public_id),
        about=about_of(run.subject, describe([run.subject])),
        agency=run.agency.slug,
        agency_name=run.agency.name,
        acronym=run.agency.acronym,
        book=run.book.name,
        book_slug=run.book.slug,
        version=run.version.number,
        version_hash=run.version_hash,
        is_over=over,
        newer=tuple((one.number, one.published_at) for one in newer),
        target=target.number if target else None,
        target_hash=target.content_hash if target else "",
        preview=preview.hash if preview else "",
        lines=tuple(preview.made.lines) if preview else (),
        allowed=preview is not None and preview.made.is_allowed,
    )


def _readable(public_id: str, reader: Actor) -> Run:
    try:
        run: Run | None = Run.objects.select_related("agency", "book", "version").filter(public_id=UUID(str(public_id))).first()
    except ValueError as error:
        raise Unknown() from error
    if run is None or not reader.sees_internal_rows or not is_readable(run.subject, reader):
        raise Unknown()
    return run


def preview_of(run: Run, target: Version, now: datetime) -> MovePreview:
    """What the move means for the run as it stands. Seven queries."""
    old, new = graph_of(run.version, run.version_hash), graph_of(target, target.content_hash)
    frames = list(Frame.objects.filter(run=run, ended_at=None).order_by("id"))
    attempts = list(StepAttempt.objects.filter(run=run).order_by("id"))
    approvals = list(Approval.objects.filter(run=run, subject=run.subject).order_by("id"))
    at_stand = {frame.pk: [one for one in attempts if _is_here(one, frame)] for frame in frames}
    here = {one.pk for some in at_stand.values() for one in some}
    stands = [_stand(old, frame, at_stand[frame.pk], approvals) for frame in frames]
    made = migration(old, new, taken={one.step_id for one in attempts if one.pk not in here}, stands=stands)
    made.lines[:0] = [Line(FORBIDS, text) for text in _forbidding(run, target, now)]
    made.lines += [Line(STAYS, text) for text in _called(attempts)]
    state = [
        *(str(run.public_id), run.version_hash, run.fence, run.last_event, str(run.state), target.content_hash),
        *([frame.pk, frame.cursor, frame.visits] for frame in frames),
        *([one.pk, str(one.state), one.hash] for one in approvals),
        *([one.kind, one.step, one.text] for one in made.lines),
    ]
    return MovePreview(target, sha256_of(state), made)


def _is_here(attempt: StepAttempt, frame: Frame) -> bool:
    """Whether an attempt belongs to the present visit of the step where a frame stands."""
    iteration = int(frame.visits.get(frame.cursor, 1))
    return (attempt.frame_id, attempt.step_id, attempt.iteration) == (frame.pk, frame.cursor, iteration)


def _stand(graph: Graph, frame: Frame, made: list[StepAttempt], approvals: list[Approval]) -> Stand:
    node = graph.nodes[frame.cursor]
    if not made:
        return Stand(node.id)
    latest = made[-1]
    if node.is_block:
        known = {StepState.UNKNOWN: QUESTION, StepState.STARTED: OPEN}.get(StepState(latest.state), NOTHING)
        return Stand(node.id, known, latest.checks)
    return Stand(node.id, _known(node, made, {one.attempt_id: one for one in approvals}.get(latest.pk)))


def _known(node: Node, made: list[StepAttempt], approval: Approval | None) -> str:
    """What is known of an action or a called book. Only a first command that nobody began to carry out may still change."""
    *before, latest = made
    first = latest.command_no == 0 and (not node.targets or latest.target == node.targets[0].id)
    if not first or any(one.state != StepState.SKIPPED for one in before):
        return BEGUN
    asked = node.asking is not None and approval is not None
    if asked and (latest.state == StepState.PLANNED or (latest.state == StepState.SKIPPED and approval.state == ApprovalState.VOID)):  # type: ignore[union-attr]
        return ASKED
    return PERSON if latest.state == StepState.PLANNED and latest.kind == "manual" else BEGUN


def _forbidding(run: Run, target: Version, now: datetime) -> Iterable[str]:
    """What forbids the new version to run here, whatever it holds."""
    refused = refusal_of(target, run.agency_id, now)
    if refused is not None:
        yield refused
    if run.trigger_id is not None:
        same = Run.objects.filter(agency_id=run.agency_id, subject=run.subject, trigger_id=run.trigger_id, version=target, mode=run.mode)
        if same.exclude(pk=run.pk).exists():
            yield "The rule that started this run has started one with the new version about the same subject already."


def _called(attempts: Iterable[StepAttempt]) -> Iterable[str]:
    for one in attempts:
        if one.kind == "book" and one.state == StepState.STARTED:
            yield f"“{one.name}” is at work: the book that it called keeps the version that it began with."
