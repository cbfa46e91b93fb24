"""Replaying a dead letter: with a corrected body, or with a mapping that reads the one it has."""

import json
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction

from soc.cases.errors import NotDead
from soc.cases.events import AlertsArrived, DeadLetterReplayed
from soc.cases.intake.mapping import mapped
from soc.cases.intake.problems import Problem
from soc.cases.intake.recognising import normalise
from soc.cases.intake.splitting import read_item
from soc.cases.models import Body, Receipt
from soc.cases.operations.intake import INTAKE
from soc.cases.policies import may_know_of_dead_letters, may_replay
from soc.cases.states import ReceiptState
from tenants.actors import Actor
from tenants.errors import Invalid, NotAllowed, Unknown, require
from tenants.journal import doorbell
from tenants.journal.recording import record

NOTHING = object()  # `null` is a body that somebody may send


@transaction.atomic
def replay(*, letter: str, by: Actor, body: Any = NOTHING, mapping: Any = NOTHING) -> Receipt:
    """Put a dead letter (its public id) back among the pending, with its own receipt and key.

    `body` is a corrected alert (a JSON value), `mapping` goes from our plain form's fields to JSON pointers into the raw
    alert; exactly one of them. A body that a door could not read arrives as the Invalid that says why. What came is kept
    beside what replaces it. Only what can be understood is taken, so a replay never makes another dead letter of the same
    fault. Raises Unknown, NotAllowed, NotDead, Invalid.
    """
    receipt = _locked(letter)
    require(may_know_of_dead_letters(by), Unknown())
    require(may_replay(by), NotAllowed())
    require(receipt.state == ReceiptState.DEAD, NotDead())
    sent = [given for given in (body, mapping) if given is not NOTHING]
    require(len(sent) == 1, Invalid("Nothing to replay with, or two things.", field="body", cure="Send either a body or a mapping."))
    if isinstance(body, Invalid):
        raise body
    stored = Body.objects.get(receipt=receipt)
    corrected = body if body is not NOTHING else _mapped(mapping, bytes(stored.raw))
    understood = normalise(corrected)
    if isinstance(understood, Problem):
        raise _refusal(understood, "body" if body is not NOTHING else "mapping")
    # ASCII, so that a lone surrogate survives as the escape that it came as.
    stored.corrected = json.dumps(corrected).encode()
    stored.save(update_fields=["corrected"])
    receipt.state, receipt.problem, receipt.settled_at, receipt.attempts, receipt.due_at = ReceiptState.PENDING, None, None, 0, None
    receipt.save(update_fields=["state", "problem", "settled_at", "attempts", "due_at"])
    replayed = DeadLetterReplayed(receipt=str(receipt.public_id))
    record(replayed, agency_id=receipt.agency_id, subject=f"receipt:{receipt.pk}", by=by)
    record(AlertsArrived(count=1), agency_id=receipt.agency_id, subject=INTAKE, by=by)
    transaction.on_commit(partial(doorbell.ring, INTAKE, receipt.agency_id))
    return receipt


def _locked(letter: str) -> Receipt:
    try:
        wanted = UUID(letter)
    except (ValueError, AttributeError, TypeError):
        raise Unknown() from None
    found: Receipt | None = Receipt.objects.filter(public_id=wanted).select_for_update(of=("self",)).first()
    if found is None:
        raise Unknown()
    return found


def _mapped(mapping: Any, raw: bytes) -> Any:
    item = read_item(raw)
    if item.problem is not None and item.alert is None:
        raise Invalid("The raw item is not JSON, so no mapping can read it.", field="mapping", cure="Send a corrected body instead.")
    plain_form = mapped(mapping, item.alert)
    if isinstance(plain_form, Problem):
        raise _refusal(plain_form, "mapping")
    return plain_form


def _refusal(problem: Problem, within: str) -> Invalid:
    error = Invalid(problem.detail, field=f"{within}.{problem.field}" if problem.field else within, cure=problem.cure)
    error.code = problem.code
    return error
