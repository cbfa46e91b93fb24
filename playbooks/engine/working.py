"""The work of the engine as the sweep does it: runs, timers, approvals, agency by agency."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import orjson
from django.db import connection

from playbooks.decide import BACKOFF_SECONDS
from playbooks.engine.claiming import Claim, FencedOff, claim, held, let_go
from playbooks.engine.ending import finish_attempt, finish_run
from playbooks.engine.performing import perform
from playbooks.engine.spot import spot_of
from playbooks.engine.walking import Intent, arm, go_on, outputs_of
from playbooks.models import Run, StepAttempt
from playbooks.operations.lapsing import due_approvals, lapse_or_remind
from playbooks.operations.timing import due_timers, fire
from playbooks.products import Outcome
from playbooks.queries.books import graph_of
from playbooks.states import StepState
from tenants.actors import Actor, playbook_run, system
from tenants.isolation import scope
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


def server_time() -> datetime:
    """The server's clock."""
    return datetime.now(UTC)


def work_runs(agency_id: int | None, *, clock: Clock = server_time) -> int:
    """Take up to a few runs of the agency as far as they go. Returns how many were taken."""
    assert agency_id is not None
    done = 0
    while done < MOST_AT_ONCE:
        with scope.agency(agency_id, actor="system:playbooks"):
            taken = claim(agency_id, now=clock())
        if taken is None:
            break
        advance(taken, clock=clock)
        done += 1
    return done


def advance(taken: Claim, *, clock: Clock = server_time) -> None:
    """Go on with a claimed run until it waits or is over. Never raises for a fault of one run."""
    done: tuple[Intent, Outcome] | None = None
    try:
        while True:
            with scope.agency(taken.agency_id, actor=f"run:{taken.run}"):
                run = held(taken)
                by = _actor(run.book.name, taken, clock)
                if done is not None:
                    record_outcome(run, *done, by=by)
                    done = None
                intent = go_on(run, by)
                run.save()
            if intent is None:
                return
            done = (intent, perform(intent))
    except FencedOff:
        logger.warning("fenced off: another worker has this run", extra={"run": taken.run})
        if done is not None:
            keep_effect(*done)
    except Exception:
        logger.exception("a run met a fault of our own", extra={"run": taken.run})
        _fault(taken, clock)


def _actor(book: str, taken: Claim, clock: Clock) -> Actor:
    return playbook_run(taken.run, label=book, agency_id=taken.agency_id, clock=clock)


def record_outcome(run: Run, intent: Intent, outcome: Outcome, *, by: Actor) -> None:
    """Write down what a call brought; the run is held. What is unsure stays started, and is asked after later."""
    attempt = StepAttempt.objects.locked(pk=intent.attempt_id)
    if attempt.state != StepState.STARTED:
        return
    spot = spot_of(run, graph_of(run.version, run.version_hash))
    if outcome.state == "ok":
        _insert_effect(intent, outcome)
        named = outputs_of(run, spot, outcome.outputs)
        finish_attempt(run, attempt, StepState.OK, outcome.detail, outputs=named, response=dict(outcome.response), by=by)
    elif outcome.state == "failed":
        told = {**outcome.response, "passing": outcome.passing}
        finish_attempt(run, attempt, StepState.FAILED, outcome.detail, response=told, by=by)
    else:
        attempt.detail = outcome.detail[:2000]
        attempt.save(update_fields=["detail"])
        purpose = f"check:{attempt.step_id}:{spot.iteration}:{attempt.attempt}:{attempt.checks}"
        arm(run, spot, purpose, BACKOFF_SECONDS[min(attempt.checks, len(BACKOFF_SECONDS) - 1)], by)


def keep_effect(intent: Intent, outcome: Outcome) -> None:
    """What a fenced-off worker was answered is kept beside the run, for whoever has it now; the run's rows are not touched."""
    if outcome.state == "ok":
        with scope.agency(intent.agency_id, actor="system:playbooks"):
            _insert_effect(intent, outcome)


def _insert_effect(intent: Intent, outcome: Outcome) -> None:
    if intent.rendered["effect"] == "read":
        return
    told = orjson.dumps({"outputs": dict(outcome.outputs), "response": dict(outcome.response)}).decode()
    with connection.cursor() as cursor:
        cursor.execute(KEEP_EFFECT, [intent.agency_id, intent.rendered["key"], intent.request_hash, told, intent.fence])


def _fault(taken: Claim, clock: Clock) -> None:
    """Put the run down for a while, or end it after too many faults in a row."""
    try:
        with scope.agency(taken.agency_id, actor=f"run:{taken.run}"):
            run = held(taken)
            run.faults += 1
            if run.faults >= MOST_FAULTS:
                finish_run(run, "failed", "The engine failed on this run; the log has the fault.", _actor(run.book.name, taken, clock))
            else:
                let_go(run, waits_for="", wake_at=clock() + timedelta(seconds=BACKOFF_SECONDS[run.faults - 1]))
            run.save()
    except FencedOff:
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
    register(Chore("runs", lambda: agencies_with("agencies_with_runs"), work_runs))
