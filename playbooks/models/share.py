"""Share: how much of the workers' time an agency's runs get beside those of others; an agency without a row has a weight of one."""

from django.db import models

from tenants.isolation.constraints import Wall
from tenants.isolation.owned import Owned


class Share(Owned):
    """Where several agencies have runs to work, each gets steps in the ratio of the weights."""

    weight = models.PositiveSmallIntegerField(default=1)
    most_at_once = models.PositiveSmallIntegerField(null=True)  # runs of the agency that workers hold at the same time
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agency"], name="share_once"), Wall(name="share_wall")]
