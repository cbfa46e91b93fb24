"""How much waits in each queue of rows, and how long the oldest has waited."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.apps import apps
from django.conf import settings
from django.db.models import Count, Min, Q

from soc.health.measures import age, depth
from tenants.isolation import scope


@dataclass(frozen=True)
class Queue:
    """Rows that are work: in which table, which of them wait, since when, and what that means to a reader."""

    name: str
    state: str
    label: str
    model: str
    waiting: Q
    since: str
    meaning: str


OPEN, PENDING, READY = Q(state="open"), Q(state="pending"), Q(state="ready")

# One line a queue. A new kind of work gets a line here, in the order in which it flows.
QUEUES = (
    Queue("alerts", "pending", "Alerts not grouped yet", "cases.Receipt", PENDING, "received_at", "Stored, and next to be grouped."),
    Queue("alerts", "dead", "Dead letters", "cases.Receipt", Q(state="dead"), "received_at", "Kept until someone corrects them."),
    Queue("deliveries", "open", "Facts on their way", "tenants.Delivery", OPEN, "due_at", "What happened, not yet told to everyone."),
    Queue(
        "deliveries", "parked", "Parked deliveries", "tenants.Delivery", Q(state="parked"), "due_at", "Failed too often; a person decides."
    ),
    Queue("runs", "ready", "Playbook runs to go on", "playbooks.Run", READY, "wake_at", "The next step is due."),
    Queue("runs", "running", "Playbook steps at work", "playbooks.Run", Q(state="running"), "wake_at", "A worker holds them."),
    Queue("timers", "armed", "Timers of playbooks", "playbooks.Timer", Q(fired_at=None), "due_at", "A run goes on when one is due."),
    Queue("approvals", "open", "Approvals asked", "playbooks.Approval", OPEN, "asked_at", "People decide these."),
    Queue("clocks", "running", "Clocks running", "clocks.Clock", Q(state="running"), "due_at", "Marked late within a second of being due."),
)


@dataclass(frozen=True)
class Depth:
    """One queue at a moment; `oldest` is None when nothing waits. `waited` in seconds, negative when not due yet."""

    queue: Queue
    rows: int
    oldest: datetime | None
    waited: float


def depths(*, agencies: frozenset[int] | None, at: datetime) -> list[Depth]:
    """Every queue of the agencies a reader is assigned to (None: all). One query a queue, in the caller's scope."""
    return list(_measured(agencies, at))


def _measured(agencies: frozenset[int] | None, at: datetime) -> Iterator[Depth]:
    for queue in QUEUES:
        waiting = queue.waiting if agencies is None else queue.waiting & Q(agency_id__in=agencies)
        rows = apps.get_model(queue.model)._default_manager.filter(waiting)
        found = rows.aggregate(rows=Count("pk"), oldest=Min(queue.since))
        oldest = found["oldest"]
        yield Depth(queue, found["rows"], oldest, (at - oldest).total_seconds() if oldest else 0.0)


def publish_depths(at: datetime) -> None:
    """Set this process's gauges from the database, over every agency: numbers only, of no agency in particular.
    The agencies' deployment cannot look across them; the floor's tells for both."""
    if settings.DEPLOYMENT == "agencies":
        return
    with scope.floor(None, actor="system:metrics"):
        for found in depths(agencies=None, at=at):
            depth.labels(found.queue.name, found.queue.state).set(found.rows)
            age.labels(found.queue.name, found.queue.state).set(max(found.waited, 0.0))
