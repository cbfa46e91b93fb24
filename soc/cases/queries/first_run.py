"""The first minutes of a floor: what is there before any case is."""

from dataclasses import dataclass

from soc.cases.queries.intake import SourceBalance, balances_of
from tenants.actors import Actor
from tenants.models import Agency, SensorKey

STATES = ("grouped", "opened", "suppressed", "dead", "pending", "repeated")


@dataclass(frozen=True)
class FirstRun:
    """Agencies and keys that are there, and the balance of everything received by them."""

    agencies: int
    agency_name: str
    agency_slug: str
    keys: int
    balance: SourceBalance

    @property
    def steps_done(self) -> int:
        return (self.agencies > 0) + (self.keys > 0)


def first_run(reader: Actor) -> FirstRun:
    """What `reader`'s agencies have so far. Three queries."""
    agencies = Agency.objects.order_by("acronym")
    if reader.agencies is not None:
        agencies = agencies.filter(pk__in=reader.agencies)
    listed = list(agencies)
    ids = [agency.pk for agency in listed]
    keys = SensorKey.objects.filter(agency_id__in=ids, revoked_at=None).count()
    whole = [balance.whole for balance in balances_of(ids).values()]
    first = next((agency for agency in listed if agency.state == "live"), listed[0] if listed else None)
    return FirstRun(
        agencies=len(listed),
        agency_name=first.name if first else "",
        agency_slug=first.slug if first else "",
        keys=keys,
        balance=SourceBalance("", *(sum(getattr(one, name) for one in whole) for name in STATES)),
    )
