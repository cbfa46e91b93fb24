"""Moving a run to a newer version of its book: only as a person saw it, and only where what was done stays what the book says."""

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from playbooks.definition.canonical import sha256_of
from playbooks.definition.graph import Node
from playbooks.definition.migrating import FORBIDS
from playbooks.definition.scoping import seen_from
from playbooks.events import ApprovalDecided, RunMoved
from playbooks.models import Approval, Frame, Run, StepAttempt
from playbooks.operations.telling import tell, wake
from playbooks.policies import may_move
from playbooks.queries.books import graph_of
from playbooks.queries.moving import MovePreview, newer_versions, preview_of
from playbooks.rendering import CannotRender, manual_call
from playbooks.states import ApprovalState, RunState, StepState
from tenants.actors import Actor
from tenants.errors import Conflict, Invalid, NotAllowed, Unknown, require

ELSEWHERE = "The run or the book has moved on since the preview was made."
LOOK = "Look at what it would mean now, and decide again."


def move_run(*, run: str, version: Any, preview: Any, reason: Any, by: Actor) -> Run:
    """Let a run go on with a newer version of its book (its number), as the preview with that hash showed it. Runs that it called
    keep theirs.

    Raises Unknown, NotAllowed, Invalid (`version`, `reason`), Conflict when the run is over or at work, when something forbids the move,
    and when the run or the version is no longer as the preview showed it.
    """
    with transaction.atomic():
        one = _locked(run, by)
        require(may_move(by, one), NotAllowed())
        require(not one.state_is_over, Conflict("The run is over: there is nothing to move."))
        number = int(version) if str(version).isdecimal() and len(str(version)) < 10 else None
        target = newer_versions(one).select_related("book").filter(number=number).first() if number is not None else None
        wanted = Invalid("There is no such newer version.", field="version", cure="Name the number of a version that came after the run's.")
        if target is None:
            raise wanted
        why = reason.strip() if isinstance(reason, str) else ""
        require(bool(why), Invalid("The reason is missing.", field="reason", cure="Say in a few words why the run moves."))
        # A worker that holds the run goes by the version that it read.
        require(one.state != RunState.RUNNING, Conflict("A worker has the run in hand just now.", field="preview", cure="Try in a moment."))
        shown = preview_of(one, target, by.now())
        require(preview == shown.hash, Conflict(ELSEWHERE, field="preview", cure=LOOK))
        forbidden = next((line.text for line in shown.made.lines if line.kind == FORBIDS), "")
        require(not forbidden, Conflict(forbidden, field="version", cure="Let the run end with the version that it has, or cancel it."))
        before = one.version
        _apply(one, shown, why, by)
        numbers = {"number_before": before.number, "number": shown.target.number}
        event = RunMoved(
            run=str(one.public_id),
            about=one.subject,
            book=one.book.name,
            version_before=before.content_hash,
            version=one.version_hash,
            **numbers,
            reason=why,
        )
        text = f"Moved from version {before.number} to version {shown.target.number}: {why}"
        lines = [[line.kind, line.step, line.text] for line in shown.made.lines]
        tell(run=one, kind="moved", text=text, by=by, event=event, data={**numbers, "preview": shown.hash, "lines": lines})
        wake(run=one, by=by)
    return one


def _locked(public_id: str, by: Actor) -> Run:
    try:
        one: Run = Run.objects.select_related("book", "version").locked(public_id=UUID(str(public_id)))
    except (ValueError, Run.DoesNotExist) as error:
        raise Unknown() from error
    require(by.sees_internal_rows, Unknown())
    return one


def _apply(run: Run, shown: MovePreview, reason: str, by: Actor) -> None:
    made = shown.made
    run.version, run.version_hash = shown.target, shown.target.content_hash
    run.variables = {**run.variables, **made.values}
    try:
        with transaction.atomic():
            run.save(update_fields=["version", "version_hash", "variables"])
    except IntegrityError as error:  # its rule started one with the new version a moment ago
        raise Conflict(ELSEWHERE, field="preview", cure=LOOK) from error
    standing = StepAttempt.objects.filter(run=run, frame__in=Frame.objects.filter(run=run, ended_at=None))
    for step in sorted(made.asked_anew):
        _void(run, step, f"The run was moved to version {shown.target.number} of its book: {reason}", by)
    graph = graph_of(shown.target, run.version_hash)
    for attempt in standing.filter(step_id__in=made.told_anew, kind="manual", state=StepState.PLANNED):
        _tell_anew(run, attempt, graph.nodes[attempt.step_id])
    standing.filter(step_id__in=made.decided_anew, state=StepState.UNKNOWN).update(state=StepState.PLANNED, detail="", rendered={})


def _void(run: Run, step: str, reason: str, by: Actor) -> None:
    """What people saw would not run any more: the engine asks anew."""
    standing = Approval.objects.filter(run=run, subject=run.subject, step_id=step, attempt__state=StepState.PLANNED)
    for approval in standing.filter(state__in=[ApprovalState.OPEN, ApprovalState.APPROVED]).select_for_update(of=("self",)):
        approval.state, approval.decided_at, approval.reason = ApprovalState.VOID, by.now(), reason
        approval.save(update_fields=["state", "decided_at", "reason"])
        skipped = {"state": StepState.SKIPPED, "detail": reason[:2000], "ended_at": by.now()}
        StepAttempt.objects.filter(pk=approval.attempt_id, state=StepState.PLANNED).update(**skipped)
        about = {"run": str(run.public_id), "about": run.subject, "approval": str(approval.public_id), "action": approval.action}
        event = ApprovalDecided(**about, outcome="void", reason=reason)
        tell(run=run, kind="void", text=f"The approval is void: {reason}", by=by, step_id=step, event=event)


def _tell_anew(run: Run, attempt: StepAttempt, node: Node) -> None:
    """Write a person's task as the new version has it. Raises Conflict where its values are missing."""
    target = next((one.name for one in node.targets if one.id == attempt.target), "")
    values = seen_from(node, run.variables)
    try:
        attempt.rendered = manual_call(node, node.commands[attempt.command_no], values, target=target, key=attempt.effect_key)
    except CannotRender as error:
        raise Conflict(f"{node.name}: {error}", field="version", cure="Let the run end with the version that it has.") from error
    attempt.request_hash, attempt.name = sha256_of(attempt.rendered), node.name
    attempt.save(update_fields=["rendered", "request_hash", "name"])
