"""The balances of all agencies that a reader works for, and their sum."""

from dataclasses import dataclass

from soc.cases.policies import may_read_balance
from soc.cases.queries.intake import STATES, Balance, SourceBalance, balances_of
from tenants.actors import Actor
from tenants.errors import Unknown, require
from tenants.models import Agency
from tenants.states import AgencyState


@dataclass(frozen=True)
class Sources:
    """Agencies by name with their balances, those that sent nothing with an empty one, and the sum of all."""

    agencies: tuple[tuple[Agency, Balance], ...]
    whole: SourceBalance


def balances_in_scope(*, reader: Actor) -> Sources:
    """The balance of each agency in the program that the reader covers; 2 queries. Raises Unknown."""
    require(may_read_balance(reader), Unknown())
    rows = Agency.objects.exclude(state__in=[AgencyState.PROSPECTIVE, AgencyState.EXITED]).order_by("name", "pk")
    agencies = [agency for agency in rows if reader.covers(agency.pk)]
    balances = balances_of([agency.pk for agency in agencies])
    found = tuple((agency, balances.get(agency.pk) or Balance(agency.slug)) for agency in agencies)
    sums = (sum(getattr(balance.whole, name) for _, balance in found) for name in (*STATES, "repeated"))
    return Sources(found, SourceBalance("", *sums))
