"""The audit table: every changed row, every sign-in, refusal and look across agencies. Written by PostgreSQL functions only."""

from django.db import models

from tenants.isolation.constraints import Granted


class AuditRow(models.Model):
    """One audited fact. The application may not insert, update or delete here: a SECURITY DEFINER function does."""

    at = models.DateTimeField()
    agency_id = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=120)
    what = models.CharField(max_length=20)  # insert | update | delete | sign_in | refusal | every_agency | restricted_read ...
    table_name = models.CharField(max_length=80, default="")
    row_id = models.CharField(max_length=80, default="")
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    note = models.TextField(default="")

    class Meta:
        indexes = [
            models.Index(fields=["agency_id", "id"], name="audit_agency"),
            models.Index(fields=["table_name", "row_id"], name="audit_row"),
        ]
        constraints = [Granted(name="audit_granted", rights={"soc_central": "SELECT"})]
