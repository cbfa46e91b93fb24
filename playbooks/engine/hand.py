"""A claimed run as its worker sees it, and what was decided since and is not written down yet."""

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson

from playbooks.chain import link
from playbooks.events import OF_DRY_RUNS
from playbooks.models import Approval, Connector, Frame, Run, StepAttempt
from playbooks.states import RunState, UndoState
from playbooks.trail import joined
from tenants.actors import Actor
from tenants.journal.subscribing import kind_of


class FencedOff(Exception):
    """Another worker has taken the run since: what this one holds no longer counts."""


class Moved(Exception):
    """Somebody wrote to the run, or to what its next call stands on, since it was read: read it again and decide anew."""


@dataclass(frozen=True)
class Claim:
    """A run in hand, under one fence."""

    agency_id: int
    run_id: int
    fence: int
    run: str  # the outside id

    @property
    def actor(self) -> str:
        """The name under which PostgreSQL works for this run."""
        return f"run:{self.run}"


@dataclass
class Unwritten:
    """Rows that the next statement writes."""

    attempts: list[StepAttempt] = field(default_factory=list)
    changed: dict[int, StepAttempt] = field(default_factory=dict)
    frames: dict[int, Frame] = field(default_factory=dict)
    opened: list[Frame] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    stirred: dict[int, StepAttempt] = field(default_factory=dict)  # what no event has told yet
    went: dict[int, tuple[str, int, int]] = field(default_factory=dict)  # frame -> step, visit, whether it ended; likewise
    facts: list[dict[str, Any]] = field(default_factory=list)
    fact_classes: set[type] = field(default_factory=set)
    timers: list[dict[str, Any]] = field(default_factory=list)
    undos: list[dict[str, Any]] = field(default_factory=list)
    undone: dict[int, dict[str, Any]] = field(default_factory=dict)
    effects: list[dict[str, Any]] = field(default_factory=list)
    freed: int | None = None  # the connector at which the run held a place


@dataclass
class Known:
    """What is known of the present visit of the step where a frame stands: its latest attempt and approval, and the frame's timers."""

    attempt: StepAttempt | None = None
    approval: Approval | None = None
    withdrawn: bool = False  # the standing consent that the approval counts has ended
    timers: dict[str, bool] = field(default_factory=dict)
    child: dict[str, Any] = field(default_factory=dict)  # state, detail and variables of the run that the attempt started


@dataclass
class Hand:
    """The run, its open frames, and what is known of the steps where they stand.

    `seen` names the version of the run's row that all this belongs to: a write goes through on that one only.
    `sure_until` (seconds of the monotonic clock) is when the lease ends at the earliest.
    """

    claim: Claim
    run: Run
    slug: str
    by: Actor
    seen: str
    sure_until: float
    frames: dict[int, Frame]
    known: dict[int, Known]
    standing: tuple[str, str | None] = ("none", None)  # what the agency asks of signatures, and, if any, the signers (as JSON)
    connectors: list[Connector] | None = None
    entries: Any = None  # what a run that takes back has to do; `undoing` reads it
    unwritten: Unwritten = field(default_factory=Unwritten)
    steps: int = 0  # attempts that were written down
    heard: bool = False  # somebody is to be told of facts that were written

    def tell(self, kind: str, text: str, *, step_id: str = "", event: Any = None) -> None:
        """Append to the run's own events, and to the journal when `event` is given, with the next write.

        Of what is not done for real the journal hears nothing but that a dry run began and ended.
        """
        by, now = self.by, self.by.now()
        self.run.last_event += 1
        trail = self.news()
        signed = {"actor": by.name, "actor_label": by.label, "at": now}
        one = {"no": self.run.last_event, "kind": kind, "step_id": step_id, "text": text, "fence": self.run.fence}
        one["data"] = {"trail": trail} if trail else {}
        self.unwritten.events.append({**one, **signed, "hash": ""})
        if event is not None and (self.run.acts(step_id) or isinstance(event, OF_DRY_RUNS)):
            about = {"kind": kind_of(type(event)), "subject": self.run.journal_subject, "data": asdict(event)}
            self.unwritten.facts.append({**about, **signed})
            self.unwritten.fact_classes.add(type(event))

    def news(self) -> dict[str, Any]:
        """What changed in the run since the last event; told once."""
        trail, some = self.run.news(), self.unwritten
        if some.stirred:
            trail["did"] = [one.told for one in some.stirred.values()]
            some.stirred = {}
        if some.went:
            trail["at"] = [[key, step, visit, over] for key, (step, visit, over) in some.went.items()]
            some.went = {}
        return trail

    def seal(self) -> None:
        """Let the last event tell what came after it (one is made where there is none), and chain what is to be written."""
        some, run = self.unwritten, self.run
        rest = self.news()
        if some.opened:
            rest["open"] = [one.told for one in some.opened]
        if rest:
            if not some.events:
                steps = [step for _, step, *_ in (*rest.get("did", ()), *rest.get("at", ()))]
                self.tell("went", "The run went on", step_id=steps[-1] if steps else "")
            data = some.events[-1]["data"]
            data["trail"] = joined(data.get("trail", {}), rest)
        for event in some.events:
            run.chain = event["hash"] = link(run.chain, self.claim.run, event)
        for fact in some.facts:
            if "chain" in fact["data"]:
                fact["data"] |= {"events": run.last_event, "chain": run.chain}

    def undoable(self, attempt: StepAttempt, undo: dict[str, Any]) -> None:
        """Register how an effect is taken back, in the same transaction as its result."""
        public_id, now = uuid4(), self.by.now()
        one = {"public_id": public_id, "attempt_id": attempt.pk, "text": undo["text"], "rendered": undo, "at": now}
        due = now + timedelta(seconds=undo["after"]) if undo.get("after") else None
        self.unwritten.undos.append({**one, "state": UndoState.REGISTERED, "due_at": due})
        if due is not None:
            armed = {"frame_id": attempt.frame_id, "purpose": undo_purpose(public_id), "due_at": due, "fired_at": None}
            self.unwritten.timers.append(armed)

    def arm(self, frame: Frame, timers: dict[str, bool], purpose: str, seconds: float, *, is_over: bool = False) -> None:
        """Set a timer, once; `timers` are those of the frame. One that `is_over` is not waited for."""
        if purpose not in timers:
            timers[purpose] = is_over
            now = self.by.now()
            due, fired = now + timedelta(seconds=seconds), now if is_over else None
            self.unwritten.timers.append({"frame_id": frame.pk, "purpose": purpose, "due_at": due, "fired_at": fired})

    def changed(self, attempt: StepAttempt) -> None:
        """Have an attempt written as it stands; one that is new is written by itself."""
        self.unwritten.stirred[id(attempt)] = attempt
        if attempt.pk is None:
            if not any(one is attempt for one in self.unwritten.attempts):
                self.unwritten.attempts.append(attempt)
        else:
            self.unwritten.changed[attempt.pk] = attempt

    def moved(self, frame: Frame) -> None:
        """Have a frame written as it stands; one that has ended is no longer at hand."""
        self.unwritten.frames[frame.pk] = frame
        self.unwritten.went[frame.pk] = (frame.cursor, int(frame.visits.get(frame.cursor, 1)), int(frame.ended_at is not None))
        if frame.ended_at is not None:
            self.frames.pop(frame.pk, None)

    def known_at(self, frame: Frame) -> Known:
        """What is known where a frame stands; nothing, right after it came there."""
        return self.known.setdefault(frame.pk, Known())

    def let_go(self, *, waits_for: str, wake_at: datetime | None = None) -> None:
        """Put the run down until something moves it (`wake_at` None), or until a time."""
        run = self.run
        run.state = RunState.WAITING if wake_at is None else RunState.READY
        run.waits_for, run.lease_owner = waits_for, ""
        if wake_at is not None:
            run.wake_at = wake_at


def undo_purpose(public_id: UUID) -> str:
    """The timer at which an effect is taken back by itself."""
    return f"undo:{public_id}"


def revived(model: type, row: Any) -> Any:
    """An instance of the model from a row that came as JSON; its times stay texts, as nothing here reckons with them."""
    if row is None:
        return None
    one = model(**(orjson.loads(row) if isinstance(row, (str, bytes)) else row))
    one._state.adding, one._state.db = False, "default"
    return one
