"""Writing down what happens in a run, in its order, and waking it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import transaction

from playbooks.chain import link
from playbooks.events import OF_DRY_RUNS, DryRunEnded, RunEnded
from playbooks.models import Run, RunEvent
from playbooks.states import RunState, Waits
from tenants.actors import Actor
from tenants.journal import doorbell
from tenants.journal.recording import record


def tell(
    *,
    run: Run,
    kind: str,
    text: str,
    by: Actor,
    step_id: str = "",
    event: Any = None,
    data: dict[str, Any] | None = None,
    moved: Mapping[str, Any] | None = None,
) -> None:
    """Append to the run's own events, and to the journal when `event` is given. The run's row is locked.

    The count of events is saved with it, so that a worker that holds the run learns of it. The engine tells by its hand.
    What the run's variables became since the last event is told too, and what `moved` of its frames and attempts (`trail`).
    Of what is not done for real the journal hears nothing but that a dry run began and ended.
    """
    trail = {**run.news(), **(moved or {})}
    run.last_event += 1
    one = RunEvent(
        agency_id=run.agency_id,
        run=run,
        no=run.last_event,
        kind=kind,
        step_id=step_id,
        text=text,
        actor=by.name,
        actor_label=by.label,
        fence=run.fence,
        data={**(data or {}), **({"trail": trail} if trail else {})},
        at=by.now(),
    )
    run.chain = one.hash = link(run.chain, str(run.public_id), vars(one))
    one.save(force_insert=True)
    run.save(update_fields=["last_event", "chain"])
    if isinstance(event, RunEnded | DryRunEnded):
        event = replace(event, events=run.last_event, chain=run.chain)
    if event is not None and (run.acts(step_id) or isinstance(event, OF_DRY_RUNS)):
        record(event, agency_id=run.agency_id, subject=run.journal_subject, by=by)


def wake(*, run: Run, by: Actor) -> None:
    """Let a waiting run go on. One that a worker holds is touched: what the worker decided before does not go through any more."""
    if run.state == RunState.WAITING:
        run.state = RunState.READY
        run.waits_for = Waits.NOTHING
        run.wake_at = by.now() - timedelta(milliseconds=1)
        run.save(update_fields=["state", "waits_for", "wake_at"])
    elif run.state == RunState.RUNNING:
        run.save(update_fields=["state"])
    agency_id = run.agency_id
    transaction.on_commit(lambda: doorbell.ring("runs", agency_id))
