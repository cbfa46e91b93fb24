"""Tables of the playbooks, a file per aggregate."""

from playbooks.models.approval import Approval, StandingConsent, Vote
from playbooks.models.book import Book, TriggerRule, Version
from playbooks.models.connector import Connector, Effect
from playbooks.models.draft import Draft, DraftState
from playbooks.models.run import Frame, Run, RunEvent, StepAttempt, Timer, Undo
from playbooks.models.signer import SignaturePolicy, Signer

__all__ = [
    "Approval",
    "Book",
    "Connector",
    "Draft",
    "DraftState",
    "Effect",
    "Frame",
    "Run",
    "RunEvent",
    "SignaturePolicy",
    "Signer",
    "StandingConsent",
    "StepAttempt",
    "Timer",
    "TriggerRule",
    "Undo",
    "Version",
    "Vote",
]
