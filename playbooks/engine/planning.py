"""Writing an attempt down before anything happens: what exactly would run, under which key, and whom it asks."""

from datetime import timedelta
from typing import Any

from django.conf import settings

from playbooks.catalogue import action as local_action
from playbooks.definition.canonical import sha256_of
from playbooks.definition.graph import Node
from playbooks.definition.variables import filled
from playbooks.engine.spot import Spot
from playbooks.events import ApprovalAsked, ApprovalDecided
from playbooks.models import Approval, Connector, Run, StandingConsent, StepAttempt
from playbooks.operations.telling import tell
from playbooks.products import product
from playbooks.rendering import CannotRender, Reaching, http_call, local_call, manual_call, start_line
from playbooks.states import ApprovalState, EffectClass, StepState
from tenants.actors import Actor

# The watch lead is told when a third of the time is left: 20 of 30 minutes.
REMIND_AFTER = 2 / 3


def kind_of(node: Node) -> str:
    """How a step is carried out: local, http or manual; control steps by their own name."""
    if node.command is None:
        return {"if-condition": "if"}.get(node.kind, node.kind)
    return {"local-action": "local", "http-api": "http"}.get(node.command.kind, "manual")


def effect_key(run: Run, spot: Spot, *, command_no: int = 0, target: str = "") -> str:
    """The key under which the outside may know this effect: the same for every attempt at it."""
    return sha256_of([str(run.public_id), spot.frame.pk, spot.node.id, command_no, target, spot.iteration])


def rendered_for(run: Run, spot: Spot) -> dict[str, Any]:
    """Exactly what the step would run now. Raises CannotRender. At most one query."""
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
    connector = Connector.objects.filter(agency_id=run.agency_id, kind=category, enabled=True).first()
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


def plan(run: Run, spot: Spot, number: int, by: Actor) -> tuple[StepAttempt, Approval | None]:
    """Write the attempt down, and ask for approval when the step wants it and none stands for exactly this.

    An action on the subject that asks nobody is done in this very transaction, and written with its end.
    """
    node, now = spot.node, by.now()
    attempt = StepAttempt(
        agency_id=run.agency_id,
        run=run,
        frame=spot.frame,
        step_id=node.id,
        iteration=spot.iteration,
        attempt=number,
        kind=kind_of(node),
        name=node.name,
        effect_key=effect_key(run, spot),
        fence=run.fence,
        ready_at=now,
    )
    try:
        rendered = rendered_for(run, spot)
    except CannotRender as error:
        attempt.state, attempt.detail, attempt.ended_at, attempt.effect_class = StepState.FAILED, str(error), now, EffectClass.LOCAL
        run.variables = {**run.variables, "__problem__": str(error)}
        attempt.save()
        tell(run=run, kind="failed", text=f"{node.name}: {error}", by=by, step_id=node.id)
        return attempt, spot.approval
    attempt.rendered, attempt.request_hash, attempt.effect_class = rendered, sha256_of(rendered), rendered["effect"]
    if attempt.kind != "local" or node.asking:
        attempt.save()
    standing = spot.approval
    if node.asking and not (standing and standing.state == ApprovalState.APPROVED and standing.hash == attempt.request_hash):
        return attempt, ask(run, spot, attempt, by)
    return attempt, standing


def ask(run: Run, spot: Spot, attempt: StepAttempt, by: Actor) -> Approval:
    """Ask people for exactly this action; the agency's standing consent counts for its vote."""
    node, now, rendered = spot.node, by.now(), attempt.rendered
    assert node.asking is not None
    values = {k: v for k, v in run.variables.items() if v is not None}
    consent = next(
        (one for one in StandingConsent.objects.filter(withdrawn_at=None).order_by("id") if rendered["action"] in one.actions), None
    )
    seconds = settings.APPROVAL_SECONDS
    approval: Approval = Approval.objects.create(
        agency_id=run.agency_id,
        run=run,
        frame=spot.frame,
        attempt=attempt,
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
    tell(run=run, kind="asked", text=text, by=by, step_id=node.id, event=event)
    return approval


def void(run: Run, approval: Approval, reason: str, by: Actor) -> None:
    """Make an approval void: what would run is no longer what people saw."""
    approval.state, approval.decided_at, approval.reason = ApprovalState.VOID, by.now(), reason
    approval.save(update_fields=["state", "decided_at", "reason"])
    event = ApprovalDecided(
        run=str(run.public_id), about=run.subject, approval=str(approval.public_id), action=approval.action, outcome="void", reason=reason
    )
    tell(run=run, kind="void", text=f"The approval is void: {reason}", by=by, step_id=approval.step_id, event=event)
