"""Observation: what the journal says of one case, as far as the measures ask."""

from django.db import models

from soc.scorecards.measures import CaseFacts
from tenants.isolation.constraints import Wall
from tenants.isolation.owned import Owned

MOMENTS = ("opened_at", "happened_at", "acknowledged_at", "declared_at", "contained_at", "recovered_at", "closed_at")


class Observation(Owned):
    """The moments of one case, folded from its entries; no period, no figure. `unscored` until the scorecards have counted it."""

    subject = models.CharField(max_length=80)
    number = models.CharField(max_length=60)
    opened_at = models.DateTimeField()
    happened_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    declared_at = models.DateTimeField(null=True)
    contained_at = models.DateTimeField(null=True)
    recovered_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    disposition = models.CharField(max_length=25, default="")
    entries = models.JSONField(default=list)  # positions in the journal that this was folded from
    position = models.BigIntegerField()  # the last of them
    at = models.DateTimeField()  # the latest time of them
    unscored = models.BooleanField(default=True)

    class Meta:
        indexes = [
            models.Index(fields=["agency", "opened_at", "id"], name="observation_opened"),
            models.Index(fields=["agency", "position"], condition=models.Q(unscored=True), name="observation_unscored"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["agency", "subject"], name="observation_once"),
            Wall(name="observation_wall"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def facts(self) -> CaseFacts:
        """These moments as the measures read them."""
        return CaseFacts(**{name: getattr(self, name) for name in MOMENTS}, disposition=self.disposition)
