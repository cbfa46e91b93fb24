"""What stands beside an approval when it did not go its way: votes that were refused, and a glass that was broken with its review."""

from django.db import models
from django.db.models import F, Q

from playbooks.models.approval import Approval
from playbooks.states import Verdict
from tenants.isolation.constraints import CompositeForeignKey, Wall
from tenants.isolation.owned import Owned


class RefusedVote(Owned):
    """A vote that was refused: who tried what, when, and why it did not count. It moves nothing."""

    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, db_constraint=False, related_name="refused_votes")
    person = models.ForeignKey("tenants.Person", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=20)
    code = models.CharField(max_length=40)  # "hash_mismatch"
    vote = models.CharField(max_length=20, default="")  # as it was sent
    hash = models.CharField(max_length=64, default="")  # as it was sent
    why = models.TextField()  # as they were told
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["agency", "approval", "id"], name="refusedvote_approval")]
        constraints = [
            CompositeForeignKey(field="approval", to="playbooks.Approval", name="refusedvote_approval_fk"),
            Wall(name="refusedvote_wall", rights="SELECT, INSERT"),
        ]


class BrokenGlass(Owned):
    """An action that a watch lead ran without the votes that were missing, and what somebody else made of that afterwards."""

    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, db_constraint=False, related_name="+")
    target = models.CharField(max_length=300)  # as it was typed
    hash = models.CharField(max_length=64)
    missing = models.CharField(max_length=200)  # the votes that were not there, in words
    reason = models.TextField()
    broken_by = models.ForeignKey("tenants.Person", on_delete=models.PROTECT, related_name="+")
    broken_by_name = models.CharField(max_length=120)
    at = models.DateTimeField()
    due_at = models.DateTimeField()  # of the review
    verdict = models.CharField(max_length=20, choices=Verdict, default=Verdict.OPEN, blank=True)
    note = models.TextField(default="")
    reviewed_by = models.ForeignKey("tenants.Person", null=True, on_delete=models.PROTECT, related_name="+")
    reviewed_by_name = models.CharField(max_length=120, default="")
    reviewed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["agency", "due_at", "id"], condition=Q(verdict=""), name="glass_to_review")]
        constraints = [
            models.UniqueConstraint(fields=["agency", "approval"], name="glass_broken_once"),
            models.CheckConstraint(condition=~Q(reviewed_by=F("broken_by")), name="glass_reviewed_by_another"),
            CompositeForeignKey(field="approval", to="playbooks.Approval", name="glass_approval_fk"),
            Wall(name="glass_wall"),
        ]
