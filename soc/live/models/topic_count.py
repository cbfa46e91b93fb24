"""TopicCount: how often something changed, so that a lost message is late and not lost."""

from django.db import models

from tenants.isolation.constraints import Wall
from tenants.isolation.owned import OwnedManager


class TopicCount(models.Model):
    """The count of one topic's changes; a topic of the programme has no agency."""

    agency = models.ForeignKey("tenants.Agency", null=True, on_delete=models.PROTECT, related_name="+")
    topic = models.CharField(max_length=110)
    n = models.BigIntegerField(default=0)
    told = models.BigIntegerField(default=0)  # of these, the changes that the agency itself may know of

    objects = OwnedManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agency", "topic"], nulls_distinct=False, name="topiccount_once"),
            Wall(name="topiccount_wall", audited=False),
        ]
