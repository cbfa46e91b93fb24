"""Writing an attempt down before anything happens: what exactly would run, under which key, and whom it asks."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings

from playbooks.catalogue import action as local_action
from playbooks.definition.canonical import sha256_of
from playbooks.definition.graph import Node
from playbooks.definition.variables import filled
from playbooks.engine.claiming import executed
from playbooks.engine.hand import Hand, revived
from playbooks.engine.spot import Spot
from playbooks.engine.writing import transaction_of, write
from playbooks.events import ApprovalAsked, ApprovalDecided
from playbooks.models import Approval, Connector, Run, StandingConsent, StepAttempt
from playbooks.products import product
from playbooks.rendering import CannotRender, Reaching, http_call, local_call, manual_call, start_line
from playbooks.states import ApprovalState, EffectClass, StepState

# The watch lead is told when a third of the time is left: 20 of 30 minutes.
REMIND_AFTER = 2 / 3
CONNECTORS = "SELECT to_jsonb(c) FROM playbooks_connector c WHERE c.agency_id = %s AND c.enabled ORDER BY c.id"


def kind_of(node: Node) -> str:
    """How a step is carried out: local, http or manual; control steps by their own name."""
    if node.command is None:
        return {"if-condition": "if"}.get(node.kind, node.kind)
    return {"local-action": "local", "http-api": "http"}.get(node.command.kind, "manual")


def effect_key(run: Run, spot: Spot, *, command_no: int = 0, target: str = "") -> str:
    """The key under which the outside may know this effect: the same for every attempt at it."""
    return sha256_of([str(run.public_id), spot.frame.pk, spot.node.id, command_no, target, spot.iteration])


def attempt_at(hand: Hand, spot: Spot, **more: Any) -> StepAttempt:
    """A new attempt at the step where the run stands."""
    node, claim = spot.node, hand.claim
    here = {"agency_id": claim.agency_id, "run_id": claim.run_id, "frame_id": spot.frame.pk, "step_id": node.id}
    said = {"kind": kind_of(node), "name": node.name, "fence": claim.fence, "ready_at": hand.by.now()}
    return StepAttempt(**here, **said, iteration=spot.iteration, **more)


def connected(hand: Hand, wanted: Callable[[Connector], bool]) -> Connector | None:
    """The agency's connector that is `wanted`; read once while the run is in hand, and looked at again by the write of each call."""
    if hand.connectors is None:
        claim = hand.claim
        rows = executed(claim.agency_id, claim.actor, (CONNECTORS, [claim.agency_id]))
        hand.connectors = [revived(Connector, row) for (row,) in rows]
    return next((one for one in hand.connectors if wanted(one)), None)


def rendered_for(hand: Hand, spot: Spot) -> dict[str, Any]:
    """Exactly what the step would run now. Raises CannotRender. At most one query."""
    run = hand.run
    values = {name: value for name, value in run.variables.items() if value is not None}
    node, key = spot.node, effect_key(run, spot)
    kind = kind_of(node)
    if kind == "local":
        rendered = local_call(node, values, subject=run.subject, key=key)
        if local_action(rendered["action"]) is None:
            raise CannotRender(f"There is no action {rendered['action']} on this subject.")
        return rendered
    if kind == "manual":
        return manual_call(node, values, key=key)
    category = node.agent.category if node.agent else ""
    connector = connected(hand, lambda one: one.kind == category)
    known = product(category)
    if connector is None or known is None:
        raise CannotRender(f"The agency has connected no {known.label.lower() if known else category or 'product'}.")
    method, path = start_line(node.commands[0], values)
    found = known.action_for(method, path)
    if found is None:
        raise CannotRender(f"{known.label} knows no {method} {path}.")
    action, parts = found
    reaching = Reaching(
        connector=connector.name,
        base_url=connector.base_url,
        secret_name=connector.secret_name,
        action=action.name,
        effect=action.effect,
        undo=action.undoing(parts) if action.undoing else None,
        undo_text=action.undo_text.format(**parts),
    )
    return http_call(node, values, reaching, method=method, path=path, targets=list(parts.values()), key=key)


def reach_of(rendered: dict[str, Any], node: Node, values: dict[str, str | None]) -> str:
    """What the action touches, in words: the book's own sentence, else the product's."""
    if node.asking and node.asking.touches:
        return filled(node.asking.touches, {k: v for k, v in values.items() if v is not None})
    known = product(str(rendered["action"]).partition(".")[0])
    action = known.named(rendered["action"]) if known else None
    return action.reach({"host": rendered["targets"][0]}) if action and rendered["targets"] else ""


def plan(hand: Hand, spot: Spot, number: int) -> None:
    """Write the attempt down, and ask for approval when the step wants it and none stands for exactly this.

    An action that asks nobody is written with what becomes of it, if that is in the same statement.
    """
    node, run = spot.node, hand.run
    spot.attempt = attempt = attempt_at(hand, spot, attempt=number, effect_key=effect_key(run, spot))
    hand.changed(attempt)
    try:
        rendered = rendered_for(hand, spot)
    except CannotRender as error:
        attempt.state, attempt.detail, attempt.ended_at, attempt.effect_class = (
            StepState.FAILED,
            str(error),
            attempt.ready_at,
            EffectClass.LOCAL,
        )
        run.variables = {**run.variables, "__problem__": str(error)}
        hand.tell("failed", f"{node.name}: {error}", step_id=node.id)
        return
    attempt.rendered, attempt.request_hash, attempt.effect_class = rendered, sha256_of(rendered), rendered["effect"]
    standing = spot.approval
    if node.asking and not (standing and standing.state == ApprovalState.APPROVED and standing.hash == attempt.request_hash):
        ask(hand, spot, attempt)


def ask(hand: Hand, spot: Spot, attempt: StepAttempt) -> None:
    """Ask people for exactly this action; the agency's standing consent counts for its vote."""
    with transaction_of(hand):
        write(hand)
        spot.approval, spot.withdrawn = _asked(hand, spot, attempt), False
        write(hand)


def _asked(hand: Hand, spot: Spot, attempt: StepAttempt) -> Approval:
    node, run, now, rendered = spot.node, hand.run, hand.by.now(), attempt.rendered
    assert node.asking is not None
    values = {k: v for k, v in run.variables.items() if v is not None}
    consent = next(
        (one for one in StandingConsent.objects.filter(withdrawn_at=None).order_by("id") if rendered["action"] in one.actions), None
    )
    seconds = settings.APPROVAL_SECONDS
    approval: Approval = Approval.objects.create(
        agency_id=run.agency_id,
        run_id=run.pk,
        frame_id=spot.frame.pk,
        attempt_id=attempt.pk,
        subject=run.subject,
        step_id=node.id,
        iteration=spot.iteration,
        action_name=rendered["action"],
        action=filled(node.asking.title, values),
        rendered=rendered,
        hash=attempt.request_hash,
        touches=reach_of(rendered, node, run.variables),
        undo_text=(rendered["undo"] or {}).get("text", ""),
        asks_agency=consent is None,
        consent=consent,
        asked_at=now,
        remind_at=now + timedelta(seconds=seconds * REMIND_AFTER),
        expires_at=now + timedelta(seconds=seconds),
    )
    event = ApprovalAsked(
        run=str(run.public_id),
        about=run.subject,
        approval=str(approval.public_id),
        action=approval.action,
        hash=approval.hash,
        expires_at=approval.expires_at,
    )
    text = f"Asked for approval: {approval.action}. Lapses at {approval.expires_at:%H:%M} UTC"
    hand.tell("asked", text, step_id=node.id, event=event)
    return approval


def void(hand: Hand, approval: Approval, reason: str) -> None:
    """Make an approval void: what would run is no longer what people saw. In a transaction of the hand."""
    run = hand.run
    approval.state, approval.decided_at, approval.reason = ApprovalState.VOID, hand.by.now(), reason
    approval.save(update_fields=["state", "decided_at", "reason"])
    about = {"run": hand.claim.run, "about": run.subject, "approval": str(approval.public_id), "action": approval.action}
    event = ApprovalDecided(**about, outcome="void", reason=reason)
    hand.tell("void", f"The approval is void: {reason}", step_id=approval.step_id, event=event)
