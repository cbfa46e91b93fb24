"""Going on with a run in hand: decide move after move, write them down together, until it waits, ends, or must act outside."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playbooks import moves
from playbooks.blocks import leaves, openers
from playbooks.connectors.speaking import Way
from playbooks.decide import decide, is_overdue, late
from playbooks.definition.canonical import sha256_of
from playbooks.definition.graph import END, Graph
from playbooks.definition.scoping import Meant
from playbooks.engine.claiming import graph_in
from playbooks.engine.ending import end_run, finish_attempt, note_control, settle_block
from playbooks.engine.guarding import must_stop
from playbooks.engine.hand import Hand
from playbooks.engine.planning import connected, rendered_for, void
from playbooks.engine.spot import Spot, spot_at
from playbooks.engine.stepping import step, stop
from playbooks.engine.trying import try_out
from playbooks.engine.writing import Call, transaction_of, write
from playbooks.models import Connector, StepAttempt
from playbooks.rendering import CannotRender
from playbooks.states import StepState

MOST_MOVES = 500
PRESSING = ("approval", "person", "run", "timer")  # of several things that a run waits for, the one that is told
MOST_TOGETHER = 20  # steps that share a commit: what a crash may have to do again


@dataclass(frozen=True)
class Intent:
    """A call that is written down as started and must now be made. `ask` says to ask the product first whether it happened, `again`
    that it may have been made before.

    It must not leave after `sure_until` (seconds of the monotonic clock) less the time that it may take.
    """

    attempt_id: int
    agency_id: int
    fence: int
    rendered: dict[str, Any]
    request_hash: str
    way: Way | None
    sure_until: float
    place_at: int | None = None  # the connector at which the call holds a place
    ask: bool = False
    again: bool = False
    known: dict[str, Any] = field(default_factory=dict)  # what an earlier worker was answered, when it could not record it


def go_on(hand: Hand) -> Intent | None:
    """Make the run's moves and write them down. Returns a call to make now, or None when the run waits or is over. Raises Moved, Full."""
    graph = graph_in(hand)
    stopped = must_stop(hand)
    waiting: dict[int, str] = {}
    for _ in range(MOST_MOVES):
        if stopped is not None and not _is_in_doubt(hand):
            stop(hand, graph, stopped)
            return None
        if len(hand.unwritten.attempts) >= MOST_TOGETHER:
            write(hand)
        found = _next(hand, graph, waiting)
        if found is None:
            hand.let_go(waits_for=next(one for one in PRESSING if one in waiting.values()))
            write(hand)
            return None
        spot, move = found
        match move:
            case moves.Begin() | moves.Check():
                intent = _intent(hand, spot, move)
                if intent is not None:
                    return intent
            case moves.Wait(what):
                waiting[spot.frame.pk] = what
            case moves.Finish(outcome, detail):
                if spot.node.kind == END:
                    note_control(hand, spot)
                elif spot.node.is_block:
                    settle_block(hand, spot, detail=detail, failed=True)
                end_run(hand, outcome, detail)
                return None
            case moves.AskWhich(detail) if not hand.run.acts():
                stop(hand, graph, f"{spot.node.name} needs a person: {detail}")
                return None
            case _:
                step(hand, spot, move)
                if isinstance(move, moves.Plan):
                    try_out(hand, spot)
    hand.let_go(waits_for="", wake_at=hand.by.now())
    write(hand)
    return None


def _is_in_doubt(hand: Hand) -> bool:
    """Whether a call may have happened and its answer is not written down: that is found out first, whatever comes then."""
    attempts = [one.attempt for one in hand.known.values() if one.attempt is not None]
    return any(one.state == StepState.STARTED and one.kind == "http" for one in attempts)


def _next(hand: Hand, graph: Graph, waiting: Mapping[int, str]) -> tuple[Spot, moves.Move] | None:
    """The first frame that can go on, and how; None when all of them wait. A block whose time is over goes before what is in it."""
    for key in openers(hand.frames) if len(hand.frames) > 1 else ():
        spot = spot_at(hand, graph, key)
        if is_overdue(spot.node, spot.place):
            return spot, moves.TimedOut(late(spot.node))
    for key in leaves(hand.frames):
        if key not in waiting:
            spot = spot_at(hand, graph, key)
            values = Meant(spot.node, graph, hand.run.variables)
            return spot, decide(graph, spot.place, spot.standing, values, hand.run.detail)
    return None


def _intent(hand: Hand, spot: Spot, move: moves.Begin | moves.Check) -> Intent | None:
    """Write down that the call begins (or is asked after). None when the action is no longer what was approved."""
    known, begins = spot.known, isinstance(move, moves.Begin)
    attempt = known.attempt
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
    asks = isinstance(move, moves.Check) and not move.repeat
    consent = known.approval.consent_id if begins and known.approval else None
    answered = write(hand, Call(attempt, connector, consent, requests=2 if asks else 1))
    return Intent(
        attempt_id=attempt.pk,
        agency_id=hand.run.agency_id,
        fence=hand.run.fence,
        rendered=attempt.rendered,
        request_hash=attempt.request_hash,
        way=way_of(connector) if connector else None,
        sure_until=hand.sure_until,
        place_at=connector.pk if connector and connector.most_at_once is not None else None,
        ask=asks,
        again=not begins,
        known=answered,
    )


def way_of(connector: Connector) -> Way:
    """How to reach a connector's product."""
    own = urlsplit(connector.base_url).hostname or ""
    return Way(connector.base_url, (own, *connector.allowed_hosts), tuple(connector.named_networks), connector.secret_name)


def _still_the_same(hand: Hand, spot: Spot, attempt: StepAttempt) -> bool:
    """What would run now is what was written down and approved; else it is put aside and asked anew."""
    approval = spot.known.approval if spot.node.asking else None
    withdrawn = approval is not None and spot.known.withdrawn
    try:
        now_is = rendered_for(hand, spot, spot.unit)
    except CannotRender as error:
        reason = str(error)
    else:
        if sha256_of(now_is) == attempt.request_hash and not withdrawn:
            return True
        reason = "The agency withdrew its standing consent." if withdrawn else "What would run changed after it was written down."
    if approval is not None:
        with transaction_of(hand):
            void(hand, approval, reason)
            finish_attempt(hand, attempt, StepState.SKIPPED, reason)
            write(hand)
    else:
        finish_attempt(hand, attempt, StepState.FAILED, reason, response={"passing": True})
    return False
