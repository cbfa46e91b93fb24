"""Suppression: alerts of one fingerprint are counted and not worked, with an owner, a reason and an end."""

import uuid
from datetime import datetime

from django.db import models

from tenants.isolation.constraints import Wall
from tenants.isolation.owned import Owned


class Suppression(Owned):
    """A suppression of one agency."""

    public_id = models.UUIDField(default=uuid.uuid4)
    fingerprint = models.CharField(max_length=64)
    rule = models.CharField(max_length=512)
    rule_name = models.TextField(default="")
    entity_kind = models.CharField(max_length=12, default="")
    entity = models.TextField(default="")
    owner = models.ForeignKey("tenants.Person", on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    case_id = models.BigIntegerField(null=True)  # the case it was made from
    created_at = models.DateTimeField()
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    hidden = models.PositiveIntegerField(default=0)  # how many alerts it kept out

    class Meta:
        indexes = [
            models.Index(fields=["agency", "fingerprint", "until"], name="suppression_match"),
            models.Index(fields=["until", "id"], condition=models.Q(ended_at=None), name="suppression_live"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["agency", "public_id"], name="suppression_public"),
            Wall(name="suppression_wall"),
        ]

    def holds_at(self, at: datetime) -> bool:
        """Whether an alert received at this time is suppressed."""
        return self.created_at <= at < self.until and (self.ended_at is None or at < self.ended_at)
