"""What the measures tell the world."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ScorecardMoved:
    """A scorecard of an agency changed. Subject `scorecard`."""

    period: str


@dataclass(frozen=True)
class StandingsChanged:
    """Rows of the standings changed for one reader (an agency, or with no agency the floor). Subject `standings`."""

    period: str
