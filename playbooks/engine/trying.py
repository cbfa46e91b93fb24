"""A step that its run does not do for real: what it would have done, and whom it would have asked, is written down as done."""

from playbooks.catalogue import action as local_action
from playbooks.definition.places import filled_for
from playbooks.definition.scoping import seen_from
from playbooks.engine.ending import finish_attempt
from playbooks.engine.hand import Hand
from playbooks.engine.replaying import replay
from playbooks.engine.spot import Spot
from playbooks.engine.stepping import named
from playbooks.models import StepAttempt
from playbooks.products import Outcome, action_named
from playbooks.states import StepState, StepWay


def try_out(hand: Hand, spot: Spot) -> None:
    """End an attempt that was just planned as if it had gone well, or as it was recorded: nothing is sent, nobody is asked for a vote.

    A step that runs another book, and is not replayed, is left alone: that book's run is tried out itself. Raises Moved.
    """
    attempt = spot.known.attempt
    if attempt is None or attempt.state != StepState.PLANNED or hand.run.acts(spot.node.id):
        return
    if hand.run.way_of(spot.node.id) == StepWay.REPLAY:
        replay(hand, spot)
        return
    if attempt.kind == "book":
        return
    if spot.node.asking is not None:
        title = filled_for("text", spot.node.asking.title, seen_from(spot.node, hand.run.variables))
        hand.tell("would_ask", f"Would have asked for approval: {title}", step_id=spot.node.id)
    outcome = would_be(attempt, spot)
    attempt.started_at = hand.by.now()
    response = {**outcome.response, "tried": str(hand.run.way_of(spot.node.id))}
    finish_attempt(hand, attempt, StepState.OK, outcome.detail, outputs=named(spot, outcome.outputs), response=response)


def would_be(attempt: StepAttempt, spot: Spot) -> Outcome:
    """What a planned attempt would have come to, by what the product or the action says of itself."""
    rendered = attempt.rendered
    if attempt.kind == "http":
        product = action_named(rendered["action"])
        return product.simulate(rendered) if product else Outcome("ok", f"Would have sent {rendered['method']} {rendered['url']}")
    if attempt.kind == "local":
        known = local_action(rendered["action"])
        return Outcome("ok", f"Would have done: {known.label if known else rendered['action']}")
    asked = rendered.get("target") or (spot.node.agent.name if spot.node.agent else "a person")
    return Outcome("ok", f"Would have asked {asked}: {str(rendered.get('text', ''))[:500]}")
