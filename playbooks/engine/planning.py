"""Writing an attempt down before anything happens: what exactly would run, under which key, and whom it asks."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import SplitResult

from django.conf import settings

from playbooks.catalogue import action as local_action
from playbooks.connectors import agents, http, openc2
from playbooks.connectors.addressed import PEOPLE, addresses, chosen, means, start_of, written
from playbooks.definition.canonical import sha256_of
from playbooks.definition.graph import BOOK, IF, SWITCH, WHILE, Node
from playbooks.definition.places import filled_for
from playbooks.definition.scoping import seen_from
from playbooks.definition.taking_back import PLAN, TAKE_BACK
from playbooks.engine.claiming import executed
from playbooks.engine.guarding import must_not_send
from playbooks.engine.hand import Hand, revived
from playbooks.engine.spot import Spot
from playbooks.engine.undoing import begin_plan, begin_round, cannot, rendered_back, speaks_of
from playbooks.engine.writing import transaction_of, write
from playbooks.events import ApprovalAsked, ApprovalDecided
from playbooks.models import Approval, Connector, Run, StandingConsent, StepAttempt
from playbooks.products import AGENT_KINDS, action_named, product_of
from playbooks.rendering import CannotRender, Reaching, book_call, http_call, local_call, manual_call, start_line
from playbooks.states import ApprovalState, EffectClass, StepState

# The watch lead is told when a third of the time is left: 20 of 30 minutes.
REMIND_AFTER = 2 / 3
CONNECTORS = "SELECT to_jsonb(c) FROM playbooks_connector c WHERE c.agency_id = %s AND c.enabled ORDER BY c.id"


CONTROL_KINDS = {IF: "if", WHILE: "while", SWITCH: "switch", BOOK: "book"}
CARRIED_OUT = {"local-action": "local", PLAN: "local", "http-api": "http", "openc2-http": "http", "openc2": "http"}
SPOKEN = {"http-api": "http", "openc2-http": "openc2", "openc2": "openc2"}  # the kinds of products that are found by an address


def kind_of(hand: Hand, node: Node, unit: tuple[int, int] = (0, 0)) -> str:
    """How a command of a step is carried out: local, http or manual; other steps by their own name. At most one query."""
    if not node.commands:
        return CONTROL_KINDS.get(node.kind, node.kind)
    if node.commands[unit[0]].kind == TAKE_BACK and hand.run.undoes_id is not None:
        return "http"
    if _agent_for(hand, node, unit) is not None:
        return "http"
    kind = CARRIED_OUT.get(node.commands[unit[0]].kind, "manual")
    return "manual" if kind == "http" and not _is_a_product(node, unit) and not _reached(hand, node, unit) else kind


def _is_a_product(node: Node, unit: tuple[int, int]) -> bool:
    """Whether the step speaks to a product by its category."""
    return node.commands[unit[0]].kind == "http-api" and product_of(category_of(node)) is not None


def _reached(hand: Hand, node: Node, unit: tuple[int, int]) -> list[tuple[Connector, SplitResult]]:
    """The agency's connectors on the host that the step's target or agent names, each with that address, the best address first."""
    wanted = SPOKEN[node.commands[unit[0]].kind]
    named = addresses(node, unit, seen_from(node, hand.run.variables))
    return [(one, at) for at in named for one in _connectors(hand) if one.kind == wanted and means(at, one.base_url)]


def _agent_for(hand: Hand, node: Node, unit: tuple[int, int]) -> Connector | None:
    """The agent that the agency has registered for commands of this kind; none when people do it themselves. At most one query."""
    kind = node.commands[unit[0]].kind
    if kind not in AGENT_KINDS or node.agent is None or node.agent.kind in PEOPLE:
        return None
    return connected(hand, lambda one: one.kind == "agent" and kind in one.runs)


def category_of(node: Node) -> str:
    """The kind of product that the step speaks to."""
    return node.agent.category if node.agent else ""


def effect_key(run: Run, spot: Spot, unit: tuple[int, int] = (0, 0)) -> str:
    """The key under which the outside may know this effect: the same for every attempt at it."""
    return sha256_of([str(run.public_id), spot.frame.pk, spot.node.id, unit[0], _target(spot.node, unit), spot.iteration])


def _target(node: Node, unit: tuple[int, int]) -> str:
    return node.targets[unit[1]].id if node.targets else ""


def attempt_at(hand: Hand, spot: Spot, unit: tuple[int, int] = (0, 0), **more: Any) -> StepAttempt:
    """A new attempt at a command of the step, on a target."""
    node, claim = spot.node, hand.claim
    here = {"agency_id": claim.agency_id, "run_id": claim.run_id, "frame_id": spot.frame.pk, "step_id": node.id}
    said = {"kind": kind_of(hand, node, unit), "name": node.name, "fence": claim.fence, "ready_at": hand.by.now()}
    at = {"command_no": unit[0], "target": _target(node, unit), "iteration": spot.iteration}
    return StepAttempt(**here, **said, **at, effect_key=effect_key(hand.run, spot, unit), **more)


def connected(hand: Hand, wanted: Callable[[Connector], bool]) -> Connector | None:
    """The agency's connector that is `wanted`."""
    return next((one for one in _connectors(hand) if wanted(one)), None)


def _connectors(hand: Hand) -> list[Connector]:
    """The agency's connectors; read once while the run is in hand, and looked at again by the write of each call."""
    if hand.connectors is None:
        claim = hand.claim
        rows = executed(claim.agency_id, claim.actor, (CONNECTORS, [claim.agency_id]))
        hand.connectors = [revived(Connector, row) for (row,) in rows]
    return hand.connectors


def rendered_for(hand: Hand, spot: Spot, unit: tuple[int, int]) -> dict[str, Any]:
    """Exactly what a command of the step would run now on a target. Raises CannotRender. At most one query."""
    run, node = hand.run, spot.node
    if run.undoes_id is not None and speaks_of(spot):
        return rendered_back(hand, spot, lambda name: connected(hand, lambda one: one.name == name))
    values, key, kind = seen_from(node, run.variables), effect_key(run, spot, unit), kind_of(hand, node, unit)
    if kind == "book":
        return book_call(node, values, key=key)
    command = node.commands[unit[0]]
    if kind == "local":
        rendered = local_call(node, command, values, subject=run.subject, key=key)
        if local_action(rendered["action"]) is None:
            raise CannotRender(f"There is no action {rendered['action']} on this subject.")
        return rendered
    if kind == "manual":
        return manual_call(node, command, values, target=node.targets[unit[1]].name if node.targets else "", key=key)
    agent = _agent_for(hand, node, unit)
    if agent is not None:
        return _agent_call(hand, agent, node, unit, values, key)
    if not _is_a_product(node, unit):
        return _addressed_call(hand, node, unit, values, key)
    category = category_of(node)
    connector = connected(hand, lambda one: one.kind == category)
    known = product_of(category)
    if connector is None or known is None:
        raise CannotRender(f"The agency has connected no {known.label.lower() if known else category or 'product'}.")
    method, path = start_line(command, values)
    found = known.action_for(method, path)
    if found is None:
        raise CannotRender(f"{known.label} knows no {method} {path}.")
    action, parts = found
    forbidden = must_not_send(hand, connector, reads_only=action.effect == EffectClass.READ)
    if forbidden is not None:
        raise CannotRender(forbidden)
    undo = action.undoing(parts) if action.undoing else None
    back = known.action_for(*undo) if undo else None
    reaching = Reaching(
        connector=connector.name,
        base_url=connector.base_url,
        secret_name=connector.secret_name,
        action=action.name,
        effect=action.effect,
        undo=undo if back else None,
        undo_text=action.undo_text.format(**parts),
        undo_action=back[0].name if back else "",
        undo_effect=back[0].effect if back else "",
    )
    return http_call(node, command, values, reaching, method=method, path=path, targets=list(parts.values()), key=key)


def _addressed_call(hand: Hand, node: Node, unit: tuple[int, int], values: dict[str, Any], key: str) -> dict[str, Any]:
    """The request to the agency's web API or OpenC2 consumer at the address that the step names. Raises CannotRender."""
    command, reached = node.commands[unit[0]], _reached(hand, node, unit)
    address = reached[0][1]
    method, asked = start_of(command, address, values)
    connector, url = chosen([one for one, at in reached if at is address], asked)
    if connector.kind == "openc2":
        request = openc2.request(method, command, values, key=key)
    else:
        request = http.request(method, command, values, effect=connector.effect, lookup=connector.lookup, key=key)
    forbidden = must_not_send(hand, connector, reads_only=request.effect == EffectClass.READ)
    if forbidden is not None:
        raise CannotRender(forbidden)
    target = node.targets[unit[1]].name if node.targets else ""
    name = target or address.hostname or ""
    return written(request, node, command, values, connector=connector, method=method, url=url, target=name, key=key)


def _agent_call(hand: Hand, connector: Connector, node: Node, unit: tuple[int, int], values: dict[str, Any], key: str) -> dict[str, Any]:
    """What the agency's agent is told to run. Raises CannotRender."""
    command, target = node.commands[unit[0]], node.targets[unit[1]] if node.targets else None
    request = agents.request(command, values, target=target, effect=connector.effect, lookup=connector.lookup, key=key)
    forbidden = must_not_send(hand, connector, reads_only=False)
    if forbidden is not None:
        raise CannotRender(forbidden)
    told: dict[str, Any] = {"connector": connector, "method": "POST", "url": connector.base_url, "key": key}
    return written(request, node, command, values, target=target.name if target else connector.name, **told)


def reach_of(rendered: dict[str, Any], node: Node, values: dict[str, Any]) -> str:
    """What the action touches, in words: the book's own sentence, else the product's."""
    if node.asking and node.asking.touches:
        return filled_for("text", node.asking.touches, values)
    action = action_named(str(rendered["action"]))
    told = {name: str(rendered.get(name, "")) for name in ("url", "content", "connector")}
    return action.reach({"host": rendered["targets"][0], **told}) if action and rendered["targets"] else ""


def plan(hand: Hand, spot: Spot, number: int, unit: tuple[int, int]) -> None:
    """Write the attempt down, and ask for approval when the step wants it and none stands for exactly this.
    An action that asks nobody is written with what becomes of it, if that is in the same statement.
    """
    node, run, known = spot.node, hand.run, spot.known
    known.attempt = attempt = attempt_at(hand, spot, unit, attempt=number)
    hand.changed(attempt)
    takes_back = run.undoes_id is not None and kind_of(hand, node, unit) == "http"
    if takes_back:
        begin_round(hand, spot, attempt)
    elif run.undoes_id is not None:
        begin_plan(hand)
    try:
        rendered = rendered_for(hand, spot, unit)
    except CannotRender as error:
        attempt.state, attempt.detail, attempt.ended_at, attempt.effect_class = (
            StepState.FAILED,
            str(error),
            attempt.ready_at,
            EffectClass.LOCAL,
        )
        run.variables = {**run.variables, "__problem__": str(error)}
        hand.tell("failed", f"{node.name}: {error}", step_id=node.id)
        if takes_back:
            cannot(hand, spot, str(error))
        return
    attempt.rendered, attempt.request_hash, attempt.effect_class = rendered, sha256_of(rendered), rendered["effect"]
    if takes_back:
        attempt.effect_key = rendered["key"]
    standing = known.approval
    asks = node.asking is not None and run.acts(node.id)
    if asks and not (standing and standing.state == ApprovalState.APPROVED and standing.hash == attempt.request_hash):
        ask(hand, spot, attempt)


def ask(hand: Hand, spot: Spot, attempt: StepAttempt) -> None:
    """Ask people for exactly this action; the agency's standing consent counts for its vote."""
    with transaction_of(hand):
        write(hand)
        spot.known.approval, spot.known.withdrawn = _asked(hand, spot, attempt), False
        write(hand)


def _asked(hand: Hand, spot: Spot, attempt: StepAttempt) -> Approval:
    node, run, now, rendered = spot.node, hand.run, hand.by.now(), attempt.rendered
    assert node.asking is not None
    values = seen_from(node, run.variables)
    consent = next((one for one in StandingConsent.objects.filter(withdrawn_at=None).order_by("id") if _covers(one, rendered)), None)
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
        action=filled_for("text", node.asking.title, values),
        rendered=rendered,
        hash=attempt.request_hash,
        touches=reach_of(rendered, node, values),
        undo_text=(rendered["undo"] or {}).get("text", ""),
        floor_votes=node.asking.votes,
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


def _covers(consent: StandingConsent, rendered: dict[str, Any]) -> bool:
    """Whether an agency's consent is meant for this. Who consents to an action consents to its end."""
    return all(action in consent.actions for action in rendered.get("actions", [rendered["action"]]))


def void(hand: Hand, approval: Approval, reason: str) -> None:
    """Make an approval void: what would run is no longer what people saw. In a transaction of the hand."""
    run = hand.run
    approval.state, approval.decided_at, approval.reason = ApprovalState.VOID, hand.by.now(), reason
    approval.save(update_fields=["state", "decided_at", "reason"])
    about = {"run": hand.claim.run, "about": run.subject, "approval": str(approval.public_id), "action": approval.action}
    event = ApprovalDecided(**about, outcome="void", reason=reason)
    hand.tell("void", f"The approval is void: {reason}", step_id=approval.step_id, event=event)
