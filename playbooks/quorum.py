"""Whose votes an approval needs, which of them are given, and whether one more counts. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

FLOOR, LIAISON = "floor", "liaison"
APPROVE, DENY = "approve", "deny"
LEAD = "watch_lead"


@dataclass(frozen=True)
class Needed:
    """What an approval asks for: so many people of the watch floor, the agency's own word where it is asked.

    `escalated`: the watch leads were told that its time runs out; from then on one of them is among the votes of the floor.
    """

    floor: int = 1
    agency: bool = False
    escalated: bool = False


@dataclass(frozen=True)
class Ballot:
    """One vote that was given: for a side, by someone in a role."""

    side: str
    vote: str
    role: str = ""


class Full(StrEnum):
    """Why a vote for a side does not count any more."""

    GIVEN = "given"  # the side has given all its votes
    FOR_A_LEAD = "for_a_lead"  # what is left waits for a watch lead


def sides(needed: Needed, votes: Iterable[Ballot]) -> list[tuple[str, bool]]:
    """One entry for each vote that is needed, and whether it is given."""
    said = [one.side for one in votes if one.vote == APPROVE]
    entries = [(FLOOR, number < said.count(FLOOR)) for number in range(needed.floor)]
    return entries + ([(LIAISON, LIAISON in said)] if needed.agency else [])


def is_reached(needed: Needed, votes: Iterable[Ballot]) -> bool:
    """Whether every vote that is needed is given."""
    return all(given for _, given in sides(needed, votes))


def closed_to(needed: Needed, votes: Iterable[Ballot], *, side: str, role: str) -> Full | None:
    """Why a vote of somebody in this role for this side does not count, None when it does."""
    given = [one for one in votes if one.side == side and one.vote == APPROVE]
    left = (needed.floor if side == FLOOR else 1) - len(given)
    if left <= 0:
        return Full.GIVEN
    waits_for_a_lead = side == FLOOR and needed.escalated and left == 1 and not any(one.role == LEAD for one in given)
    return Full.FOR_A_LEAD if waits_for_a_lead and role != LEAD else None


def missing(needed: Needed, votes: Iterable[Ballot]) -> str:
    """The votes that are not there yet, in words; empty when all are."""
    open_ones = [side for side, given in sides(needed, votes) if not given]
    floor = open_ones.count(FLOOR)
    said = [f"{floor} of {needed.floor} {'vote' if needed.floor == 1 else 'votes'} of the watch floor"] if floor else []
    return " and ".join([*said, *(["the agency's vote"] if LIAISON in open_ones else [])])
