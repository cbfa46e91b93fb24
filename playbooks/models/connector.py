"""Connector: how to speak to one product of an agency; Effect: what a product was told under which key."""

from django.db import models

from playbooks.states import EffectClass
from tenants.isolation.constraints import Wall
from tenants.isolation.owned import Owned

ADDRESSED = ("http", "openc2", "agent")  # kinds of which an agency may have several
DECLARED = ((EffectClass.UNSAFE.value, "Unsafe"), (EffectClass.KEYED.value, "Keyed"), (EffectClass.VERIFIABLE.value, "Verifiable"))


class Connector(Owned):
    """One product of an agency. Addresses that are not public must be named here; the secret is a reference, never a value."""

    kind = models.CharField(max_length=30)  # endpoint | http | openc2 | agent
    name = models.CharField(max_length=120)
    base_url = models.CharField(max_length=300)
    allowed_hosts = models.JSONField(default=list)  # names beside the base address's own that requests may go to
    named_networks = models.JSONField(default=list)  # ["127.0.0.1/32"]: addresses that are not public and meant all the same
    secret_name = models.CharField(max_length=120, default="", blank=True)
    # What its POST and PATCH are: unsafe to repeat, keyed when it honors Idempotency-Key, verifiable when `lookup` finds them by key.
    effect = models.CharField(max_length=12, choices=DECLARED, default=EffectClass.UNSAFE)
    lookup = models.CharField(max_length=300, default="", blank=True)  # /orders/{key}, below the base address
    runs = models.JSONField(default=list)  # of an agent: the kinds of commands that it carries out, ["bash", "ssh"]
    most_at_once = models.PositiveSmallIntegerField(null=True)  # calls at the same time; None: as many as there are
    most_a_minute = models.PositiveSmallIntegerField(null=True)  # calls within any minute
    enabled = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agency", "id"], name="connector_agency_id"),
            models.UniqueConstraint(fields=["agency", "name"], name="connector_name_once"),
            models.UniqueConstraint(
                fields=["agency", "kind"],
                condition=models.Q(enabled=True) & ~models.Q(kind__in=ADDRESSED),
                name="connector_kind_once",
            ),
            Wall(name="connector_wall"),
        ]


class Effect(Owned):
    """What a product answered under one effect key, whoever asked: kept also when the asker was fenced off meanwhile."""

    effect_key = models.CharField(max_length=64)
    request_hash = models.CharField(max_length=64)
    response = models.JSONField(default=dict)
    fence = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agency", "effect_key"], name="effect_once"),
            Wall(name="effect_wall", rights="SELECT, INSERT", audited=False),
        ]
