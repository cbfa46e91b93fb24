"""What the measures do when the journal tells of a case."""

from typing import Any

from soc.scorecards.folding import HEARD
from soc.scorecards.operations.observing import observe_case
from tenants.actors import system
from tenants.journal.subscribing import reacts_to


@reacts_to(*HEARD)
def observe_the_case(event: Any, entry: Any) -> None:
    """Every fact that a measure asks about changes what is observed of its case."""
    observe_case(agency_id=entry.agency_id, subject=entry.subject, by=system("scorecards", agency_id=entry.agency_id))
