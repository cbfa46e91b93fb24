"""Names of what may change, and which of them an event moves. A name carries no data."""

import re
from dataclasses import dataclass
from typing import Any

ASPECTS = ("queue", "approvals", "scorecard", "intake")
STANDINGS = "standings"

_AGENCY = re.compile(r"agency\.([-A-Za-z0-9_]{1,40})\.(queue|approvals|scorecard|intake)", re.ASCII)
_CASE = re.compile(r"case\.([-A-Za-z0-9_.&]{1,60})", re.ASCII)
_RUN = re.compile(r"run\.([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})")
# Restricted cases have a series of their own: DOI-2026-R00004.
_RESTRICTED = re.compile(r".*-R\d+", re.ASCII)

# Facts that move the figures of an agency's intake.
INTAKE = frozenset({"AlertsArrived", "AlertDied", "DeadLetterReplayed", "AlertJoined", "CaseOpened", "SuppressionMade", "SuppressionEnded"})
APPROVALS = frozenset({"ApprovalAsked", "VoteGiven", "ApprovalDecided", "ApprovalLapsesSoon", "GlassBroken", "GlassReviewed"})


@dataclass(frozen=True)
class Topic:
    """A name that was understood: its kind, the slug, number or id in it, and for an agency the aspect."""

    name: str
    kind: str  # agency | case | run | standings
    key: str = ""
    aspect: str = ""


@dataclass(frozen=True)
class Ring:
    """What one fact moves. `told` says whether the agency itself may know that something happened."""

    topics: tuple[str, ...]
    told: bool


@dataclass(frozen=True)
class Moved:
    """A topic's counts after a change: for the floor (`n`) and for the agency itself (`told`)."""

    agency_id: int | None
    topic: str
    n: int
    told: int


def understood(name: str) -> Topic | None:
    """The topic of that name, or None when no topic has such a name."""
    if name == STANDINGS:
        return Topic(name, "standings")
    if match := _AGENCY.fullmatch(name):
        return Topic(name, "agency", match[1], match[2])
    if match := _CASE.fullmatch(name):
        return Topic(name, "case", match[1])
    if match := _RUN.fullmatch(name):
        return Topic(name, "run", match[1])
    return None


def ring_of(event: Any, *, slug: str, number: str) -> Ring:
    """The names that `event` moves, in order of their spelling (the order in which rows are locked).

    `slug` is that of the fact's agency, "" for the programme; `number` that of the case it speaks of, "" when of none.
    A restricted case is not told to its agency: not even that some count moved (interface.md, Cases).
    """
    kind = type(event).__name__
    topics: set[str] = set()
    if kind == "StandingsChanged":
        topics.add(STANDINGS)
    elif kind == "ScorecardMoved":
        topics.add(f"agency.{slug}.scorecard")
    else:
        if number:
            topics |= {f"case.{number}", f"agency.{slug}.queue"}
        if kind in INTAKE and not getattr(event, "by_hand", False):
            topics.add(f"agency.{slug}.intake")
        if kind in APPROVALS:
            topics.add(f"agency.{slug}.approvals")
        if run := getattr(event, "run", ""):
            topics.add(f"run.{run}")
    return Ring(tuple(sorted(topics)), told=not _RESTRICTED.fullmatch(number))
