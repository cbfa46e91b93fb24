"""The aggregates of the measures."""

from soc.scorecards.models.observation import Observation
from soc.scorecards.models.scorecard import Figure, Scorecard
from soc.scorecards.models.standing import Publication, Standing

__all__ = ["Figure", "Observation", "Publication", "Scorecard", "Standing"]
