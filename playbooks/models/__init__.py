"""Tables of the playbooks, a file per aggregate."""

from playbooks.models.approval import Approval, StandingConsent, Vote
from playbooks.models.backtest import Backtest, BacktestedSubject
from playbooks.models.book import Book, TriggerRule, Version
from playbooks.models.breaking import BrokenGlass, RefusedVote
from playbooks.models.connector import Connector, Effect
from playbooks.models.draft import Draft, DraftState
from playbooks.models.run import Frame, Run, RunEvent, StepAttempt, Timer, Undo
from playbooks.models.share import Share
from playbooks.models.signer import SignaturePolicy, Signer
from playbooks.models.slot import Slot
from playbooks.models.storm import Covered, Storm

__all__ = [
    "Approval",
    "Backtest",
    "BacktestedSubject",
    "Book",
    "BrokenGlass",
    "Connector",
    "Covered",
    "Draft",
    "DraftState",
    "Effect",
    "Frame",
    "RefusedVote",
    "Run",
    "RunEvent",
    "Share",
    "SignaturePolicy",
    "Signer",
    "Slot",
    "StandingConsent",
    "StepAttempt",
    "Storm",
    "Timer",
    "TriggerRule",
    "Undo",
    "Version",
    "Vote",
]
