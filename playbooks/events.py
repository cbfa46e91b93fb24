"""What playbooks tell the world. Recorded with subject `run:<uuid>`; `about` is the run's opaque subject (`case:42`)."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class RunStarted:
    """A run began, and why."""

    run: str
    about: str
    book: str
    version: str
    why: str


@dataclass(frozen=True)
class StepEnded:
    """A step ended: done, failed, skipped or unknown."""

    run: str
    about: str
    step: str
    name: str
    outcome: str
    detail: str = ""


@dataclass(frozen=True)
class ApprovalAsked:
    """A step waits for votes on exactly what would run."""

    run: str
    about: str
    approval: str
    action: str
    hash: str
    expires_at: datetime


@dataclass(frozen=True)
class VoteGiven:
    """A person voted."""

    run: str
    about: str
    approval: str
    vote: str
    voter: str
    reason: str


@dataclass(frozen=True)
class ApprovalDecided:
    """The approval is approved, denied, lapsed or void; only approved runs."""

    run: str
    about: str
    approval: str
    action: str
    outcome: str
    reason: str = ""


@dataclass(frozen=True)
class ApprovalLapsesSoon:
    """The watch lead is told: ten minutes are left."""

    run: str
    about: str
    approval: str
    action: str
    expires_at: datetime


@dataclass(frozen=True)
class GlassBroken:
    """A watch lead ran an action without the votes that were missing; somebody else must review that in time."""

    run: str
    about: str
    approval: str
    action: str
    missing: str
    broken_by: str
    reason: str
    review_due_at: datetime


@dataclass(frozen=True)
class GlassReviewed:
    """Somebody else than the breaker judged it: justified or not_justified."""

    run: str
    about: str
    approval: str
    action: str
    verdict: str
    reviewed_by: str
    note: str


@dataclass(frozen=True)
class UndoRegistered:
    """An effect can be undone, and how."""

    run: str
    about: str
    step: str
    text: str


@dataclass(frozen=True)
class UndoBegan:
    """What a run did is being taken back by another run (`run`), and why."""

    run: str
    about: str
    undoes: str
    book: str
    texts: tuple[str, ...]
    why: str


@dataclass(frozen=True)
class UndoEnded:
    """One effect was taken back, could not be, or nobody knows yet: `done`, `failed` or `in_doubt`."""

    run: str
    about: str
    text: str
    outcome: str
    detail: str = ""


@dataclass(frozen=True)
class UndoPutOff:
    """A person let an effect last longer than was approved."""

    run: str
    about: str
    text: str
    until: datetime
    reason: str


@dataclass(frozen=True)
class RunEnded:
    """The run ended: done, failed or cancelled. `chain` is the hash of its own event number `events`, and so of all before."""

    run: str
    about: str
    outcome: str
    detail: str = ""
    events: int = 0
    chain: str = ""


@dataclass(frozen=True)
class DryRunStarted:
    """A run that does nothing for real began: `simulate` or `shadow`. Nothing of it counts as done."""

    run: str
    about: str
    mode: str
    book: str
    version: str
    why: str


@dataclass(frozen=True)
class DryRunEnded:
    """A run that did nothing for real ended."""

    run: str
    about: str
    mode: str
    outcome: str
    detail: str = ""
    events: int = 0
    chain: str = ""


OF_DRY_RUNS = (DryRunStarted, DryRunEnded)


@dataclass(frozen=True)
class RunMoved:
    """A person let the run go on with a newer version of its book."""

    run: str
    about: str
    book: str
    version_before: str
    version: str
    number_before: int
    number: int
    reason: str


@dataclass(frozen=True)
class RuleModeSet:
    """A trigger rule starts its book for real, in shadow, or not at all from now on. A fact of the program, subject `rule:<slug>`."""

    rule: str
    book: str
    before: str
    mode: str
    reason: str
    seen: dict[str, int]  # what its shadow had seen by then


@dataclass(frozen=True)
class BacktestAsked:
    """Somebody asked what a book would have done on an agency's past subjects. Subject `backtest:<question>`."""

    question: str
    book: str
    version: str
    rule: str
    since: datetime
    until: datetime


@dataclass(frozen=True)
class ConsentGiven:
    """An agency consents to actions until it withdraws. Subject `consent:<uuid>`."""

    consent: str
    actions: tuple[str, ...]
    given_by: str


@dataclass(frozen=True)
class ConsentWithdrawn:
    """A standing consent ended. Subject `consent:<uuid>`."""

    consent: str
    reason: str
    withdrawn_by: str


@dataclass(frozen=True)
class ConnectorSet:
    """A product of the agency was connected, or its connector changed. Subject `connector:<id>`."""

    connector: str
    kind: str
    base_url: str


@dataclass(frozen=True)
class ShareSet:
    """The agency's share of the workers changed. Subject `share:<agency id>`."""

    weight: int
    most_at_once: int | None


@dataclass(frozen=True)
class RunCovers:
    """A rule fits this subject too, and the run of another one about the same entity stands for it. Subject `run:<id>`."""

    run: str
    about: str
    by_subject: str
    book: str
    why: str


@dataclass(frozen=True)
class StartRefused:
    """A rule wanted to start a book, and its author or the agency's signature policy forbids it. Recorded with subject `case:42`."""

    about: str
    book: str
    version: str
    rule: str
    reason: str


@dataclass(frozen=True)
class SignerTrusted:
    """Signatures of a key count from now on. A fact of the program, subject `signer:<uuid>`."""

    signer: str
    name: str
    key: str  # SHA-256 of the public key, in hex


@dataclass(frozen=True)
class SignerRevoked:
    """Signatures of a key count no more, whenever they were made. A fact of the program, subject `signer:<uuid>`."""

    signer: str
    name: str
    reason: str


@dataclass(frozen=True)
class SignaturePolicySet:
    """An agency asks from now on for these signatures before a book runs. Subject `signatures:<agency id>`."""

    require: str
