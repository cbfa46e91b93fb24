"""The journal: facts, their deliveries to subscribers, the seals over them, and how far those were anchored."""

from django.db import models

from tenants.isolation.constraints import CompositeForeignKey, Granted, Wall
from tenants.isolation.owned import OwnedManager
from tenants.states import DeliveryState


class Entry(models.Model):
    """One fact, append-only. Its id is its position. A fact of the programme itself has no agency."""

    agency = models.ForeignKey("tenants.Agency", null=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=80)  # "cases.CaseOpened"
    subject = models.CharField(max_length=80)  # "case:42"
    data = models.JSONField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=120)
    actor_label = models.CharField(max_length=120, default="")

    objects = OwnedManager()

    class Meta:
        indexes = [
            models.Index(fields=["agency", "subject", "id"], name="entry_agency_subject"),
            models.Index(fields=["agency", "kind", "id"], name="entry_agency_kind"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["agency", "id"], name="entry_agency_id"),
            Wall(name="entry_wall", rights="SELECT, INSERT", audited=False),
        ]


class Delivery(models.Model):
    """One fact for one subscriber: the row is the work."""

    agency = models.ForeignKey("tenants.Agency", null=True, on_delete=models.PROTECT, related_name="+")
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, db_constraint=False, related_name="deliveries")
    subscriber = models.CharField(max_length=120)
    subject = models.CharField(max_length=80)
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.OPEN)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    error = models.TextField(default="")

    objects = OwnedManager()

    class Meta:
        indexes = [
            models.Index(fields=["agency", "due_at"], condition=models.Q(state="open"), name="delivery_open"),
            models.Index(
                fields=["agency", "subscriber", "subject", "id"], condition=models.Q(state__in=["open", "parked"]), name="delivery_order"
            ),
            models.Index(fields=["agency", "id"], condition=models.Q(state="parked"), name="delivery_parked"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["entry", "subscriber"], name="delivery_once"),
            CompositeForeignKey(field="entry", to="tenants.Entry", name="delivery_entry_fk"),
            Wall(name="delivery_wall", rights="SELECT, INSERT, UPDATE", audited=False),
        ]


class Seal(models.Model):
    """A Merkle root over a batch of one stream, chained over the root before."""

    stream = models.CharField(max_length=10)  # journal | audit
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    count = models.PositiveIntegerField()
    root = models.BinaryField(max_length=32)
    chained = models.BinaryField(max_length=32)  # SHA-256(previous chained + root)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stream", "first_id"], name="seal_stream_first"),
            Granted(name="seal_granted", rights={"soc_central": "SELECT, INSERT"}),
        ]


class AnchorMark(models.Model):
    """How far one place outside the database (`file`, `mail`) was told of the seals."""

    place = models.CharField(max_length=10, primary_key=True)
    seal_id = models.BigIntegerField(default=0)
    tried_at = models.DateTimeField()

    class Meta:
        constraints = [Granted(name="anchormark_granted", rights={"soc_central": "SELECT, INSERT, UPDATE"})]
