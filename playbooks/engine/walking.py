"""Going on with a run that is held: decide, write the move down, until it waits, ends, or must act outside."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction

from playbooks import decide as moves
from playbooks.catalogue import RunContext
from playbooks.catalogue import action as local_action
from playbooks.connectors.speaking import Way
from playbooks.definition.canonical import sha256_of
from playbooks.engine.claiming import let_go
from playbooks.engine.ending import finish_attempt, finish_run, note_control
from playbooks.engine.planning import effect_key, plan, rendered_for, void
from playbooks.engine.spot import Spot, arrived, go_to, keep, spot_of
from playbooks.models import Connector, Effect, Frame, Run, StepAttempt, Timer
from playbooks.operations.telling import tell
from playbooks.queries.books import graph_of
from playbooks.rendering import CannotRender
from playbooks.states import StepState
from tenants.actors import Actor
from tenants.errors import DomainError

MOST_MOVES = 500


@dataclass(frozen=True)
class Intent:
    """A call that is written down as started and must now be made. `ask` says to ask the product first whether it happened."""

    attempt_id: int
    agency_id: int
    fence: int
    rendered: dict[str, Any]
    request_hash: str
    way: Way | None
    ask: bool = False
    known: dict[str, Any] = field(default_factory=dict)  # what an earlier worker was answered, when it could not record it


def go_on(run: Run, by: Actor) -> Intent | None:
    """Make the run's moves in the present transaction. Returns a call to make after it, or None when the run waits or is over.

    The caller saves the run.
    """
    graph = graph_of(run.version, run.version_hash)
    spot = spot_of(run, graph)
    for _ in range(MOST_MOVES):
        values = {name: value for name, value in run.variables.items() if value is not None}
        move = moves.decide(graph, spot.place, spot.standing, values, run.detail)
        match move:
            case moves.Begin() | moves.Check():
                intent = _intent(run, spot, move, by)
                if intent is not None:
                    keep(spot.frame)
                    return intent
            case moves.Wait(what):
                let_go(run, waits_for=what)
                keep(spot.frame)
                return None
            case moves.Finish(outcome, detail):
                if spot.node.kind == "end":
                    note_control(run, spot, detail="", by=by)
                spot.frame.ended_at = by.now()
                keep(spot.frame)
                finish_run(run, outcome, detail, by)
                return None
            case _:
                spot = _step(run, spot, move, by)
    let_go(run, waits_for="", wake_at=by.now())
    keep(spot.frame)
    return None


def arm(run: Run, spot: Spot, purpose: str, seconds: float, by: Actor) -> None:
    """Set a timer, once."""
    due = by.now() + timedelta(seconds=seconds)
    Timer.objects.get_or_create(run=run, frame=spot.frame, purpose=purpose, defaults={"agency_id": run.agency_id, "due_at": due})


def _step(run: Run, spot: Spot, move: moves.Move, by: Actor) -> Spot:
    """The moves that change rows of ours only. Returns where the run stands then."""
    frame, attempt = spot.frame, spot.attempt
    match move:
        case moves.Pass(to, detail):
            note_control(run, spot, detail=detail, by=by)
            go_to(frame, to)
            return arrived(spot.graph, frame)
        case moves.Settle(to):
            go_to(frame, to)
            return arrived(spot.graph, frame)
        case moves.Branch() | moves.Return() | moves.Rescue():
            return _change_frames(run, spot, move, by)
        case moves.Delay(purpose, seconds):
            arm(run, spot, purpose, seconds, by)
            keep(frame)
            return spot_of(run, spot.graph)
        case moves.Plan(number):
            spot.attempt, spot.approval = plan(run, spot, number, by)
        case moves.Local():
            assert attempt is not None
            _act_on_the_subject(run, spot, attempt, by)
        case moves.GiveUp(detail):
            assert attempt is not None
            finish_attempt(run, attempt, StepState.FAILED if attempt.kind == "manual" else StepState.UNKNOWN, detail, by=by)
        case moves.AskWhich(detail):
            spot.attempt = _ask_which(run, spot, detail, by)
        case _:
            raise AssertionError(f"no such move: {move}")
    return spot


def _change_frames(run: Run, spot: Spot, move: moves.Branch | moves.Return | moves.Rescue, by: Actor) -> Spot:
    """Open a block, come back from one, or leave all of them."""
    frame, node = spot.frame, spot.node
    match move:
        case moves.Branch(branch, to, detail):
            note_control(run, spot, detail=detail, by=by)
            keep(frame)
            inner = {"step_id": node.id, "branch": branch, "iteration": spot.iteration, "cursor": to, "visits": {to: 1}}
            return arrived(spot.graph, Frame.objects.create(agency_id=run.agency_id, run=run, parent=frame, **inner))
        case moves.Return(to):
            note_control(run, spot, detail="", by=by)
            frame.ended_at, frame.arrived = by.now(), 1
            keep(frame)
            outer = Frame.objects.get(pk=frame.parent_id)
        case moves.Rescue(to):
            run.detail = f"{node.name}: {run.variables.get('__problem__') or 'failed'}"
            keep(frame)
            Frame.objects.filter(run=run, ended_at=None, parent__isnull=False).update(ended_at=by.now())
            outer = Frame.objects.get(run=run, parent=None)
    go_to(outer, to)
    return arrived(spot.graph, outer)


def _ask_which(run: Run, spot: Spot, detail: str, by: Actor) -> StepAttempt:
    now = by.now()
    asked: StepAttempt = StepAttempt.objects.create(
        agency_id=run.agency_id,
        run=run,
        frame=spot.frame,
        step_id=spot.node.id,
        iteration=spot.iteration,
        kind="if",
        name=spot.node.name,
        state=StepState.UNKNOWN,
        effect_key=effect_key(run, spot),
        fence=run.fence,
        detail=f"A person decides: {detail}",
        rendered={"kind": "if", "text": spot.node.condition},
        ready_at=now,
        started_at=now,
    )
    tell(run=run, kind="question", text=f"{spot.node.name} A person decides: {detail}", by=by, step_id=spot.node.id)
    return asked


def _act_on_the_subject(run: Run, spot: Spot, attempt: StepAttempt, by: Actor) -> None:
    """The action and its record are one transaction: exactly once."""
    action = local_action(attempt.rendered["action"])
    attempt.started_at, attempt.fence = by.now(), run.fence
    context = RunContext(
        run=str(run.public_id),
        agency_id=run.agency_id,
        subject=run.subject,
        book=run.book.slug,
        step=spot.node.id,
        effect_key=attempt.effect_key,
        by=by,
        variables={name: value for name, value in run.variables.items() if value is not None},
    )
    try:
        with transaction.atomic():
            if action is None:
                raise DomainError(f"There is no action {attempt.rendered['action']} any more.")
            outputs = action.perform(context, dict(attempt.rendered["arguments"])) or {}
    except DomainError as error:
        finish_attempt(run, attempt, StepState.FAILED, error.detail, by=by)
        return
    finish_attempt(run, attempt, StepState.OK, "", outputs=_named(spot, outputs), by=by)


def _named(spot: Spot, outputs: Any) -> dict[str, str]:
    """Outputs under the variables that the step names for them."""
    return {variable: str(outputs[name]) for variable, name in spot.node.outputs.items() if name in outputs}


def outputs_of(run: Run, spot: Spot, outputs: Any) -> dict[str, str]:
    """What a call brought, under the variables that the step names for it."""
    return _named(spot, outputs)


def _intent(run: Run, spot: Spot, move: moves.Begin | moves.Check, by: Actor) -> Intent | None:
    """Write down that the call begins (or is asked after). None when the action is no longer what was approved."""
    attempt = spot.attempt
    assert attempt is not None
    if isinstance(move, moves.Begin) and not _still_the_same(run, spot, attempt, by):
        return None
    if isinstance(move, moves.Begin):
        attempt.state, attempt.started_at = StepState.STARTED, by.now()
        tell(run=run, kind="began", text=f"{spot.node.name}: began", by=by, step_id=spot.node.id)
    else:
        attempt.checks += 1
        said = "again, it may be repeated" if move.repeat else "asking first whether it happened"
        tell(run=run, kind="resumed", text=f"{spot.node.name}: taken up {said}", by=by, step_id=spot.node.id)
    attempt.fence = run.fence
    attempt.save(update_fields=["state", "started_at", "checks", "fence"])
    connector = Connector.objects.filter(agency_id=run.agency_id, name=attempt.rendered["connector"], enabled=True).first()
    effect = Effect.objects.filter(effect_key=attempt.effect_key, request_hash=attempt.request_hash).first()
    return Intent(
        attempt_id=attempt.pk,
        agency_id=run.agency_id,
        fence=run.fence,
        rendered=attempt.rendered,
        request_hash=attempt.request_hash,
        way=way_of(connector) if connector else None,
        ask=isinstance(move, moves.Check) and not move.repeat,
        known=effect.response if effect else {},
    )


def way_of(connector: Connector) -> Way:
    """How to reach a connector's product."""
    from urllib.parse import urlsplit

    own = urlsplit(connector.base_url).hostname or ""
    return Way(connector.base_url, (own, *connector.allowed_hosts), tuple(connector.named_networks), connector.secret_name)


def _still_the_same(run: Run, spot: Spot, attempt: StepAttempt, by: Actor) -> bool:
    """What would run now is what was written down and approved; else it is put aside and asked anew."""
    try:
        now_is = rendered_for(run, spot)
    except CannotRender as error:
        reason = str(error)
    else:
        withdrawn = spot.approval is not None and spot.approval.consent is not None and spot.approval.consent.withdrawn_at is not None
        if sha256_of(now_is) == attempt.request_hash and not withdrawn:
            return True
        reason = "The agency withdrew its standing consent." if withdrawn else "What would run changed after it was written down."
    if spot.approval is not None:
        void(run, spot.approval, reason, by)
        finish_attempt(run, attempt, StepState.SKIPPED, reason, by=by)
    else:
        finish_attempt(run, attempt, StepState.FAILED, reason, response={"passing": True}, by=by)
    return False
