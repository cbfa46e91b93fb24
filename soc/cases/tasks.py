"""The work that received alerts are: found by every worker's sweep, done as the agency, woken by the doorbell."""

from soc.cases.operations.grouping import work_off
from soc.cases.operations.intake import INTAKE
from tenants.actors import system
from tenants.isolation import scope
from tenants.journal.delivery import agencies_with
from tenants.journal.sweeping import Chore, register


def agencies_with_receipts() -> list[int | None]:
    """The agencies whose receipts wait, longest waiting first."""
    return agencies_with("agencies_with_receipts")


def work_off_receipts(agency_id: int | None) -> int:
    """Settle one batch of an agency's receipts, in one transaction as that agency."""
    if agency_id is None:
        return 0
    by = system("intake", agency_id=agency_id)
    with scope.agency(agency_id, actor=by.name):
        return work_off(agency_id=agency_id, by=by)


register(Chore(INTAKE, agencies_with_receipts, work_off_receipts))
