"""Reads of deliveries: what is parked, and how deep and old the open ones are."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

from tenants.models import Delivery


def parked() -> tuple[Delivery, ...]:
    """Parked deliveries with their facts, oldest first, at most 200; 1 query."""
    return tuple(Delivery.objects.filter(state="parked").select_related("entry", "agency").order_by("id")[:200])


@dataclass(frozen=True)
class Depth:
    """Depth and age of one subscriber's open deliveries."""

    subscriber: str
    open: int
    oldest: datetime | None


def depths() -> tuple[Depth, ...]:
    """Open deliveries per subscriber; 1 query."""
    rows = (
        Delivery.objects.filter(state="open").values("subscriber").annotate(n=Count("pk"), oldest=Min("entry__at")).order_by("subscriber")
    )
    return tuple(Depth(r["subscriber"], r["n"], r["oldest"]) for r in rows)
