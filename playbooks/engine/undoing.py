"""Taking back what a run did, as a run of the engine: what the next request is, and what became of each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from playbooks.decide import MOST_ATTEMPTS
from playbooks.definition.taking_back import LEFT, PLAN, TAKE_BACK, plan_of, request_back
from playbooks.engine.claiming import executed
from playbooks.engine.hand import Hand
from playbooks.engine.spot import Spot
from playbooks.events import UndoEnded
from playbooks.models import Connector, StepAttempt
from playbooks.rendering import CannotRender
from playbooks.states import StepState, UndoState

ENTRIES = """
SELECT u.id, u.text, u.state, u.rendered, a.effect_key, a.rendered FROM playbooks_undo u
JOIN playbooks_stepattempt a ON a.agency_id = u.agency_id AND a.id = u.attempt_id
WHERE u.agency_id = %s AND u.undone_by_id = %s ORDER BY u.attempt_id DESC
"""
PLANNED = """
SELECT a.rendered FROM playbooks_stepattempt a
WHERE a.agency_id = %s AND a.run_id = %s AND a.kind = 'local' AND a.state = 'ok' ORDER BY a.id DESC LIMIT 1
"""
CHANGED = "What would be sent is no longer what was planned: the connector changed."
BECAME = {StepState.OK: UndoState.DONE, StepState.UNKNOWN: UndoState.IN_DOUBT}
SAID = {UndoState.DONE: "Taken back", UndoState.FAILED: "Not taken back", UndoState.IN_DOUBT: "Not known whether it was taken back"}
Connected = Callable[[str], Connector | None]


@dataclass
class Entry:
    """One effect that the run takes back: as it was registered, and the request that did it."""

    id: int
    text: str
    state: str
    undo: dict[str, Any]
    effect_key: str
    done: dict[str, Any]


def speaks_of(spot: Spot) -> bool:
    """Whether the step belongs to the built-in book."""
    return spot.node.command is not None and spot.node.command.kind in (PLAN, TAKE_BACK)


def entries(hand: Hand) -> list[Entry]:
    """What this run takes back, the latest first; read once while the run is in hand."""
    if hand.entries is None:
        claim = hand.claim
        rows = executed(claim.agency_id, claim.actor, (ENTRIES, [claim.agency_id, claim.run_id]))
        hand.entries = [Entry(id, text, state, _json(undo), key, _json(done)) for id, text, state, undo, key, done in rows]
    found: list[Entry] = hand.entries
    return found


def _json(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, (str, bytes)) else value


def rendered_back(hand: Hand, spot: Spot, connected: Connected) -> dict[str, Any]:
    """The whole plan, or the request of this round. Raises CannotRender."""
    assert spot.node.command is not None
    if spot.node.command.kind == PLAN:
        some = entries(hand)
        return plan_of([_request(one, connected) for one in some], [one.done["action"] for one in some])
    request = _request(_entry(hand, spot), connected)
    claim = hand.claim
    planned = executed(claim.agency_id, claim.actor, (PLANNED, [claim.agency_id, claim.run_id]))
    if not planned or request not in _json(planned[0][0])["requests"]:
        raise CannotRender(CHANGED)
    return request


def _entry(hand: Hand, spot: Spot) -> Entry:
    return entries(hand)[spot.frame.iteration - 1]


def _request(one: Entry, connected: Connected) -> dict[str, Any]:
    connector = connected(one.done["connector"])
    if connector is None:
        raise CannotRender(f"The agency has no product {one.done['connector']} connected any more.")
    return request_back(one.undo, one.done, effect_key=one.effect_key, secret_name=connector.secret_name)


def begin_plan(hand: Hand) -> None:
    """How many rounds there are."""
    hand.run.variables = {**hand.run.variables, LEFT: len(entries(hand))}


def begin_round(hand: Hand, spot: Spot, attempt: StepAttempt) -> None:
    """An attempt at taking one back is written down: it is under way, and one less is left."""
    one = _entry(hand, spot)
    attempt.name = one.text[:500]
    hand.run.variables = {**hand.run.variables, LEFT: len(entries(hand)) - spot.frame.iteration}
    _now(hand, one, UndoState.UNDER_WAY)


def settle(hand: Hand, attempt: StepAttempt, state: StepState, detail: str) -> None:
    """What an ended attempt means for what it takes back; written with it."""
    one = next((one for one in entries(hand) if one.effect_key == attempt.rendered.get("takes_back")), None)
    again = state == StepState.FAILED and attempt.response.get("passing") and attempt.attempt < MOST_ATTEMPTS
    if one is not None and not again:
        fail(hand, one, BECAME.get(state, UndoState.FAILED), detail, step_id=attempt.step_id)


def cannot(hand: Hand, spot: Spot, detail: str) -> None:
    """The request of this round could not be written."""
    fail(hand, _entry(hand, spot), UndoState.FAILED, detail, step_id=spot.node.id)


def fail(hand: Hand, one: Entry, became: UndoState, detail: str, *, step_id: str) -> None:
    """Write down what became of one, well or badly."""
    _now(hand, one, became)
    told = {"run": hand.claim.run, "about": hand.run.subject, "text": one.text, "outcome": str(became), "detail": detail[:500]}
    hand.tell("undone", f"{SAID[became]}: {one.text}", step_id=step_id, event=UndoEnded(**told))


def _now(hand: Hand, one: Entry, state: UndoState) -> None:
    one.state = state
    ended = None if state in (UndoState.UNDER_WAY, UndoState.REGISTERED) else hand.by.now()
    hand.unwritten.undone[one.id] = {"id": one.id, "state": str(state), "ended_at": ended}


def end_all(hand: Hand, outcome: str, detail: str) -> tuple[str, str]:
    """How the run ends: done when all is taken back. What it did not come to can be taken back by another run."""
    some = entries(hand)
    doubted = {one.attempt.rendered.get("takes_back") for one in hand.known.values() if one.attempt is not None and _is_open(one.attempt)}
    for one in some:
        if one.state == UndoState.UNDER_WAY:
            _now(hand, one, UndoState.IN_DOUBT if one.effect_key in doubted else UndoState.REGISTERED)
    done = sum(one.state == UndoState.DONE for one in some)
    said = f"{done} of {len(some)} taken back"
    if done == len(some):
        return "done", said
    why = hand.run.variables.get("__problem__") or detail
    return "failed" if outcome == "done" else outcome, f"{said}. {why}"


def _is_open(attempt: StepAttempt) -> bool:
    return attempt.state in (StepState.STARTED, StepState.UNKNOWN)
