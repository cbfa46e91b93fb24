"""The work of the engine as the sweep does it: runs, timers, approvals, agency by agency."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

import orjson

from playbooks.decide import BACKOFF_SECONDS, check_purpose
from playbooks.engine.claiming import again, agencies_waiting, claim, executed, graph_in
from playbooks.engine.ending import end_run, finish_attempt
from playbooks.engine.hand import Claim, FencedOff, Hand, Moved
from playbooks.engine.limiting import Full, put_off
from playbooks.engine.performing import perform
from playbooks.engine.spot import spot_at
from playbooks.engine.stepping import named
from playbooks.engine.turns import Turns
from playbooks.engine.walking import Intent, go_on
from playbooks.engine.writing import write
from playbooks.models import Connector
from playbooks.operations.lapsing import due_approvals, lapse_or_remind
from playbooks.operations.timing import due_timers, fire
from playbooks.products import Outcome
from playbooks.states import StepState
from tenants.actors import server_time, system
from tenants.isolation import scope
from tenants.isolation.outages import is_outage
from tenants.journal import doorbell
from tenants.journal.delivery import agencies_with
from tenants.journal.sweeping import Chore, register

logger = logging.getLogger(__name__)
Clock = Callable[[], datetime]

MOST_FAULTS = 5
MOST_AT_ONCE = 10

KEEP_EFFECT = """
INSERT INTO playbooks_effect (agency_id, effect_key, request_hash, response, fence, at)
VALUES (%s, %s, %s, %s::jsonb, %s, now()) ON CONFLICT (agency_id, effect_key) DO NOTHING
"""


# A worker gives turns by what it has seen of them itself: no row is written for it, and the shares of all workers are those of each.
_turns = Turns()
_turn = Lock()


def work_in_turn(*, clock: Clock = server_time) -> int:
    """Take a few runs as far as they go, of whichever agency is next. Returns how many were taken."""
    waiting = {one.agency_id: one for one in agencies_waiting()}
    done = 0
    while done < MOST_AT_ONCE:
        with _turn:
            chosen = _turns.next(waiting.values())
        if chosen is None:
            break
        one, lane = chosen
        hand = claim(one.agency_id, clock=clock, first=lane, most_at_once=one.most_at_once)
        if hand is None:
            del waiting[one.agency_id]
            continue
        advance(hand, clock=clock)
        with _turn:
            _turns.had(one, hand.steps)
        done += 1
    return done


def work_runs(agency_id: int | None, *, clock: Clock = server_time) -> int:
    """Take up to a few runs of the agency as far as they go. Returns how many were taken."""
    assert agency_id is not None
    done = 0
    while done < MOST_AT_ONCE:
        hand = claim(agency_id, clock=clock)
        if hand is None:
            break
        advance(hand, clock=clock)
        done += 1
    return done


def advance(hand: Hand, *, clock: Clock = server_time) -> None:
    """Go on with a claimed run until it waits or is over. Never raises for a fault of one run."""
    taken = hand.claim
    done: tuple[Intent, Outcome] | None = None
    try:
        while True:
            try:
                if done is not None:
                    record_outcome(hand, *done)
                intent = go_on(hand)
            except Moved:
                _ring(hand)
                hand = again(taken, clock=clock)
                continue
            except Full as error:
                hand = again(taken, clock=clock)
                if _put_down(hand, error.connector, done):
                    return
                continue
            done = None
            _ring(hand)
            if intent is None:
                return
            done = (intent, perform(intent))
    except FencedOff:
        logger.warning("fenced off: another worker has this run", extra={"run": taken.run})
        if done is not None:
            keep_effect(*done)
    except Exception as error:
        outage = is_outage(error)
        logger.exception("the database went away" if outage else "a run met a fault of our own", extra={"run": taken.run})
        _fault(taken, clock, counted=not outage)
    _ring(hand)


def _put_down(hand: Hand, connector: Connector, done: tuple[Intent, Outcome] | None) -> bool:
    """Write down what the last call brought, and that the next one waits for room. False when the run moved meanwhile."""
    if done is not None:
        record_outcome(hand, *done)
    put_off(hand, connector)
    try:
        write(hand)
    except Moved:
        return False
    return True


def _ring(hand: Hand) -> None:
    """Tell the workers of facts that were written: before a call that may take its time, and when the run is put down."""
    if hand.heard:
        doorbell.ring("deliveries", hand.claim.agency_id)
        hand.heard = False


def record_outcome(hand: Hand, intent: Intent, outcome: Outcome) -> None:
    """Have written down what a call brought. What is unsure stays started, and is asked after later."""
    hand.unwritten.freed = intent.place_at
    key = next((key for key, one in hand.known.items() if one.attempt is not None and one.attempt.pk == intent.attempt_id), None)
    attempt = hand.known[key].attempt if key in hand.frames else None
    if key is None or attempt is None or attempt.state != StepState.STARTED:
        return
    spot = spot_at(hand, graph_in(hand), key)
    if outcome.state == "ok":
        hand.unwritten.effects += [_effect(intent, outcome)] if _leaves_an_effect(intent) else []
        outputs = named(spot, outcome.outputs)
        finish_attempt(hand, attempt, StepState.OK, outcome.detail, outputs=outputs, response=dict(outcome.response))
    elif outcome.state == "failed":
        told = {**outcome.response, "passing": outcome.passing}
        finish_attempt(hand, attempt, StepState.FAILED, outcome.detail, response=told)
    else:
        attempt.detail = outcome.detail[:2000]
        hand.changed(attempt)
        standing = spot.standing
        assert standing is not None
        purpose = check_purpose(spot.node, spot.place, standing)
        seconds = BACKOFF_SECONDS[min(attempt.checks, len(BACKOFF_SECONDS) - 1)]
        hand.arm(spot.frame, spot.known.timers, purpose, max(seconds, outcome.response.get("retry_after", 0)))


def keep_effect(intent: Intent, outcome: Outcome) -> None:
    """What a fenced-off worker was answered is kept beside the run, for whoever has it now; the run's rows are not touched."""
    if outcome.state == "ok" and _leaves_an_effect(intent):
        told = _effect(intent, outcome)
        values = [intent.agency_id, told["effect_key"], told["request_hash"], orjson.dumps(told["response"]).decode(), intent.fence]
        executed(intent.agency_id, "system:playbooks", (KEEP_EFFECT, values))


def _leaves_an_effect(intent: Intent) -> bool:
    return bool(intent.rendered["effect"] != "read")


def _effect(intent: Intent, outcome: Outcome) -> dict[str, Any]:
    told = {"outputs": dict(outcome.outputs), "response": dict(outcome.response)}
    asked = {"effect_key": intent.rendered["key"], "request_hash": intent.request_hash}
    return {**asked, "response": told, "fence": intent.fence, "at": server_time()}


def _fault(taken: Claim, clock: Clock, *, counted: bool) -> None:
    """Put the run down for a while, or end it after too many faults in a row."""
    try:
        hand = again(taken, clock=clock)
        run = hand.run
        run.faults += counted
        if run.faults >= MOST_FAULTS:
            end_run(hand, "failed", "The engine failed on this run; the log has the fault.")
        else:
            hand.let_go(waits_for="", wake_at=clock() + timedelta(seconds=BACKOFF_SECONDS[max(0, run.faults - 1)]))
            write(hand)
        _ring(hand)
    except (FencedOff, Moved):
        return


def work_timers(agency_id: int | None, *, clock: Clock = server_time) -> int:
    """Fire the agency's due timers. Returns how many."""
    assert agency_id is not None
    by = system("timers", agency_id=agency_id, clock=clock)
    with scope.agency(agency_id, actor=by.name):
        due = due_timers(at=by.now(), most=50)
    for timer_id in due:
        with scope.agency(agency_id, actor=by.name):
            fire(timer_id=timer_id, by=by)
    return len(due)


def work_approvals(agency_id: int | None, *, clock: Clock = server_time) -> int:
    """Let the agency's approvals lapse when their time is over, and tell the watch lead before. Returns how many."""
    assert agency_id is not None
    by = system("approvals", agency_id=agency_id, clock=clock)
    with scope.agency(agency_id, actor=by.name):
        due = due_approvals(at=by.now(), most=50)
    for approval_id in due:
        with scope.agency(agency_id, actor=by.name):
            lapse_or_remind(approval_id=approval_id, by=by)
    return len(due)


def register_chores() -> None:
    """Add the engine's work to the sweep of every worker."""
    register(Chore("timers", lambda: agencies_with("agencies_with_timers"), work_timers))
    register(Chore("approvals", lambda: agencies_with("agencies_with_approvals"), work_approvals))
    register(Chore("runs", lambda: [one.agency_id for one in agencies_waiting()], work_runs, in_turn=work_in_turn))
