"""Standing: one figure that one reader may see, written centrally; and what has been published."""

from django.db import models

from soc.scorecards.models.scorecard import Estimated
from tenants.isolation.constraints import Granted, Wall
from tenants.isolation.owned import Owned


class Standing(Owned, Estimated):
    """A row for the reader `agency`: about itself, about the median of a class (`about` empty), or about another agency
    once that was published. The floor reads the rows that agencies have about themselves, which alone carry the counts
    of their scorecard."""

    about = models.ForeignKey("tenants.Agency", null=True, on_delete=models.PROTECT, related_name="+")
    size_class = models.CharField(max_length=20)
    period = models.CharField(max_length=8)
    measure = models.CharField(max_length=30)
    cases = models.PositiveIntegerField(null=True)
    closed = models.PositiveIntegerField(null=True)
    as_of = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["period", "agency", "size_class", "measure", "id"], name="standing_period")]
        constraints = [
            models.UniqueConstraint(fields=["agency", "period", "measure", "about"], name="standing_once", nulls_distinct=False),
            Wall(name="standing_wall"),
        ]


class Publication(models.Model):
    """A period's figures of one measure, released to every agency of the program with names."""

    period = models.CharField(max_length=8)
    measure = models.CharField(max_length=30)
    released_at = models.DateTimeField()
    released_by = models.CharField(max_length=120)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["period", "measure"], name="publication_once"),
            Granted(name="publication_granted", rights={"soc_tenant": "SELECT", "soc_central": "SELECT, INSERT"}, audited=True),
        ]
