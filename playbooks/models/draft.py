"""Draft: a book under work, by one author; DraftState: what each change of it left, so that changes can be taken back."""

import uuid

from django.conf import settings
from django.db import models

from playbooks.models.book import Version
from playbooks.states import DraftStage
from tenants.isolation.constraints import Granted


class Draft(models.Model):
    """A document on its way to be a version. It belongs to the program, as books do; only its author changes it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    name = models.CharField(max_length=160)  # as its document says
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    base = models.ForeignKey(Version, on_delete=models.PROTECT, null=True, related_name="+")  # what it changes; none for a new book
    state = models.CharField(max_length=10, choices=DraftStage, default=DraftStage.OPEN)
    version = models.PositiveIntegerField(default=1)  # counts changes, those taken back too
    at = models.PositiveIntegerField(default=1)  # the number of the state that it stands at
    content_hash = models.CharField(max_length=64)  # of that state's document, SHA-256 in hex
    made = models.ForeignKey(Version, on_delete=models.PROTECT, null=True, related_name="drafts")  # the version that it became
    note = models.TextField(default="", blank=True)  # what changed, in its publisher's words
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [Granted(name="draft_granted", rights={"soc_central": "SELECT, INSERT, UPDATE"}, audited=True)]
        indexes = [models.Index(fields=["state", "-changed_at"], name="draft_open")]

    def __str__(self) -> str:
        return self.name


class DraftState(models.Model):
    """The document after one change. Only the latest are kept; who made the change stands in the audit of the draft."""

    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="states")
    number = models.PositiveIntegerField()
    canonical = models.TextField()  # the document in the canonical form of RFC 8785
    said = models.CharField(max_length=300)  # what was done
    part = models.CharField(max_length=300)  # where: what is looked at when one comes back to it
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["draft", "number"], name="draftstate_once"),
            Granted(name="draftstate_granted", rights={"soc_central": "SELECT, INSERT, UPDATE, DELETE"}),
        ]
