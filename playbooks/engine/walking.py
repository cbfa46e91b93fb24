"""Going on with a run in hand: decide move after move, write them down together, until it waits, ends, or must act outside."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction

from playbooks import decide as moves
from playbooks.catalogue import RunContext
from playbooks.catalogue import action as local_action
from playbooks.connectors.speaking import Way
from playbooks.definition.canonical import sha256_of
from playbooks.engine.claiming import graph_in
from playbooks.engine.ending import finish_attempt, finish_run, note_control
from playbooks.engine.hand import Hand
from playbooks.engine.planning import attempt_at, connected, effect_key, plan, rendered_for, void
from playbooks.engine.spot import Spot, arrived, go_to, spot_of
from playbooks.engine.writing import Call, transaction_of, write
from playbooks.models import Connector, Frame, StepAttempt
from playbooks.rendering import CannotRender
from playbooks.states import StepState
from tenants.errors import DomainError

MOST_MOVES = 500
MOST_TOGETHER = 20  # steps that share a commit: what a crash may have to do again


@dataclass(frozen=True)
class Intent:
    """A call that is written down as started and must now be made. `ask` says to ask the product first whether it happened.

    It must not leave after `sure_until` (seconds of the monotonic clock) less the time that it may take.
    """

    attempt_id: int
    agency_id: int
    fence: int
    rendered: dict[str, Any]
    request_hash: str
    way: Way | None
    sure_until: float
    ask: bool = False
    known: dict[str, Any] = field(default_factory=dict)  # what an earlier worker was answered, when it could not record it


def go_on(hand: Hand) -> Intent | None:
    """Make the run's moves and write them down. Returns a call to make now, or None when the run waits or is over. Raises Moved."""
    graph = graph_in(hand)
    spot = spot_of(hand, graph)
    for _ in range(MOST_MOVES):
        if len(hand.unwritten.attempts) >= MOST_TOGETHER:
            write(hand)
        values = {name: value for name, value in hand.run.variables.items() if value is not None}
        move = moves.decide(graph, spot.place, spot.standing, values, hand.run.detail)
        match move:
            case moves.Begin() | moves.Check():
                intent = _intent(hand, spot, move)
                if intent is not None:
                    return intent
            case moves.Wait(what):
                hand.let_go(waits_for=what)
                write(hand)
                return None
            case moves.Finish(outcome, detail):
                if spot.node.kind == "end":
                    note_control(hand, spot, detail="")
                finish_run(hand, outcome, detail)
                write(hand)
                return None
            case _:
                spot = _step(hand, spot, move)
    hand.let_go(waits_for="", wake_at=hand.by.now())
    write(hand)
    return None


def _step(hand: Hand, spot: Spot, move: moves.Move) -> Spot:
    """The moves that change rows of ours only. Returns where the run stands then."""
    frame, attempt = spot.frame, spot.attempt
    match move:
        case moves.Pass(to, detail):
            note_control(hand, spot, detail=detail)
            go_to(hand, frame, to)
            return arrived(spot.graph, frame)
        case moves.Settle(to):
            go_to(hand, frame, to)
            return arrived(spot.graph, frame)
        case moves.Branch() | moves.Return() | moves.Rescue():
            return _change_frames(hand, spot, move)
        case moves.Delay(purpose, seconds):
            hand.arm(frame, spot.timers, purpose, seconds)
        case moves.Plan(number):
            plan(hand, spot, number)
        case moves.Local():
            assert attempt is not None
            _act_on_the_subject(hand, spot, attempt)
        case moves.GiveUp(detail):
            assert attempt is not None
            finish_attempt(hand, attempt, StepState.FAILED if attempt.kind == "manual" else StepState.UNKNOWN, detail)
        case moves.AskWhich(detail):
            spot.attempt = _ask_which(hand, spot, detail)
        case _:
            raise AssertionError(f"no such move: {move}")
    return spot


def _change_frames(hand: Hand, spot: Spot, move: moves.Branch | moves.Return | moves.Rescue) -> Spot:
    """Open a block, come back from one, or leave all of them."""
    frame, node, run = spot.frame, spot.node, hand.run
    match move:
        case moves.Branch(branch, to, detail):
            note_control(hand, spot, detail=detail)
            here = {"agency_id": run.agency_id, "run_id": run.pk, "parent_id": frame.pk, "step_id": node.id}
            inner = Frame(**here, branch=branch, iteration=spot.iteration, cursor=to, visits={to: 1})
            hand.unwritten.opened = inner
            write(hand)  # the keys of what follows have the frame's number in them
            return arrived(spot.graph, inner)
        case moves.Return(to):
            note_control(hand, spot, detail="")
            frame.ended_at, frame.arrived = hand.by.now(), 1
            hand.moved(frame)
            assert frame.parent_id is not None
            outer = hand.frames[frame.parent_id]
        case moves.Rescue(to):
            run.detail = f"{node.name}: {run.variables.get('__problem__') or 'failed'}"
            for one in [one for one in hand.frames.values() if one.parent_id is not None]:
                one.ended_at = hand.by.now()
                hand.moved(one)
            outer = hand.innermost()
    go_to(hand, outer, to)
    return arrived(spot.graph, outer)


def _ask_which(hand: Hand, spot: Spot, detail: str) -> StepAttempt:
    said = f"A person decides: {detail}"
    rendered = {"kind": "if", "text": spot.node.condition}
    asked = attempt_at(hand, spot, effect_key=effect_key(hand.run, spot), state=StepState.UNKNOWN, detail=said, rendered=rendered)
    asked.started_at = asked.ready_at
    hand.changed(asked)
    hand.tell("question", f"{spot.node.name} {said}", step_id=spot.node.id)
    return asked


def _act_on_the_subject(hand: Hand, spot: Spot, attempt: StepAttempt) -> None:
    """The action and its record are one transaction: exactly once."""
    run, action = hand.run, local_action(attempt.rendered["action"])
    attempt.started_at, attempt.fence = hand.by.now(), run.fence
    context = RunContext(
        run=hand.claim.run,
        agency_id=run.agency_id,
        subject=run.subject,
        book=hand.slug,
        step=spot.node.id,
        effect_key=attempt.effect_key,
        by=hand.by,
        variables={name: value for name, value in run.variables.items() if value is not None},
    )
    with transaction_of(hand):
        try:
            with transaction.atomic():
                if action is None:
                    raise DomainError(f"There is no action {attempt.rendered['action']} any more.")
                outputs = action.perform(context, dict(attempt.rendered["arguments"])) or {}
        except DomainError as error:
            finish_attempt(hand, attempt, StepState.FAILED, error.detail)
        else:
            finish_attempt(hand, attempt, StepState.OK, "", outputs=named(spot, outputs))
        write(hand)


def named(spot: Spot, outputs: Mapping[str, Any]) -> dict[str, str]:
    """Outputs under the variables that the step names for them."""
    return {variable: str(outputs[name]) for variable, name in spot.node.outputs.items() if name in outputs}


def _intent(hand: Hand, spot: Spot, move: moves.Begin | moves.Check) -> Intent | None:
    """Write down that the call begins (or is asked after). None when the action is no longer what was approved."""
    attempt, begins = spot.attempt, isinstance(move, moves.Begin)
    assert attempt is not None
    if begins and not _still_the_same(hand, spot, attempt):
        return None
    connector = connected(hand, lambda one: one.name == attempt.rendered["connector"])
    if begins:
        attempt.state, attempt.started_at = StepState.STARTED, hand.by.now()
        hand.tell("began", f"{spot.node.name}: began", step_id=spot.node.id)
    else:
        attempt.checks += 1
        said = "again, it may be repeated" if isinstance(move, moves.Check) and move.repeat else "asking first whether it happened"
        hand.tell("resumed", f"{spot.node.name}: taken up {said}", step_id=spot.node.id)
    attempt.fence = hand.run.fence
    hand.changed(attempt)
    known = write(hand, Call(attempt, connector, spot.approval.consent_id if begins and spot.approval else None))
    hand.attempt, hand.approval, hand.withdrawn, hand.timers = attempt, spot.approval, spot.withdrawn, spot.timers
    return Intent(
        attempt_id=attempt.pk,
        agency_id=hand.run.agency_id,
        fence=hand.run.fence,
        rendered=attempt.rendered,
        request_hash=attempt.request_hash,
        way=way_of(connector) if connector else None,
        sure_until=hand.sure_until,
        ask=isinstance(move, moves.Check) and not move.repeat,
        known=known,
    )


def way_of(connector: Connector) -> Way:
    """How to reach a connector's product."""
    own = urlsplit(connector.base_url).hostname or ""
    return Way(connector.base_url, (own, *connector.allowed_hosts), tuple(connector.named_networks), connector.secret_name)


def _still_the_same(hand: Hand, spot: Spot, attempt: StepAttempt) -> bool:
    """What would run now is what was written down and approved; else it is put aside and asked anew."""
    try:
        now_is = rendered_for(hand, spot)
    except CannotRender as error:
        reason = str(error)
    else:
        if sha256_of(now_is) == attempt.request_hash and not spot.withdrawn:
            return True
        reason = "The agency withdrew its standing consent." if spot.withdrawn else "What would run changed after it was written down."
    if spot.approval is not None:
        with transaction_of(hand):
            void(hand, spot.approval, reason)
            finish_attempt(hand, attempt, StepState.SKIPPED, reason)
            write(hand)
    else:
        finish_attempt(hand, attempt, StepState.FAILED, reason, response={"passing": True})
    return False
