"""Scorecard: an agency's figures of one period, as of a position in the journal."""

from django.db import models

from soc.scorecards.survival import Estimate
from tenants.isolation.constraints import CompositeForeignKey, Wall
from tenants.isolation.owned import Owned


class Estimated(models.Model):
    """The columns of an estimate: a median in seconds with its 95 percent interval; empty where it does not exist."""

    value = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    n = models.PositiveIntegerField(default=0)
    events = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True

    @property
    def estimate(self) -> Estimate:
        """These columns as the statistics read them."""
        return Estimate(value=self.value, interval=(self.low, self.high), n=self.n, events=self.events)

    @estimate.setter
    def estimate(self, found: Estimate) -> None:
        self.value, self.n, self.events = found.value, found.n, found.events
        self.low, self.high = found.interval


class Scorecard(Owned):
    """One agency and period. `as_of` is the last position counted, `as_of_at` the time to which open cases are counted.

    `unranked` until the standings have taken it over.
    """

    period = models.CharField(max_length=8)
    starts_at = models.DateTimeField()
    cases = models.PositiveIntegerField(default=0)
    closed = models.PositiveIntegerField(default=0)
    as_of = models.BigIntegerField(default=0)
    as_of_at = models.DateTimeField()
    unranked = models.BooleanField(default=True)

    class Meta:
        indexes = [models.Index(fields=["period"], condition=models.Q(unranked=True), name="scorecard_unranked")]
        constraints = [
            models.UniqueConstraint(fields=["agency", "id"], name="scorecard_agency_id"),
            models.UniqueConstraint(fields=["agency", "period"], name="scorecard_once"),
            Wall(name="scorecard_wall"),
        ]

    def __str__(self) -> str:
        return f"{self.agency_id} {self.period}"


class Figure(Owned, Estimated):
    """One measure of a scorecard, and how many of its cases say nothing for it."""

    scorecard = models.ForeignKey(Scorecard, on_delete=models.PROTECT, db_constraint=False, related_name="figures")
    measure = models.CharField(max_length=30)
    excluded = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agency", "scorecard", "measure"], name="figure_once"),
            CompositeForeignKey(field="scorecard", to="scorecards.Scorecard", name="figure_scorecard_fk"),
            Wall(name="figure_wall"),
        ]
