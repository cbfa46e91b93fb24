"""Slot: one place among those that a connector's limits leave for calls."""

from django.db import models

from playbooks.models.connector import Connector
from tenants.isolation.constraints import CompositeForeignKey, Wall
from tenants.isolation.owned import Owned

AT_ONCE, MINUTE = "at_once", "minute"


class Slot(Owned):
    """A call takes one of each purpose that has rows; it is free again at a time, which a killed worker cannot put off."""

    connector = models.ForeignKey(Connector, on_delete=models.PROTECT, db_constraint=False, related_name="+")
    purpose = models.CharField(max_length=10, choices=((AT_ONCE, "One of the calls at once"), (MINUTE, "One of the calls of a minute")))
    number = models.PositiveSmallIntegerField()
    free_at = models.DateTimeField()
    held_by = models.BigIntegerField(default=0)  # the run that took it last: it makes one call at a time

    class Meta:
        indexes = [models.Index(fields=["agency", "connector", "purpose", "free_at"], name="slot_free")]
        constraints = [
            models.UniqueConstraint(fields=["agency", "connector", "purpose", "number"], name="slot_once"),
            CompositeForeignKey(field="connector", to="playbooks.Connector", name="slot_connector_fk"),
            # A counter that moves with every call; the calls themselves are attempts.
            Wall(name="slot_wall", rights="SELECT, INSERT, UPDATE, DELETE", audited=False),
        ]
