"""Frozen shapes in which runs and approvals are told to pages and programs."""

from dataclasses import dataclass
from datetime import UTC, datetime

from playbooks.drawing import Drawing
from playbooks.queries.tries import Given, Try
from playbooks.rendering import Line
from playbooks.timing import Times


def utc(at: datetime | None) -> str | None:
    """A time in RFC 3339, UTC, as programs get it."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True)
class About:
    """What a run is about, as the floor above names it."""

    subject: str
    number: str
    title: str
    severity: str


@dataclass(frozen=True)
class Voter:
    """One person's word."""

    name: str
    side: str  # floor | liaison
    vote: str
    reason: str
    at: datetime
    role: str = ""


@dataclass(frozen=True)
class Refused:
    """A vote that did not count: who tried what, and why not."""

    name: str
    vote: str
    why: str
    at: datetime


@dataclass(frozen=True)
class Glass:
    """An action that ran without the votes that were missing, and its review."""

    approval: str
    agency: str
    acronym: str
    about: About
    action: str
    target: str
    missing: str
    reason: str
    broken_by: str
    at: datetime
    due_at: datetime
    verdict: str  # "" | justified | not_justified
    said: str  # the verdict in words
    note: str
    reviewed_by: str
    reviewed_at: datetime | None
    may_review: bool
    is_late: bool
    may_open: bool = True  # whether the reader may read the approval itself


@dataclass(frozen=True)
class Need:
    """A vote that is needed: of the watch floor, or of the agency's liaison."""

    role: str
    given: bool


@dataclass(frozen=True)
class SoFar:
    """What would have to be undone of a run by now, and what could not be: texts, the latest first."""

    texts: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()


@dataclass(frozen=True)
class ApprovalView:
    """One approval with all that its page shows."""

    id: str
    run: str
    about: About
    agency: str  # slug
    agency_name: str
    acronym: str
    book: str
    step_id: str
    action: str
    action_name: str
    rendered: dict[str, object]
    lines: tuple[Line, ...]
    hash: str
    touches: str
    undo_text: str
    effect: str  # in words
    state: str
    reason: str
    asked_at: datetime
    expires_at: datetime
    decided_at: datetime | None
    seconds_asked: int  # from asking to lapsing
    needs: tuple[Need, ...]
    votes: tuple[Voter, ...]
    consent: str  # whose standing consent counts, since when; empty when the agency votes
    started_by: str
    may_vote: bool
    why_not: str  # why this reader may not vote, empty when they may
    lasts: int | None  # seconds after which it is taken back by itself
    so_far: SoFar  # of its run, where one approval or a page of the API is read
    floor_votes: int  # how many people of the watch floor must approve
    escalated: bool  # the watch leads were told that it lapses soon
    author: str  # who published the version that runs, where that is a person
    target: str  # what one types who breaks the glass
    may_break: bool
    glass: Glass | None
    refused: tuple[Refused, ...] = ()


@dataclass(frozen=True)
class CalledRun:
    """A run at the other end of a call: of the book that a step ran, or of the book whose step ran this one."""

    id: str
    book: str
    said: str  # where it stands
    step: str  # the name of the step between them


@dataclass(frozen=True)
class StepView:
    """One step of a run, as far as it went."""

    id: str
    public_id: str  # of the latest attempt; empty when there was none
    name: str
    description: str
    kind: str
    who: str
    state: str  # done | running | waits_vote | waits_person | waits_timer | skipped | failed | unknown | not_started | not_taken
    said: str
    detail: str
    attempts: int
    began: datetime | None
    ended: datetime | None
    times: Times
    effect: str
    effect_key: str
    lines: tuple[Line, ...]
    undo_text: str
    inputs: tuple[Given, ...]
    outputs: tuple[Given, ...]
    tries: tuple[Try, ...]
    rounds: int  # how often the run came here
    approval: ApprovalView | None
    waits_for_answer: bool
    choices: tuple[str, ...] = ()  # the cases that a person may choose from
    returns: tuple[str, ...] = ()  # the values that are asked of a person, by name
    depth: int = 0  # in how many blocks it stands
    called: tuple[CalledRun, ...] = ()  # the runs of other books that it started


@dataclass(frozen=True)
class EventLine:
    """One event of a run."""

    no: int
    at: datetime
    kind: str
    step_id: str
    text: str
    actor: str  # person:12 | run:... | system:...
    label: str


@dataclass(frozen=True)
class UndoStanding:
    """One effect and how far its undo is."""

    id: str  # of the attempt that had the effect
    run: str  # the run that had the effect
    step_id: str
    text: str
    state: str
    said: str
    due_at: datetime | None  # when it is taken back by itself
    ended_at: datetime | None
    by: str  # who takes or took it back, empty when nobody did
    undone_by: str  # the run that does


@dataclass(frozen=True)
class RunView:
    """One run with all that its page shows."""

    id: str
    about: About
    agency: str
    agency_name: str
    acronym: str
    book: str
    book_slug: str
    description: str
    version: int
    version_hash: str
    state: str
    waits_for: str
    said: str  # where it stands, in a sentence
    why: str
    detail: str
    started_at: datetime
    started_by: str
    ended_at: datetime | None
    steps: tuple[StepView, ...]
    times: Times
    approval: ApprovalView | None  # the one that is open, else the latest
    undos: tuple[UndoStanding, ...]  # what it did that can be taken back; of a run that takes back, what it takes back
    undoes: str  # the run whose effects this one takes back, empty for any other
    events: tuple[EventLine, ...]
    drawing: Drawing | None
    newer: int | None = None  # the number of a newer version of its book, while the run is not over
    called_by: CalledRun | None = None  # the run whose step started this one


@dataclass(frozen=True)
class RunPage:
    """A page of runs and the cursor of the next."""

    runs: tuple[RunView, ...]
    next: str | None


@dataclass(frozen=True)
class ApprovalPage:
    """A page of approvals and the cursor of the next."""

    approvals: tuple[ApprovalView, ...]
    next: str | None


@dataclass(frozen=True)
class Inbox:
    """The approvals of a reader: what they can vote on, the soonest to lapse first, then what waits for others."""

    mine: tuple[ApprovalView, ...]
    others: tuple[ApprovalView, ...]
