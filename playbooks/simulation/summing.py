"""Adding up what a book would have done on many subjects: actions, targets, votes, and what got in each other's way. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from playbooks.simulation.foreseeing import MINUTES_A_QUESTION, MINUTES_A_TASK, MINUTES_A_VOTE, PERSON

MOST_LISTED = 50  # conflicts, targets, and subjects that could not be decided

ESTIMATES = {
    "minutes_a_task": MINUTES_A_TASK,
    "minutes_a_vote": MINUTES_A_VOTE,
    "minutes_a_question": MINUTES_A_QUESTION,
    "verified": False,
}


@dataclass
class _Line:
    """One step with one action, over all subjects."""

    name: str
    kind: str
    touches: str = ""
    undo: str = ""
    times: int = 0
    asked: int = 0
    changes: bool = False
    subjects: set[str] = field(default_factory=set)
    targets: Counter[str] = field(default_factory=Counter)
    most: int = 0  # targets in one subject
    problems: Counter[str] = field(default_factory=Counter)


@dataclass
class Sum:
    """The running sum; `add` each subject, then read `as_json`."""

    lines: dict[tuple[str, str], _Line] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    contained: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    undecided: list[dict[str, str]] = field(default_factory=list)
    minutes: int = 0
    votes: int = 0
    tasks: int = 0

    def add(self, subject: str, *, outcome: str, reason: str, minutes: int, actions: Iterable[Mapping[str, Any]]) -> None:
        """Add what would have come of one subject; `actions` as `Action.as_json` has them."""
        self.outcomes[outcome] += 1
        self.minutes += minutes
        if outcome in ("undecided", "rule_undecided", "stopped") and len(self.undecided) < MOST_LISTED:
            self.undecided.append({"subject": subject, "why": reason})
        here: dict[tuple[str, str], set[str]] = {}
        for one in actions:
            key = (str(one["step"]), str(one["action"]))
            line = self.lines.setdefault(key, _Line(str(one["name"]), str(one["kind"]), one.get("touches", ""), one.get("undo", "")))
            self._count(line, one, subject, here.setdefault(key, set()))
        for key, targets in here.items():
            self.lines[key].most = max(self.lines[key].most, len(targets))

    def _count(self, line: _Line, one: Mapping[str, Any], subject: str, here: set[str]) -> None:
        line.times += 1
        line.subjects.add(subject)
        line.changes = line.changes or bool(one.get("changes"))
        if one.get("asks"):
            line.asked += 1
            self.votes += 1
        self.tasks += one["kind"] == PERSON
        if one.get("problem"):
            line.problems[str(one["problem"])] += 1
        for target in one.get("targets", ()):
            line.targets[target] += 1
            here.add(target)
            if one.get("changes"):
                self.contained.setdefault((str(one["action"]), target), set()).add(subject)

    def as_json(self, consented: Collection[str] = ()) -> dict[str, Any]:
        """The figures: actions in the order in which they first came, conflicts the widest first. What the agency consented to for good
        asks no vote of it.
        """
        agency_votes = sum(line.asked for (_, action), line in self.lines.items() if action not in consented)
        twice = sorted(((key, some) for key, some in self.contained.items() if len(some) > 1), key=lambda one: (-len(one[1]), one[0]))
        touched = {target for (_, target) in self.contained}
        return {
            "outcomes": dict(self.outcomes),
            "actions": [self._told(step, action, line) for (step, action), line in self.lines.items()],
            "touched": len(touched),
            "votes": self.votes,
            "agency_votes": agency_votes,
            "agency_minutes": agency_votes * MINUTES_A_VOTE,
            "tasks": self.tasks,
            "human_minutes": self.minutes,
            "conflicts": len(twice),
            "conflicts_listed": [
                {"action": action, "target": target, "subjects": sorted(some)[:MOST_LISTED], "times": len(some)}
                for (action, target), some in twice[:MOST_LISTED]
            ],
            "undecided_listed": self.undecided,
            "estimates": ESTIMATES,
        }

    @staticmethod
    def _told(step: str, action: str, line: _Line) -> dict[str, Any]:
        return {
            "step": step,
            "action": action,
            "name": line.name,
            "kind": line.kind,
            "changes": line.changes,
            "times": line.times,
            "subjects": len(line.subjects),
            "targets": len(line.targets),
            "most_at_once": line.most,
            "targets_listed": [[target, times] for target, times in line.targets.most_common(10)],
            "approvals": line.asked,
            "touches": line.touches,
            "undo": line.undo,
            "problems": [[text, times] for text, times in line.problems.most_common(5)],
        }
