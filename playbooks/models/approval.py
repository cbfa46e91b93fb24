"""Approval of exactly what will run, the votes on it, and an agency's standing consent."""

import uuid

from django.db import models

from playbooks.models.run import Frame, Run, StepAttempt
from playbooks.states import ApprovalState, Side, VoteKind
from tenants.isolation.constraints import CompositeForeignKey, Wall
from tenants.isolation.owned import Owned


class StandingConsent(Owned):
    """An agency's lasting word that certain actions may run on its network: who gave it, when, for what."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    actions = models.JSONField()  # ["endpoint.isolate"]
    given_by = models.ForeignKey("tenants.Person", on_delete=models.PROTECT, related_name="+")
    given_by_name = models.CharField(max_length=120)
    given_at = models.DateTimeField()
    note = models.TextField(default="")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey("tenants.Person", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agency", "id"], name="consent_agency_id"),
            Wall(name="consent_wall"),
        ]


class Approval(Owned):
    """One question to people, bound to the hash of what will run. A change of that makes it void."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, db_constraint=False, related_name="approvals")
    frame = models.ForeignKey(Frame, on_delete=models.PROTECT, db_constraint=False, related_name="+")
    attempt = models.ForeignKey(StepAttempt, on_delete=models.PROTECT, db_constraint=False, related_name="+")
    subject = models.CharField(max_length=80)
    step_id = models.CharField(max_length=80)
    iteration = models.PositiveIntegerField(default=1)
    action_name = models.CharField(max_length=60)  # "endpoint.isolate": what a standing consent names
    action = models.TextField()  # "Isolate host brt-ws-2291 from the network"
    rendered = models.JSONField()
    hash = models.CharField(max_length=64)  # SHA-256 of the canonical form of `rendered`, in hex
    touches = models.TextField(default="")
    undo_text = models.TextField(default="")
    state = models.CharField(max_length=10, choices=ApprovalState, default=ApprovalState.OPEN)
    floor_votes = models.PositiveSmallIntegerField(default=1)  # how many people of the watch floor must approve
    asks_agency = models.BooleanField()  # its liaison's vote is needed too
    consent = models.ForeignKey(StandingConsent, null=True, on_delete=models.PROTECT, db_constraint=False, related_name="+")
    asked_at = models.DateTimeField()
    remind_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True)  # told to the watch leads: from then on one of them is among the floor's votes
    expires_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    reason = models.TextField(default="")

    class Meta:
        indexes = [
            models.Index(fields=["agency", "expires_at", "id"], condition=models.Q(state="open"), name="approval_open"),
            models.Index(fields=["agency", "remind_at"], condition=models.Q(state="open", reminded_at=None), name="approval_remind"),
            models.Index(fields=["agency", "subject", "id"], name="approval_subject"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["agency", "id"], name="approval_agency_id"),
            models.UniqueConstraint(
                fields=["agency", "run", "frame", "step_id", "iteration"], condition=models.Q(state="open"), name="approval_open_once"
            ),
            CompositeForeignKey(field="run", to="playbooks.Run", name="approval_run_fk"),
            CompositeForeignKey(field="frame", to="playbooks.Frame", name="approval_frame_fk"),
            CompositeForeignKey(field="attempt", to="playbooks.StepAttempt", name="approval_attempt_fk"),
            CompositeForeignKey(field="consent", to="playbooks.StandingConsent", name="approval_consent_fk"),
            Wall(name="approval_wall"),
        ]


class Vote(Owned):
    """One person's word on one approval, naming the hash that they saw."""

    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, db_constraint=False, related_name="votes")
    person = models.ForeignKey("tenants.Person", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    side = models.CharField(max_length=10, choices=Side)
    role = models.CharField(max_length=20)  # in which they voted
    vote = models.CharField(max_length=10, choices=VoteKind)
    hash = models.CharField(max_length=64)
    reason = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agency", "approval", "person"], name="vote_once"),
            CompositeForeignKey(field="approval", to="playbooks.Approval", name="vote_approval_fk"),
            Wall(name="vote_wall", rights="SELECT, INSERT"),
        ]
