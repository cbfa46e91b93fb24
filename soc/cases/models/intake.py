"""Receipt and body: an append-only record of what was received, and what became of it."""

import uuid

from django.db import models

from soc.cases.states import ReceiptState
from tenants.isolation.constraints import CompositeForeignKey, Wall
from tenants.isolation.owned import Owned


class Receipt(Owned):
    """One received item: its key, the hash of its bytes, its state. Never partitioned: its key is unique."""

    public_id = models.UUIDField(default=uuid.uuid4)
    source = models.CharField(max_length=80)  # name of the sensor key
    key = models.CharField(max_length=200)  # idempotency key
    digest = models.BinaryField(max_length=32)  # SHA-256 of the item's bytes
    state = models.CharField(max_length=12, choices=ReceiptState, default=ReceiptState.PENDING)
    why = models.TextField(default="")  # one sentence: why grouped, opened, suppressed
    problem = models.JSONField(null=True)  # problem document of a dead letter
    case_id = models.BigIntegerField(null=True)
    received_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    repeats = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["agency", "id"], condition=models.Q(state="pending"), name="receipt_pending"),
            models.Index(fields=["agency", "-received_at", "-id"], condition=models.Q(state="dead"), name="receipt_dead"),
            models.Index(fields=["agency", "source", "state"], name="receipt_source_state"),
            models.Index(fields=["agency", "case_id"], name="receipt_case"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["agency", "id"], name="receipt_agency_id"),
            models.UniqueConstraint(fields=["agency", "public_id"], name="receipt_public"),
            models.UniqueConstraint(fields=["agency", "key"], name="receipt_key_once"),
            Wall(name="receipt_wall", rights="SELECT, INSERT, UPDATE", audited=False),
        ]


class Body(Owned):
    """The bytes as they came, and after a replay the corrected ones beside them."""

    receipt = models.OneToOneField(Receipt, on_delete=models.PROTECT, db_constraint=False, related_name="body")
    raw = models.BinaryField()
    corrected = models.BinaryField(null=True)  # what a replay sent instead

    class Meta:
        constraints = [
            CompositeForeignKey(field="receipt", to="cases.Receipt", name="body_receipt_fk"),
            Wall(name="body_wall", rights="SELECT, INSERT, UPDATE", audited=False),
        ]
