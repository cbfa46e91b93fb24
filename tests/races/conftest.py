"""Cases for those who race."""

import pytest

from soc.cases.models import Case
from soc.cases.operations.opening import open_case
from soc.clocks.operations.loading import load_facts
from tenants.actors import system
from tenants.isolation import scope
from tests.cast import Cast

ROUNDS = 10


@pytest.fixture
def cases(cast: Cast) -> list[Case]:
    """A case of the north for each round."""
    with scope.floor(None, actor="test"):
        load_facts(by=system("test"))
    by = system("test", agency_id=cast.north.pk)
    with scope.agency(cast.north.pk, actor="test"):
        return [
            open_case(agency_id=cast.north.pk, title=f"Case {n}", severity="high", at=by.now(), by=by, reason="A test opened it.")
            for n in range(ROUNDS)
        ]
