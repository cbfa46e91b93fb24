"""A floor with cases of two agencies, worked on a clock that the test winds."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from soc.cases.operations.claiming import claim
from soc.cases.operations.closing import close, reopen
from soc.cases.operations.containing import contain, recover
from soc.cases.operations.opening import open_by_hand, open_case
from tenants.gates.opening import opened


@dataclass
class Work:
    """Ana at work on the stage's clock: each verb in her own scope."""

    by: Any
    clock: Any

    def open(self, agency: Any, *, restricted: bool = False, happened_at: datetime | None = None) -> str:
        with opened(self.by):
            if not restricted and happened_at is None:
                return open_by_hand(agency=agency.slug, title="Beacon", severity="high", reason="a call", by=self.by).number
            case = open_case(
                agency_id=agency.pk,
                title="Beacon",
                severity="high",
                at=self.clock(),
                by=self.by,
                restricted=restricted,
                happened_at=happened_at,
            )
            return case.number

    def do(self, verb: Callable[..., Any], number: str, **how: Any) -> Any:
        from soc.cases.models import Case

        with opened(self.by):
            version = Case.objects.get(number=number).version
            return verb(number=number, version=version, by=self.by, **how)

    def claim(self, number: str) -> None:
        self.do(claim, number)

    def contain(self, number: str, at: Any = None) -> None:
        self.do(contain, number, at=at, reason="isolated")

    def recover(self, number: str, at: Any = None) -> None:
        self.do(recover, number, at=at, reason="restored")

    def close(self, number: str, disposition: str = "true_positive") -> None:
        self.do(close, number, disposition=disposition, reason="done")

    def reopen(self, number: str) -> None:
        self.do(reopen, number, reason="it came back")


@pytest.fixture
def work(cast: Any, clock: Any) -> Work:
    """Ana on a clock that stands in the middle of a month."""
    clock.time = datetime(2026, 5, 14, 9, 0, tzinfo=UTC)
    return Work(by=cast.ana.at(clock), clock=clock)
