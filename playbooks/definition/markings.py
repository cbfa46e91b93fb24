"""Markings of a playbook (TLP 2.0, IEP 2.0): how it is to be handled, and what may not leave towards a target."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any

from playbooks.definition.instants import instant


class Level(IntEnum):
    """Levels of the Traffic Light Protocol 2.0 (FIRST), each stricter than the one before."""

    CLEAR = 0
    GREEN = 1
    AMBER = 2
    AMBER_STRICT = 3
    RED = 4

    @property
    def label(self) -> str:
        return f"TLP:{self.name.replace('_', '+')}"


class Actions(IntEnum):
    """What IEP lets a recipient do, each more than the one before."""

    NONE = 0
    CONTACT_FOR_INSTRUCTION = 1
    INTERNALLY_VISIBLE_ACTIONS = 2
    EXTERNALLY_VISIBLE_INDIRECT_ACTIONS = 3
    EXTERNALLY_VISIBLE_DIRECT_ACTIONS = 4


LEVELS = {one.label: one for one in Level} | {"TLP:WHITE": Level.CLEAR}  # IEP still speaks TLP 1
# What the committee published under fixed ids (oasis-tcs/cacao, Common-Objects/Data-Markings) may be named without being repeated.
PUBLISHED = {
    "marking-tlp--94868c89-83c2-464b-929b-a1a8aa3c8487": Level.CLEAR,
    "marking-tlp--bab4a63c-aed9-4cf5-a766-dfca5abac2bb": Level.GREEN,
    "marking-tlp--55d920b0-5e8b-4f79-9ee9-91f868d9b421": Level.AMBER,
    "marking-tlp--939a9414-2ddd-4d32-a0cd-375ea402b003": Level.AMBER_STRICT,
    "marking-tlp--e828b379-4e03-4974-9ac4-e53a884c97c1": Level.RED,
}
# What a target may receive while nobody said otherwise.
CEILING_OF_OWN, CEILING_OF_PUBLIC = Level.AMBER, Level.CLEAR


@dataclass(frozen=True)
class Handling:
    """How what a book says is to be handled: the strictest of all its markings."""

    level: Level = Level.CLEAR
    actions: Actions = Actions.EXTERNALLY_VISIBLE_DIRECT_ACTIONS
    must_encrypt: bool = False
    may_notify: bool = True


@dataclass(frozen=True)
class Target:
    """Where something would be sent: its ceiling, whether it is the agency's own, and whether the way there is encrypted.

    `notifies` says that it speaks to the affected party.
    """

    name: str
    ceiling: Level
    own: bool
    encrypted: bool
    notifies: bool = False


def level_of(text: object) -> Level:
    """The level that a text names (`TLP:AMBER+STRICT`, `amber`); what cannot be read is the strictest."""
    name = str(text).strip().upper().replace(" ", "") if isinstance(text, str) else ""
    return LEVELS.get(name if name.startswith("TLP:") else f"TLP:{name}", Level.RED)


def handling_of(document: Mapping[str, Any], now: datetime) -> Handling:
    """The handling that a book's markings ask for at `now`; an unmarked book is TLP:CLEAR. Never raises."""
    named, defined = document.get("markings"), document.get("data_marking_definitions")
    found = Handling()
    for one in named if isinstance(named, list) else [] if named is None else [named]:
        marking = defined.get(one) if isinstance(defined, Mapping) and isinstance(one, str) else None
        found = _stricter(found, _handling(one, marking, now))
    return found


def refusal(level: Level, ceiling: Level) -> str | None:
    """Why something of a level may not go where `ceiling` is the most, in a sentence; None when it may."""
    if level <= ceiling:
        return None
    return f"This is marked {level.label}, and the target may receive {ceiling.label} at most."


def sending_refusal(handling: Handling, target: Target, *, reads_only: bool) -> str | None:
    """Why a book so handled may not send to a target, in a sentence; None when it may. `reads_only`: the request changes nothing."""
    lower = refusal(handling.level, target.ceiling)
    if lower is not None:
        return f"Not sent to {target.name}. {lower}"
    acts = handling.actions
    if acts == Actions.NONE:
        return "The book's policy (IEP) permits no action on what it says."
    if acts == Actions.CONTACT_FOR_INSTRUCTION:
        return "The book's policy (IEP) asks to contact its author before anything is done."
    if not target.own and acts == Actions.INTERNALLY_VISIBLE_ACTIONS:
        return f"The book's policy (IEP) permits internally visible actions only, and {target.name} is not the agency's own."
    if not target.own and acts == Actions.EXTERNALLY_VISIBLE_INDIRECT_ACTIONS and not reads_only:
        return f"The book's policy (IEP) permits indirect actions only outside, and this would change something at {target.name}."
    if handling.must_encrypt and not target.encrypted:
        return f"The book's policy (IEP) asks for encryption on the way, and the way to {target.name} has none."
    if target.notifies and not handling.may_notify:
        return f"The book's policy (IEP) forbids telling the affected party, and {target.name} would."
    return None


def _handling(named: object, marking: object, now: datetime) -> Handling:
    """What one marking asks for."""
    if not isinstance(marking, Mapping):
        kind = str(named).partition("--")[0]
        return Handling() if kind == "marking-statement" else Handling(level=PUBLISHED.get(str(named), Level.RED))
    if marking.get("revoked") is True or not _is_in_force(marking, "valid_from", "valid_until", now):
        return Handling()
    if marking.get("type") == "marking-tlp":
        return Handling(level=level_of(marking.get("tlpv2_level")))
    if marking.get("type") == "marking-iep":
        return _policy(marking) if _is_in_force(marking, "start_date", "end_date", now) else Handling()
    return Handling() if marking.get("type") == "marking-statement" else Handling(level=Level.RED)


def _is_in_force(marking: Mapping[str, Any], begins: str, ends: str, now: datetime) -> bool:
    """Whether a marking counts at `now`. A time that cannot be read ends nothing."""
    first, last = instant(marking.get(begins)), instant(marking.get(ends))
    return (first is None or now >= first) and (last is None or now < last)


def _policy(marking: Mapping[str, Any]) -> Handling:
    """An IEP policy, its words read as FIRST writes them, in any case, with spaces or hyphens."""

    def word(name: str) -> str:
        return "_".join(str(marking.get(name, "")).upper().replace("-", " ").replace("_", " ").split())

    acts = word("permitted_actions").replace("INSTRUCTIONS", "INSTRUCTION")
    return Handling(
        level=level_of(marking.get("tlp")),
        actions=Actions[acts] if acts in Actions.__members__ else Actions.NONE,
        must_encrypt=word("encrypt_in_transit") != "MAY",
        may_notify=word("affected_party_notifications") == "MAY",
    )


def _stricter(one: Handling, other: Handling) -> Handling:
    return Handling(
        level=max(one.level, other.level),
        actions=min(one.actions, other.actions),
        must_encrypt=one.must_encrypt or other.must_encrypt,
        may_notify=one.may_notify and other.may_notify,
    )
