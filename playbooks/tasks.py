"""The work that questions about past subjects are: found by every worker's sweep, done as the agency, woken by the doorbell."""

from playbooks.operations.backtesting import BACKTESTS, work_off_backtest
from tenants.actors import system
from tenants.isolation import scope
from tenants.journal.delivery import agencies_with
from tenants.journal.sweeping import Chore, register


def agencies_with_backtests() -> list[int | None]:
    """The agencies about which somebody asked, longest waiting first."""
    return agencies_with("agencies_with_backtests")


def work_backtests(agency_id: int | None) -> int:
    """Look at one batch of an agency's past subjects, in one transaction as that agency."""
    if agency_id is None:
        return 0
    by = system("backtest", agency_id=agency_id)
    with scope.agency(agency_id, actor=by.name):
        return work_off_backtest(agency_id=agency_id, by=by)


register(Chore(BACKTESTS, agencies_with_backtests, work_backtests))
