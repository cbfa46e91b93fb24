"""Alert: one understood item, normalised, in its case."""

from django.db import models

from soc.cases.states import Severity
from tenants.isolation.constraints import CompositeForeignKey, Wall
from tenants.isolation.owned import Owned


class Alert(Owned):
    """What a sensor said, after normalisation. Append-only."""

    receipt = models.OneToOneField("cases.Receipt", on_delete=models.PROTECT, db_constraint=False, related_name="alert")
    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT, db_constraint=False, related_name="alerts", null=True)
    form = models.CharField(max_length=20)  # ocsf | sigma | plain
    title = models.TextField()
    severity = models.CharField(max_length=15, choices=Severity)
    rule = models.CharField(max_length=512)
    rule_name = models.TextField(default="")
    fingerprint = models.CharField(max_length=64)
    entity_kind = models.CharField(max_length=12, default="")
    entity = models.TextField(default="")
    happened_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["agency", "case", "-received_at", "-id"], name="alert_case")]
        constraints = [
            models.UniqueConstraint(fields=["agency", "id"], name="alert_agency_id"),
            CompositeForeignKey(field="receipt", to="cases.Receipt", name="alert_receipt_fk"),
            CompositeForeignKey(field="case", to="cases.Case", name="alert_case_fk"),
            Wall(name="alert_wall", rights="SELECT, INSERT", audited=False),
        ]
