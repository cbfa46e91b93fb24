"""Timers that are due let their run go on, or end what was to last until then."""

from datetime import datetime

from django.db import transaction

from playbooks.models import Run, Timer
from playbooks.operations.telling import wake
from playbooks.operations.undoing import take_back_due
from tenants.actors import Actor

OF_AN_UNDO = "undo:"


def due_timers(*, at: datetime, most: int) -> list[int]:
    """Ids of timers that are due, the oldest first; one query."""
    return list(Timer.objects.filter(fired_at=None, due_at__lte=at).order_by("due_at").values_list("id", flat=True)[:most])


def fire(*, timer_id: int, by: Actor) -> None:
    """Fire a timer once and wake its run; a timer that fired meanwhile stays as it is."""
    with transaction.atomic():
        run_id, purpose = Timer.objects.values_list("run_id", "purpose").get(pk=timer_id)
        run = Run.objects.locked(pk=run_id)
        # Whoever let it last longer has set it anew meanwhile.
        if Timer.objects.filter(pk=timer_id, fired_at=None, due_at__lte=by.now()).update(fired_at=by.now()):
            if purpose.startswith(OF_AN_UNDO):
                take_back_due(undo=purpose.removeprefix(OF_AN_UNDO), by=by)
            else:
                wake(run=run, by=by)
