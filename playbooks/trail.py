"""What each event of a run says of its state: variables that were set, frames and attempts that moved; and folding it again. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from playbooks.definition.secrets import is_secret

HIDDEN = '"[hidden]"'
NOT_DONE = ("denied", "lapsed", "void")  # kinds of events that put an attempt aside


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[str | None]]:
    """Each variable that differs: its JSON before and after, None where it was not there. Values of secrets stay out."""
    names = [name for name in {**before, **after} if name not in before or name not in after or before[name] != after[name]]
    return {name: [told(before, name), told(after, name)] for name in names}


def told(values: Mapping[str, Any], name: str) -> str | None:
    """A variable's value as JSON, None when it is not there; of a secret only that it has one."""
    if name not in values:
        return None
    value = values[name]
    return HIDDEN if value is not None and value != "" and is_secret(name.rpartition("/")[2]) else orjson.dumps(value).decode()


def joined(first: Mapping[str, Any], then: Mapping[str, Any]) -> dict[str, Any]:
    """Two trails as one."""
    both: dict[str, Any] = {key: [*first.get(key, ()), *then.get(key, ())] for key in ("open", "at", "did") if key in first or key in then}
    if "set" in first or "set" in then:
        old, new = first.get("set", {}), then.get("set", {})
        both["set"] = {**old, **{name: [old[name][0] if name in old else was, value] for name, (was, value) in new.items()}}
    return both


FrameKey = tuple[int | None, str, str, int]  # the frame around it, the step that opened it, branch, round
AttemptKey = tuple[int, str, int, int, str, int]  # frame, step, visit, command, target, attempt


@dataclass
class Moment:
    """A run as it stood right after an event."""

    no: int = 0
    variables: dict[str, str] = field(default_factory=dict)  # name -> JSON
    cursors: dict[int, tuple[str, int]] = field(default_factory=dict)  # open frame -> its step and visit
    attempts: dict[AttemptKey, str] = field(default_factory=dict)  # -> state, in the order in which they were made
    broken: dict[AttemptKey, str] = field(default_factory=dict)  # blocks of which a branch has failed
    rounds: dict[int, int] = field(default_factory=dict)  # open frame -> how often its step opened branches in this visit
    loops: dict[tuple[int, str], int] = field(default_factory=dict)  # frame and step -> its last round
    over: bool = False

    @property
    def values(self) -> dict[str, Any]:
        """The variables with their values; a hidden one is the text that says so."""
        return {name: orjson.loads(value) for name, value in self.variables.items()}

    def states(self) -> dict[str, str]:
        """The state of the latest attempt at each step."""
        return {key[1]: state for key, state in self.attempts.items()}


def fold(events: Iterable[Mapping[str, Any]], frames: Mapping[FrameKey, int], *, upto: int | None = None) -> Moment:
    """The run after event `upto` (after all of them without): from its events in order and the numbers that its frames got."""
    moment = Moment()
    for event in events:
        if upto is not None and event["no"] > upto:
            break
        _after(moment, event, frames)
    return moment


def _after(moment: Moment, event: Mapping[str, Any], frames: Mapping[FrameKey, int]) -> None:
    trail: Mapping[str, Any] = event["data"].get("trail", {})
    moment.no = event["no"]
    for name, (_, value) in trail.get("set", {}).items():
        if value is None:
            moment.variables.pop(name, None)
        else:
            moment.variables[name] = value
    for parent, step, branch, iteration, to in trail.get("open", ()):
        number = frames.get((parent, step, branch, iteration))
        if number is not None:
            moment.cursors[number] = (to, 1)
        if parent is not None:
            moment.rounds[parent] = moment.rounds.get(parent, 0) + 1
            moment.loops[(parent, step)] = iteration
    for frame, step, visit, over in trail.get("at", ()):
        if moment.cursors.get(frame) != (step, visit):
            moment.rounds.pop(frame, None)
        if over:
            moment.cursors.pop(frame, None)
        else:
            moment.cursors[frame] = (step, visit)
    for frame, step, visit, command, target, attempt, state, *broken in trail.get("did", ()):
        key = (frame, step, visit, command, target, attempt)
        moment.attempts[key] = state
        if broken:
            moment.broken[key] = broken[0]
    if event["kind"] in NOT_DONE:
        latest = next((key for key in reversed(moment.attempts) if key[1] == event["step_id"]), None)
        if latest is not None and moment.attempts[latest] == "planned":
            moment.attempts[latest] = "skipped"
    if event["kind"] == "ended":
        moment.over = True
        moment.cursors.clear()
