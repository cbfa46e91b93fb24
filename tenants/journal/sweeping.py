"""The sweep that every worker makes each second: all work that rows hold, agency by agency, with or without a broker."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from django.conf import settings
from django.db import close_old_connections

logger = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True)
class Chore:
    """Work kept in rows: `agencies()` says who has some (opens its own scope), `work(agency_id)` does some and says how much.

    `central` work is done centrally even when it names an agency; work without an agency always is.
    `in_turn()` does some for whichever agency is next and says how much: such work is shared out whoever's ring is answered.
    """

    name: str
    agencies: Callable[[], list[int | None]]
    work: Callable[[int | None], int]
    central: bool = False
    in_turn: Callable[[], int] | None = None


_chores: dict[str, Chore] = {}


def register(chore: Chore) -> None:
    """Add a kind of work (apps do so when they are ready)."""
    _chores[chore.name] = chore


def chores() -> list[Chore]:
    """Every registered kind of work, in order of registration."""
    return list(_chores.values())


def home_of(name: str, agency_id: int | None) -> str:
    """Which of the two deployments does this work: agencies' own is done by their workers, whose login cannot become central."""
    chore = _chores.get(name)
    return "floor" if agency_id is None or (chore is not None and chore.central) else "agencies"


def _is_ours(chore: Chore, agency_id: int | None) -> bool:
    return settings.DEPLOYMENT in ("both", home_of(chore.name, agency_id))


def sweep(names: tuple[str, ...] | None = None, agency_id: int | str | None = "any", rounds: int = 20) -> int:
    """Do what is due, a little for each agency in turn (fairness), until a round finds nothing or `rounds` are over.

    Returns how many pieces of work were done. What fails is logged and does not stop the rest.
    """
    done = 0
    for _ in range(rounds):
        before = done
        for chore in chores():
            if names is not None and chore.name not in names:
                continue
            if chore.in_turn is not None and agency_id is not None:
                done += _attempt(chore, chore.in_turn, 0) if settings.DEPLOYMENT in ("both", "agencies") else 0
                continue
            nobody: list[int | None] = []
            agencies = [agency_id] if agency_id is None or isinstance(agency_id, int) else _attempt(chore, chore.agencies, nobody)
            for one in agencies:
                if _is_ours(chore, one):
                    done += _attempt(chore, partial(chore.work, one), 0)
        if done == before:
            break
    return done


def _attempt(chore: Chore, call: Callable[[], T], otherwise: T) -> T:
    """What the call brings. One that fails is logged and holds up neither the other agencies nor the other chores."""
    try:
        return call()
    except Exception:
        logger.exception("a chore failed; the next sweep tries again", extra={"chore": chore.name})
        close_old_connections()
        return otherwise
