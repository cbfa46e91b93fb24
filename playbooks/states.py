"""States of runs, steps, approvals and votes, and the classes of effects."""

from django.db.models import IntegerChoices, TextChoices


class RunState(TextChoices):
    """Where a run stands."""

    READY = "ready", "Ready"
    RUNNING = "running", "Running"
    WAITING = "waiting", "Waiting"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    STOPPED = "stopped", "Stopped"  # a budget ended it
    CANCELLED = "cancelled", "Cancelled"

    @property
    def is_over(self) -> bool:
        return self in (RunState.DONE, RunState.FAILED, RunState.STOPPED, RunState.CANCELLED)


class RunMode(TextChoices):
    """Whether a run acts. One that does not calls nothing outside, asks nobody and changes no case."""

    REAL = "real", "For real"
    SIMULATE = "simulate", "Simulated"
    SHADOW = "shadow", "Shadow"  # beside a run for real, on the same trigger


class RuleMode(TextChoices):
    """What a trigger rule does with its book."""

    LIVE = "live", "Live"
    SHADOW = "shadow", "In shadow"  # its runs do nothing for real
    OFF = "off", "Off"


class StepWay(TextChoices):
    """How a run does one step."""

    REAL = "real", "For real"
    SIMULATE = "simulate", "Simulated: what it would have done is written down"
    REPLAY = "replay", "Replayed: what was recorded is taken"


class BacktestState(TextChoices):
    """How far a backtest has come."""

    WAITING = "waiting", "At work"
    DONE = "done", "Done"
    STOPPED = "stopped", "Stopped"  # its time was over before it had looked at everything


class Waits(TextChoices):
    """What a waiting run waits for."""

    NOTHING = "", "Nothing"
    APPROVAL = "approval", "A vote"
    PERSON = "person", "A person's answer"
    TIMER = "timer", "A time"
    RUN = "run", "Another book"
    SLOT = "slot", "Room at a product"


class Lane(IntegerChoices):
    """Which runs workers take first; the smaller number goes before."""

    EMERGENCY = 0, "Emergency"
    NORMAL = 1, "Normal"


class StepState(TextChoices):
    """What became of one attempt at a step."""

    PLANNED = "planned", "Planned"
    STARTED = "started", "Started"
    OK = "ok", "Done"
    FAILED = "failed", "Failed"
    UNKNOWN = "unknown", "Unknown"
    SKIPPED = "skipped", "Not done"


class ApprovalState(TextChoices):
    """What became of an approval; only an approved action runs."""

    OPEN = "open", "Open"
    APPROVED = "approved", "Approved"
    DENIED = "denied", "Denied"
    LAPSED = "lapsed", "Lapsed"
    VOID = "void", "Void"


class VoteKind(TextChoices):
    """How a person voted."""

    APPROVE = "approve", "Approve"
    DENY = "deny", "Deny"


class Side(TextChoices):
    """For whom a vote counts."""

    FLOOR = "floor", "Watch floor"
    LIAISON = "liaison", "Agency"


class Verdict(TextChoices):
    """What the review of a broken glass came to."""

    OPEN = "", "To be reviewed"
    JUSTIFIED = "justified", "Justified"
    NOT_JUSTIFIED = "not_justified", "Not justified"


class UndoState(TextChoices):
    """What became of a registered undo."""

    REGISTERED = "registered", "Can be undone"
    UNDER_WAY = "under_way", "Being undone"
    DONE = "done", "Undone"
    FAILED = "failed", "Could not be undone"
    IN_DOUBT = "in_doubt", "Not known whether it was undone"


class EffectClass(TextChoices):
    """What may be done after a crash between starting an action and knowing its result."""

    LOCAL = "local", "Written with the step itself: done exactly once"
    READ = "read", "Reads only: safe to repeat"
    IDEMPOTENT = "idempotent", "Sets a state: safe to repeat after a crash"
    KEYED = "keyed", "Carries a key: asked first, repeated only under the same key"
    VERIFIABLE = "verifiable", "Can be looked up: asked first, repeated when it is not there"
    UNSAFE = "unsafe", "Never repeated by itself: a person is asked whether it happened"


class SignaturesAsked(TextChoices):
    """What an agency asks of a book before it runs; the words of `definition.trust.Requirement`."""

    NONE = "none", "No signature"
    VALID = "valid", "A sound signature"
    TRUSTED = "trusted", "A signature of a trusted signer"


class DraftStage(TextChoices):
    """How far a draft has come."""

    OPEN = "open", "Under work"
    PUBLISHED = "published", "Published"
    DISCARDED = "discarded", "Discarded"
