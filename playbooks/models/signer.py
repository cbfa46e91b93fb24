"""Signer: whose signatures on playbooks are trusted; SignaturePolicy: which of them an agency asks for before a book runs."""

import uuid

from django.db import models

from playbooks.states import SignaturesAsked
from tenants.isolation.constraints import Granted, Wall
from tenants.isolation.owned import Owned


class Signer(models.Model):
    """A key that signs playbooks. It authors them and nothing more: nobody approves by it. Once revoked it stays so."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    name = models.CharField(max_length=120)
    key_id = models.CharField(max_length=64, unique=True)  # SHA-256 of the SubjectPublicKeyInfo, in hex
    thumbprint = models.CharField(max_length=43, unique=True)  # x5t#S256 of the certificate, or of the bare key
    pem = models.TextField()  # the public key or the certificate
    valid_from = models.DateTimeField(null=True)
    valid_until = models.DateTimeField(null=True)
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=120)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.CharField(max_length=120, default="", blank=True)
    revoked_why = models.TextField(default="", blank=True)

    class Meta:
        constraints = [
            Granted(name="signer_granted", rights={"soc_tenant": "SELECT", "soc_central": "SELECT, INSERT, UPDATE"}, audited=True),
        ]

    def __str__(self) -> str:
        return self.name


class SignaturePolicy(Owned):
    """What an agency asks of a book's signatures. Without a row it asks for none."""

    require = models.CharField(max_length=10, choices=SignaturesAsked, default=SignaturesAsked.NONE)
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=120)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agency"], name="signaturepolicy_once"),
            Wall(name="signaturepolicy_wall"),
        ]
