"""Answers remembered under an idempotency key, so that a repeated call has one effect and the same answer."""

from django.db import models

from tenants.isolation.constraints import Wall
from tenants.isolation.owned import OwnedManager


class RememberedAnswer(models.Model):
    """What one caller got for one Idempotency-Key on one route."""

    agency = models.ForeignKey("tenants.Agency", null=True, on_delete=models.PROTECT, related_name="+")
    caller = models.CharField(max_length=120)  # Actor.name
    key = models.CharField(max_length=200)
    route = models.CharField(max_length=300)
    fingerprint = models.BinaryField(max_length=32)  # SHA-256 of the body
    status = models.PositiveSmallIntegerField(default=0)  # 0: still being worked on
    body = models.JSONField(null=True)
    at = models.DateTimeField()

    objects = OwnedManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["caller", "key"], name="remembered_once"),
            Wall(name="remembered_wall", rights="SELECT, INSERT, UPDATE", audited=False),
        ]
