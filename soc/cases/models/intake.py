"""Receipt and body: an append-only record of what was received, and what became of it; and how much a key may still send."""

import uuid

from django.db import models

from soc.cases.states import ReceiptState
from tenants.isolation.constraints import CompositeForeignKey, Wall
from tenants.isolation.owned import Owned


class Receipt(Owned):
    """One received item: its key, the hash of its bytes, its state. Never partitioned: its key is unique."""

    public_id = models.UUIDField(default=uuid.uuid4)
    source = models.CharField(max_length=80)  # name of the sensor key
    key = models.CharField(max_length=300)  # idempotency key
    digest = models.BinaryField(max_length=32)  # SHA-256 of the item's canonical content, of its bytes where it has none
    state = models.CharField(max_length=12, choices=ReceiptState, default=ReceiptState.PENDING)
    why = models.TextField(default="")  # one sentence: why grouped, opened, suppressed
    problem = models.JSONField(null=True)  # problem document of a dead letter
    case_id = models.BigIntegerField(null=True)
    received_at = models.DateTimeField()
    position = models.PositiveIntegerField(default=0)  # its place in what was sent at once: ids are given in the order of keys
    settled_at = models.DateTimeField(null=True)
    repeats = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)  # how often working it off failed for a reason that is not its own
    due_at = models.DateTimeField(null=True)  # when it is tried again; at once when null

    class Meta:
        indexes = [
            models.Index(fields=["agency", "received_at", "position"], condition=models.Q(state="pending"), name="receipt_pending"),
            models.Index(fields=["agency", "-received_at", "-public_id"], condition=models.Q(state="dead"), name="receipt_dead"),
            # The balance is read from this index alone.
            models.Index(fields=["agency", "source", "state"], include=["repeats"], name="receipt_source_state"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["agency", "public_id"], name="receipt_public"),
            models.UniqueConstraint(fields=["agency", "key"], name="receipt_key_once"),
            # The last one: PostgreSQL takes the newest of equally good indexes, and for an agency that its statistics do not
            # know yet all that begin with the agency look equally good to the check of a foreign key.
            models.UniqueConstraint(fields=["agency", "id"], name="receipt_agency_id"),
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


class IntakeAllowance(Owned):
    """How many items one sensor key may send now: a bucket that fills with time, below zero after a batch larger than the bucket."""

    key = models.ForeignKey("tenants.SensorKey", on_delete=models.PROTECT, db_constraint=False, related_name="+")
    items = models.FloatField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agency", "key"], name="allowance_once"),
            CompositeForeignKey(field="key", to="tenants.SensorKey", name="allowance_key_fk"),
            Wall(name="allowance_wall", rights="SELECT, INSERT, UPDATE", audited=False),
        ]
