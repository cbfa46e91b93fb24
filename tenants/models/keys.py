"""Sensor keys and API tokens: a public prefix and the hash of a secret that is shown once."""

from django.db import models

from tenants.isolation.constraints import Granted


class SensorKey(models.Model):
    """A key of one agency, allowed to post alerts. Two live ones per name make rotation possible."""

    agency = models.ForeignKey("tenants.Agency", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=16, unique=True)
    digest = models.BinaryField(max_length=32)  # SHA-256 of the whole key
    scopes = models.JSONField(default=list)  # ["alerts:post"]
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["agency", "name"], name="sensorkey_agency_name")]
        constraints = [
            models.UniqueConstraint(fields=["agency", "id"], name="sensorkey_agency_id"),
            Granted(
                name="sensorkey_granted",
                rights={"soc_lobby": "SELECT", "soc_tenant": "SELECT", "soc_central": "SELECT, INSERT, UPDATE"},
                audited=True,
            ),
        ]


class ApiToken(models.Model):
    """A token with exactly its person's rights."""

    person = models.ForeignKey("tenants.Person", on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=80, default="token")
    prefix = models.CharField(max_length=16, unique=True)
    digest = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            Granted(name="apitoken_granted", rights={"soc_lobby": "SELECT", "soc_central": "SELECT, INSERT, UPDATE"}, audited=True),
        ]
