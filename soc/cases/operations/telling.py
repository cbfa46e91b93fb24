"""Writing down on a case's timeline what others did about it: playbooks, votes, clocks."""

from datetime import datetime

from django.db import transaction

from soc.cases.models import Case, TimelineEntry
from soc.cases.operations.changing import tell
from soc.cases.states import CaseState, Origin
from soc.clocks.queries.clocks import next_due
from tenants.actors import Actor


@transaction.atomic
def write_line(
    *,
    subject: str,
    text: str,
    origin: Origin,
    label: str,
    at: datetime,
    by: Actor,
    happened_at: datetime | None = None,
    released: bool = False,
    entry_id: int,
) -> None:
    """Add a line to the case that `subject` names, one for each fact (`entry_id`), internal unless `released` to its agency; what is no
    case in scope is left alone.

    It counts no version: nobody's edit is spoiled by it. The queue's due time is taken over from the clocks anew.
    """
    kind, _, key = subject.partition(":")
    if kind != "case" or not key.isdecimal():
        return
    case = Case.objects.select_for_update(of=("self",)).filter(pk=int(key)).first()
    if case is None or not by.covers(case.agency_id):
        return
    if TimelineEntry.objects.filter(case=case, entry_id=entry_id).exists():
        return
    tell(case, text, by_label=label, origin=origin, at=at, happened_at=happened_at, released=released, entry_id=entry_id)
    due = next_due(case.subject) if CaseState(case.state).is_open else None
    Case.objects.filter(pk=case.pk).update(next_due_kind=due[0] if due else "", next_due_at=due[1] if due else None)
