"""What the work tells the world. Recorded with subject `case:<id>`, in the case's agency."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class CaseOpened:
    """A case exists. `happened_at` is None, or older than 30 days, when `dwell_unknown`."""

    case_id: int
    number: str
    title: str
    severity: str
    rule: str
    entity_kind: str
    entity: str
    hosts: tuple[str, ...]
    opened_at: datetime
    happened_at: datetime | None = None
    dwell_unknown: bool = True
    by_hand: bool = False
    restricted: bool = False


@dataclass(frozen=True)
class AlertJoined:
    """Alerts joined an open case: `count` of them in one batch, `receipt` the last one's."""

    case_id: int
    number: str
    receipt: str
    count: int = 1


@dataclass(frozen=True)
class CaseClaimed:
    """An analyst took the case."""

    case_id: int
    number: str
    owner_id: int
    owner: str


@dataclass(frozen=True)
class CaseAssigned:
    """Somebody was given the case, or (owner empty) it was put back."""

    case_id: int
    number: str
    owner_id: int | None
    owner: str


@dataclass(frozen=True)
class InvestigationBegun:
    """Triage is over, the case is being investigated."""

    case_id: int
    number: str


@dataclass(frozen=True)
class TitleChanged:
    """The title or summary was edited."""

    case_id: int
    number: str
    title: str


@dataclass(frozen=True)
class SeverityChanged:
    """The severity changed, with a reason."""

    case_id: int
    number: str
    before: str
    after: str
    reason: str


@dataclass(frozen=True)
class CaseContained:
    """The threat is contained since `at`."""

    case_id: int
    number: str
    at: datetime
    reason: str


@dataclass(frozen=True)
class CaseRecovered:
    """Service is restored since `at`."""

    case_id: int
    number: str
    at: datetime
    reason: str


@dataclass(frozen=True)
class IncidentDeclared:
    """A person declared an incident or a major incident."""

    case_id: int
    number: str
    kind: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class CaseClosed:
    """The case is closed with a disposition."""

    case_id: int
    number: str
    disposition: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class CaseReopened:
    """The case is open again; what ran when it closed runs on with the old due time."""

    case_id: int
    number: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class NoteWritten:
    """A note was written."""

    case_id: int
    number: str
    note: str
    visibility: str


@dataclass(frozen=True)
class TaskAdded:
    """A task was added."""

    case_id: int
    number: str
    task: str
    title: str


@dataclass(frozen=True)
class TaskDone:
    """A task was done."""

    case_id: int
    number: str
    task: str


@dataclass(frozen=True)
class ItemsReleased:
    """Rows of the case were released to its agency."""

    case_id: int
    number: str
    items: tuple[str, ...]


@dataclass(frozen=True)
class SuppressionMade:
    """Alerts of a rule and entity are suppressed until a time. Subject `suppression:<id>`."""

    suppression: str
    fingerprint: str
    until: datetime
    reason: str
    case_id: int | None = None
    number: str = ""


@dataclass(frozen=True)
class SuppressionEnded:
    """A suppression was ended before its time."""

    suppression: str
    reason: str


@dataclass(frozen=True)
class AlertsArrived:
    """Alerts that were received are worked off: the intake's figures moved. Receipts themselves are no facts. Subject `intake`."""

    count: int


@dataclass(frozen=True)
class AlertDied:
    """Items that nobody could read are dead letters: `count` of one code in one batch, `receipt` the last one's. Subject `intake`."""

    receipt: str
    code: str
    count: int = 1


@dataclass(frozen=True)
class DeadLetterReplayed:
    """A dead letter was corrected and is pending again. Subject `receipt:<id>`."""

    receipt: str
