"""Run: one book at work about one subject, with its frames, attempts, timers, undos and events."""

import uuid
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django.db import models

from playbooks.models.book import Book, TriggerRule, Version
from playbooks.states import Lane, RunMode, RunState, StepState, StepWay, UndoState, Waits
from playbooks.trail import changes
from tenants.isolation.constraints import CompositeForeignKey, Wall
from tenants.isolation.owned import Owned


class Run(Owned):
    """One book at work. `fence` grows with every claim: who holds an older one can no longer write."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+")
    version_hash = models.CharField(max_length=64)
    subject = models.CharField(max_length=80)  # opaque: "case:42"
    trigger = models.ForeignKey(TriggerRule, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    why = models.TextField()
    started_by = models.CharField(max_length=120)
    started_by_label = models.CharField(max_length=120)
    started_by_person = models.ForeignKey("tenants.Person", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    parent_attempt = models.ForeignKey(  # the step of another run that called this book
        "StepAttempt", null=True, blank=True, on_delete=models.PROTECT, db_constraint=False, related_name="+"
    )
    depth = models.PositiveSmallIntegerField(default=0)  # how many runs stand over this one
    undoes = models.ForeignKey(  # the run whose effects this one takes back, with the built-in book
        "self", null=True, blank=True, on_delete=models.PROTECT, db_constraint=False, related_name="+"
    )
    state = models.CharField(max_length=10, choices=RunState, default=RunState.READY)
    waits_for = models.CharField(max_length=10, choices=Waits, default=Waits.NOTHING, blank=True)
    detail = models.TextField(default="")  # how it ended, in a sentence
    variables = models.JSONField(default=dict)
    fence = models.BigIntegerField(default=0)
    lease_owner = models.CharField(max_length=120, default="")
    lease_until = models.DateTimeField(null=True)
    lane = models.PositiveSmallIntegerField(choices=Lane, default=Lane.NORMAL)
    wake_at = models.DateTimeField()
    faults = models.PositiveSmallIntegerField(default=0)  # failures of our own since the last step that ended
    last_event = models.PositiveIntegerField(default=0)
    chain = models.CharField(max_length=64, default="")  # the hash of the last event
    mode = models.CharField(max_length=10, choices=RunMode, default=RunMode.REAL)
    policies = models.JSONField(default=dict)  # step id, or "*" for the others -> replay | simulate | real
    forked_from = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, db_constraint=False, related_name="+")
    forked_at = models.PositiveIntegerField(null=True)  # the event of the other run at which this one takes up
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["agency", "lane", "wake_at", "id"], condition=models.Q(state="ready"), name="run_ready"),
            models.Index(fields=["agency", "lease_until", "id"], condition=models.Q(state="running"), name="run_leased"),
            models.Index(fields=["agency", "subject", "id"], name="run_subject"),
            models.Index(fields=["agency", "-started_at", "-id"], name="run_agency_started"),
            models.Index(fields=["-started_at", "-id"], name="run_started"),
            models.Index(fields=["agency", "undoes"], condition=models.Q(undoes__isnull=False), name="run_undoes"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["agency", "id"], name="run_agency_id"),
            # One storm, one run: the same trigger, content and subject start once.
            models.UniqueConstraint(
                fields=["agency", "subject", "trigger", "version", "mode"],
                condition=models.Q(trigger__isnull=False),
                name="run_trigger_once",
            ),
            models.UniqueConstraint(
                fields=["agency", "parent_attempt"], condition=models.Q(parent_attempt__isnull=False), name="run_called_once"
            ),
            CompositeForeignKey(field="parent_attempt", to="playbooks.StepAttempt", name="run_parent_attempt_fk"),
            CompositeForeignKey(field="undoes", to="playbooks.Run", name="run_undoes_fk"),
            CompositeForeignKey(field="forked_from", to="playbooks.Run", name="run_forked_from_fk"),
            Wall(name="run_wall"),
        ]

    told: Mapping[str, Any] = MappingProxyType({})  # the variables as the last event left them

    @classmethod
    def from_db(cls, db: Any, field_names: Any, values: Any, **more: Any) -> "Run":
        """The run as it is stored, with what its events have told."""
        one = super().from_db(db, field_names, values, **more)
        one.told = one.__dict__.get("variables", {})
        return one

    def news(self) -> dict[str, Any]:
        """The variables that changed since the last event, for the next one; told once."""
        changed = changes(self.told, self.variables) if self.variables is not self.told else {}
        self.told = self.variables
        return {"set": changed} if changed else {}

    @property
    def state_is_over(self) -> bool:
        """Whether the run has ended, one way or another."""
        return RunState(self.state).is_over

    def way_of(self, step_id: str) -> StepWay:
        """How this run does a step: for real, not at all, or as it was recorded."""
        way = StepWay(self.policies.get(step_id) or self.policies.get("*") or StepWay.REAL)
        return StepWay.SIMULATE if way == StepWay.REAL and self.mode != RunMode.REAL else way

    def acts(self, step_id: str = "") -> bool:
        """Whether this run does a step (or, without one, anything) for real."""
        return self.way_of(step_id) == StepWay.REAL if step_id else self.mode == RunMode.REAL

    @property
    def journal_subject(self) -> str:
        """How the journal names this run."""
        return f"run:{self.public_id}"


class Frame(Owned):
    """One open block of a run: the book itself, or a branch. Its end returns to the step that opened it."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, db_constraint=False, related_name="frames")
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, db_constraint=False, related_name="+")
    step_id = models.CharField(max_length=80, default="")  # the step that opened it, empty for the book
    branch = models.CharField(max_length=80, default="")
    iteration = models.PositiveIntegerField(default=1)
    cursor = models.CharField(max_length=80)  # the step where it stands
    visits = models.JSONField(default=dict)  # step id -> how often it was entered in this frame
    expected = models.PositiveSmallIntegerField(default=1)
    arrived = models.PositiveSmallIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)

    @property
    def told(self) -> list[Any]:
        """How an event tells that it was opened."""
        return [self.parent_id, self.step_id, self.branch, self.iteration, self.cursor]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agency", "id"], name="frame_agency_id"),
            models.UniqueConstraint(
                fields=["agency", "run", "parent", "step_id", "branch", "iteration"], nulls_distinct=False, name="frame_once"
            ),
            CompositeForeignKey(field="run", to="playbooks.Run", name="frame_run_fk"),
            CompositeForeignKey(field="parent", to="playbooks.Frame", name="frame_parent_fk"),
            Wall(name="frame_wall"),
        ]


class StepAttempt(Owned):
    """One attempt at one command of a step on one target. All attempts at the same thing share the effect key."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, db_constraint=False, related_name="attempts")
    frame = models.ForeignKey(Frame, on_delete=models.PROTECT, db_constraint=False, related_name="+")
    step_id = models.CharField(max_length=80)
    command_no = models.PositiveSmallIntegerField(default=0)
    target = models.CharField(max_length=200, default="")
    iteration = models.PositiveIntegerField(default=1)
    attempt = models.PositiveSmallIntegerField(default=1)
    kind = models.CharField(max_length=20)  # local | http | manual | book, and control steps by their own name
    name = models.TextField()
    state = models.CharField(max_length=10, choices=StepState, default=StepState.PLANNED)
    effect_class = models.CharField(max_length=12, default="local")
    effect_key = models.CharField(max_length=64)
    fence = models.BigIntegerField()
    checks = models.PositiveSmallIntegerField(default=0)  # how often the product was asked whether it happened
    rendered = models.JSONField(default=dict)  # exactly what runs, secrets by name
    request_hash = models.CharField(max_length=64, default="")
    response = models.JSONField(default=dict)
    detail = models.TextField(default="")
    assigned = models.JSONField(default=dict)  # name -> [before, after] of the variables that it set
    ready_at = models.DateTimeField()  # the run had come here
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    @property
    def told(self) -> list[Any]:
        """How an event tells what became of it."""
        broken = [self.response["broken"]] if self.response.get("broken") else []
        return [self.frame_id, self.step_id, self.iteration, self.command_no, self.target, self.attempt, str(self.state), *broken]

    class Meta:
        indexes = [models.Index(fields=["agency", "run", "id"], name="attempt_run")]
        constraints = [
            models.UniqueConstraint(fields=["agency", "id"], name="attempt_agency_id"),
            models.UniqueConstraint(
                fields=["agency", "run", "frame", "step_id", "command_no", "target", "iteration", "attempt"], name="attempt_once"
            ),
            models.UniqueConstraint(
                fields=["agency", "run", "frame", "step_id", "command_no", "target", "iteration"],
                condition=models.Q(state=StepState.OK),
                name="attempt_ok_once",
            ),
            CompositeForeignKey(field="run", to="playbooks.Run", name="attempt_run_fk"),
            CompositeForeignKey(field="frame", to="playbooks.Frame", name="attempt_frame_fk"),
            Wall(name="attempt_wall"),
        ]


class Timer(Owned):
    """A time at which a run goes on. Arming it twice is arming it once."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, db_constraint=False, related_name="timers")
    frame = models.ForeignKey(Frame, on_delete=models.PROTECT, db_constraint=False, related_name="+")
    purpose = models.CharField(max_length=120)  # "delay:<step>:1"
    due_at = models.DateTimeField()
    fired_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["agency", "due_at"], condition=models.Q(fired_at=None), name="timer_due")]
        constraints = [
            models.UniqueConstraint(fields=["agency", "run", "frame", "purpose"], name="timer_once"),
            CompositeForeignKey(field="run", to="playbooks.Run", name="timer_run_fk"),
            CompositeForeignKey(field="frame", to="playbooks.Frame", name="timer_frame_fk"),
            Wall(name="timer_wall"),
        ]


class Undo(Owned):
    """How an effect is taken back: registered in the same transaction as the result of the effect."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, db_constraint=False, related_name="undos")
    attempt = models.ForeignKey(StepAttempt, on_delete=models.PROTECT, db_constraint=False, related_name="+")
    text = models.TextField()
    rendered = models.JSONField()
    state = models.CharField(max_length=12, choices=UndoState, default=UndoState.REGISTERED)
    at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)  # when it is taken back by itself
    undone_by = models.ForeignKey(Run, null=True, on_delete=models.PROTECT, db_constraint=False, related_name="+")  # the latest that tried
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["agency", "undone_by"], condition=models.Q(undone_by__isnull=False), name="undo_by")]
        constraints = [
            models.UniqueConstraint(fields=["agency", "run", "attempt"], name="undo_once"),
            CompositeForeignKey(field="run", to="playbooks.Run", name="undo_run_fk"),
            CompositeForeignKey(field="attempt", to="playbooks.StepAttempt", name="undo_attempt_fk"),
            CompositeForeignKey(field="undone_by", to="playbooks.Run", name="undo_undone_by_fk"),
            Wall(name="undo_wall"),
        ]


class RunEvent(Owned):
    """What happened in a run, in its order; append-only."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, db_constraint=False, related_name="events")
    no = models.PositiveIntegerField()
    kind = models.CharField(max_length=30)
    step_id = models.CharField(max_length=80, default="")
    text = models.TextField()
    actor = models.CharField(max_length=120)
    actor_label = models.CharField(max_length=120)
    fence = models.BigIntegerField()
    data = models.JSONField(default=dict)
    hash = models.CharField(max_length=64, default="")  # of the event and the hash before it
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agency", "run", "no"], name="runevent_order"),
            CompositeForeignKey(field="run", to="playbooks.Run", name="runevent_run_fk"),
            Wall(name="runevent_wall", rights="SELECT, INSERT", audited=False),
        ]
