"""The moves of a run that change rows of ours only: one move at a time, written with the next statement."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from playbooks import moves
from playbooks.blocks import inside, leaves
from playbooks.catalogue import RunContext
from playbooks.catalogue import action as local_action
from playbooks.definition.graph import SWITCH, WHILE, Graph
from playbooks.definition.scoping import of_the_book, returned
from playbooks.definition.variables import text_of
from playbooks.engine.calling import adopt, call_book
from playbooks.engine.ending import end_run, finish_attempt, note_control, settle_block
from playbooks.engine.hand import Hand
from playbooks.engine.planning import attempt_at, kind_of, plan, void
from playbooks.engine.spot import Spot, begin, go_to, spot_at
from playbooks.engine.writing import transaction_of, write
from playbooks.models import Frame
from playbooks.operations.cancelling import cancel_called
from playbooks.states import ApprovalState, StepState
from tenants.errors import DomainError


def step(hand: Hand, spot: Spot, move: moves.Move) -> None:
    """Make one move. Raises Moved."""
    match move:
        case moves.Pass(to):
            note_control(hand, spot)
            go_to(hand, spot, to)
        case moves.Settle(to, detail, failed):
            if spot.node.is_block:
                settle_block(hand, spot, detail=detail, failed=failed)
            go_to(hand, spot, to)
        case moves.Arm(purpose, seconds):
            hand.arm(spot.frame, spot.known.timers, purpose, seconds)
        case moves.Delay(purpose, seconds):
            hand.arm(spot.frame, spot.known.timers, purpose, seconds, is_over=not hand.run.acts(spot.node.id))
        case moves.Plan(number, unit):
            plan(hand, spot, number, unit)
        case moves.Local():
            _act_on_the_subject(hand, spot)
        case moves.CallBook():
            call_book(hand, spot)
        case moves.Adopt(ok):
            adopt(hand, spot, ok)
        case moves.GiveUp(detail):
            assert spot.known.attempt is not None
            finish_attempt(hand, spot.known.attempt, StepState.UNKNOWN, detail)
        case moves.AskWhich(detail):
            _ask_which(hand, spot, detail)
        case moves.TimedOut(detail):
            _time_out(hand, spot, detail)
        case moves.Open() | moves.Close() | moves.Break() | moves.Rescue():
            _change_frames(hand, spot, move)
        case _:
            raise AssertionError(f"no such move: {move}")


def _change_frames(hand: Hand, spot: Spot, move: moves.Open | moves.Close | moves.Break | moves.Rescue) -> None:
    """Open branches, end one, or leave all of them."""
    match move:
        case moves.Open(branches, detail):
            _open(hand, spot, branches, detail)
        case moves.Close():
            note_control(hand, spot)
            spot.frame.arrived = 1
            _leave(hand, spot.frame)
        case moves.Break(detail):
            _fail_block(hand, spot, detail)
            _break(hand, spot.frame, detail)
            _leave(hand, spot.frame)
        case moves.Rescue(to, detail):
            _fail_block(hand, spot, detail)
            hand.run.detail = f"{spot.node.name}: {hand.run.variables.get('__problem__') or 'failed'}"
            go_to(hand, spot, to)


def _open(hand: Hand, spot: Spot, branches: tuple[tuple[str, str], ...], detail: str) -> None:
    frame, node, known = spot.frame, spot.node, spot.known
    attempt = known.attempt
    if attempt is None:
        known.attempt = attempt = attempt_at(hand, spot)
        attempt.started_at = attempt.ready_at
    number = spot.iteration
    if node.kind == WHILE:
        attempt.checks += 1
        number = int(frame.visits.get(f"{node.id}#", 0)) + 1
        frame.visits = {**frame.visits, f"{node.id}#": number}
        hand.moved(frame)
    said = attempt.response.get("answer")
    answers = [*attempt.response.get("answers", []), said] if said is not None else attempt.response.get("answers", [])
    attempt.response = {"answers": answers} if answers else {}
    attempt.state, attempt.ended_at = StepState.STARTED, None
    attempt.detail = attempt.detail if said is not None else detail
    hand.changed(attempt)
    hand.tell("decided", f"{node.name} {detail}", step_id=node.id)
    here = {"agency_id": frame.agency_id, "run_id": hand.run.pk, "parent_id": frame.pk, "step_id": node.id, "iteration": number}
    for _, to in branches:
        begin(hand, spot.graph, to)
    hand.unwritten.opened = [Frame(**here, branch=branch, cursor=to, visits={to: 1}) for branch, to in branches]
    write(hand)  # the keys of what follows have the frames' numbers in them


def _leave(hand: Hand, frame: Frame) -> None:
    frame.ended_at = hand.by.now()
    hand.moved(frame)


def _break(hand: Hand, frame: Frame, detail: str) -> None:
    """The step that opened the frame has failed: it goes its failure way once its other branches have ended."""
    assert frame.parent_id is not None
    opener = hand.known_at(hand.frames[frame.parent_id]).attempt
    if opener is not None and not opener.response.get("broken"):
        opener.response = {**opener.response, "broken": detail}
        hand.changed(opener)


def _fail_block(hand: Hand, spot: Spot, detail: str) -> None:
    if spot.node.is_block:
        settle_block(hand, spot, detail=detail, failed=True)


def _time_out(hand: Hand, spot: Spot, detail: str) -> None:
    """The step's time is over: what is open within is left, the innermost first, and no approval of it stands any longer."""
    for key in inside(hand.frames, spot.frame.pk):
        one = spot_at(hand, spot.graph, key)
        _abandon(hand, one, f"{spot.node.name} ran out of time")
        _leave(hand, one.frame)
    if spot.node.is_block:
        attempt = spot.known.attempt
        assert attempt is not None
        attempt.response = {**attempt.response, "broken": detail}
        hand.run.variables = {**hand.run.variables, "__problem__": detail}
        hand.changed(attempt)
    else:
        _abandon(hand, spot, detail)


def stop(hand: Hand, graph: Graph, reason: str) -> None:
    """End the run where it stands: nothing is begun any more, and no approval of it stands. Raises Moved."""
    for key in list(leaves(hand.frames)):
        _abandon(hand, spot_at(hand, graph, key), reason)
    end_run(hand, "stopped", reason)


def _abandon(hand: Hand, spot: Spot, detail: str) -> None:
    """End an attempt that is not waited for any longer. A call without an answer stays in doubt, and says so."""
    attempt, approval = spot.known.attempt, spot.known.approval
    if attempt is None or attempt.state not in (StepState.PLANNED, StepState.STARTED, StepState.UNKNOWN, StepState.FAILED):
        return
    if spot.node.is_block:
        settle_block(hand, spot, detail=detail, failed=True)
        return
    if attempt.kind == "book" and attempt.state == StepState.STARTED:
        with transaction_of(hand):
            cancel_called(attempt=attempt, reason=detail, by=hand.by)
    doubt = attempt.state in (StepState.STARTED, StepState.UNKNOWN) and attempt.kind == "http"
    said = f"{detail}. It is not known whether it happened" if doubt else detail
    finish_attempt(hand, attempt, StepState.FAILED, said, response={**attempt.response, "passing": False})
    if approval is not None and approval.state == ApprovalState.OPEN:
        with transaction_of(hand):
            write(hand)
            void(hand, approval, detail)
            write(hand)


def _ask_which(hand: Hand, spot: Spot, detail: str) -> None:
    node, attempt = spot.node, spot.known.attempt
    if attempt is None:
        spot.known.attempt = attempt = attempt_at(hand, spot)
        attempt.started_at = attempt.ready_at
    text, choices = (node.switch, list(node.cases)) if node.kind == SWITCH else (node.condition, [])
    attempt.rendered = {"kind": kind_of(hand, node), "text": text, **({"choices": choices} if choices else {})}
    attempt.state, attempt.detail, attempt.ended_at = StepState.UNKNOWN, f"A person decides: {detail}", None
    hand.changed(attempt)
    hand.tell("question", f"{node.name} {attempt.detail}", step_id=node.id)


def _act_on_the_subject(hand: Hand, spot: Spot) -> None:
    """The action and its record are one transaction: exactly once."""
    run, attempt = hand.run, spot.known.attempt
    assert attempt is not None
    if attempt.rendered["kind"] == "undo":
        attempt.started_at = hand.by.now()
        finish_attempt(hand, attempt, StepState.OK, "")
        return
    action = local_action(attempt.rendered["action"])
    attempt.started_at, attempt.fence = hand.by.now(), run.fence
    context = RunContext(
        run=hand.claim.run,
        agency_id=run.agency_id,
        subject=run.subject,
        book=hand.slug,
        step=spot.node.id,
        effect_key=attempt.effect_key,
        by=hand.by,
        variables={name: text_of(value) for name, value in of_the_book(run.variables).items() if value is not None},
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


def named(spot: Spot, outputs: Mapping[str, Any]) -> dict[str, Any]:
    """What a step returns, by the keys under which the run keeps it: under the names that it gives its outputs, else by their own."""
    node = spot.node
    told = {variable: text_of(outputs[name]) for variable, name in node.outputs.items() if name in outputs}
    told |= {name: outputs[name.strip("_")] for name in node.out_args if name not in told and name.strip("_") in outputs}
    return returned(node, spot.graph, told)
