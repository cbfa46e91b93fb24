"""A step that runs another book: that run begins with the step's own record, and what it returns is taken over at its end."""

import orjson

from playbooks.definition.scoping import returned
from playbooks.engine.ending import finish_attempt
from playbooks.engine.hand import Hand
from playbooks.engine.spot import Spot
from playbooks.engine.writing import transaction_of, write
from playbooks.operations.starting import start_called
from playbooks.queries.books import version_called
from playbooks.queries.trust import refusal_of
from playbooks.states import StepState

DEEPEST = 10  # how far books may run books


def call_book(hand: Hand, spot: Spot) -> None:
    """Start the other book's run; the same transaction writes that it was started, so it is started once. Raises Moved."""
    attempt = spot.known.attempt
    assert attempt is not None
    wanted = attempt.rendered
    with transaction_of(hand):
        version = version_called(wanted["book"], wanted["version"])
        refused = refusal_of(version, hand.run.agency_id, hand.by.now()) if version is not None else None
        if refused is not None:
            finish_attempt(hand, attempt, StepState.FAILED, refused)
        elif version is None or hand.run.depth >= DEEPEST:
            which = f"{wanted['book']} {wanted['version']}".strip()
            missing = f"There is no published book {which}." if version is None else f"Books run books more than {DEEPEST} deep."
            finish_attempt(hand, attempt, StepState.FAILED, missing)
        else:
            attempt.state, attempt.started_at = StepState.STARTED, hand.by.now()
            hand.changed(attempt)
            hand.tell("began", f"{spot.node.name}: {version.book.name}, version {version.number}, begins", step_id=spot.node.id)
        write(hand)
        if version is not None and attempt.state == StepState.STARTED:
            start_called(caller=hand.run, attempt=attempt, version=version, values=wanted["arguments"], by=hand.by)
            spot.known.child = {"state": "ready"}


def adopt(hand: Hand, spot: Spot, ok: bool) -> None:
    """Take over what the other run returned, under the names that the step lists, or its failure."""
    attempt, child = spot.known.attempt, spot.known.child
    assert attempt is not None
    detail = str(child.get("detail") or "")
    if not ok:
        finish_attempt(hand, attempt, StepState.FAILED, f"The book that it ran has failed: {detail}")
        return
    kept = child["variables"]
    values = orjson.loads(kept) if isinstance(kept, str) else kept
    outputs = returned(spot.node, spot.graph, {name: values[name] for name in spot.node.out_args if name in values})
    finish_attempt(hand, attempt, StepState.OK, detail, outputs=outputs)
