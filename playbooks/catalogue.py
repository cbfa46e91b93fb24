"""What floors above plug in: actions that a playbook may take on its subject, and what the subject is called."""

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from playbooks.states import EffectClass
from tenants.actors import Actor


@dataclass(frozen=True)
class RunContext:
    """What an action on the subject gets to know of the run that takes it."""

    run: str  # the run's outside id
    agency_id: int
    subject: str  # "case:42"
    book: str
    step: str
    effect_key: str
    by: Actor
    variables: dict[str, str]


@dataclass(frozen=True)
class LocalAction:
    """An action on the subject. `perform(context, args)` is called inside the transaction that records the step.

    It may return {output: text}; a DomainError that it raises fails the step and undoes what it wrote.
    """

    name: str
    perform: Callable[[RunContext, dict[str, str]], dict[str, str] | None]
    label: str
    effect: EffectClass = EffectClass.LOCAL


Facts = Callable[[str], tuple[int, dict[str, Any]] | None]


@dataclass(frozen=True)
class Past:
    """A subject of the past: when it began, its facts as they are now, and where a list goes on after it."""

    subject: str
    at: datetime
    facts: dict[str, Any]
    place: list[Any]


class PastSubjects(Protocol):
    """Subjects that began from `since` until `until`, in order, at most `most` after a `place` (empty: from the first); how many."""

    def some(self, *, agency_id: int, since: datetime, until: datetime, after: list[Any], most: int) -> list[Past]: ...

    def count(self, *, agency_id: int, since: datetime, until: datetime, most: int) -> int: ...


@dataclass(frozen=True)
class SubjectKind:
    """What subjects of a prefix are. `find(number, reader)` gives the subject of an outside number that `reader` may read, or None;
    `describe(subjects)` their number, title and severity; `readable(subjects, reader)` those that a reader may know of;
    `facts(subject)` its agency and what a book begins with, None where nothing may begin any more."""

    prefix: str
    find: Callable[[str, Actor], str | None]
    describe: Callable[[Iterable[str]], dict[str, dict[str, str]]]
    readable: Callable[[Iterable[str], Actor], Container[str]]
    facts: Facts | None = None
    past: PastSubjects | None = None


_actions: dict[str, LocalAction] = {}
_subjects: dict[str, SubjectKind] = {}


def register_action(
    name: str,
    perform: Callable[[RunContext, dict[str, str]], dict[str, str] | None],
    label: str,
    effect: str = EffectClass.LOCAL,
) -> None:
    """Plug in an action, named for its subject and verb ("case.note"). Raises ValueError unless it writes with the step itself."""
    if effect != EffectClass.LOCAL:
        raise ValueError(f"{name}: an action on the subject is written in the step's own transaction; other effects are connectors")
    prefix, dot, verb = name.partition(".")
    if not (dot and prefix and verb):
        raise ValueError(f"{name}: an action is named for its subject and verb, like case.note")
    _actions[name] = LocalAction(name, perform, label)


def action(name: str) -> LocalAction | None:
    """The action of that name, or None."""
    return _actions.get(name)


def action_names() -> frozenset[str]:
    """Every action that is plugged in."""
    return frozenset(_actions)


def register_subject(
    prefix: str,
    *,
    find: Callable[[str, Actor], str | None],
    describe: Callable[[Iterable[str]], dict[str, dict[str, str]]],
    readable: Callable[[Iterable[str], Actor], Container[str]],
    facts: Facts | None = None,
    past: PastSubjects | None = None,
) -> None:
    """Say what subjects of a prefix are; `readable` picks those of many that a reader may know of, at once."""
    _subjects[prefix] = SubjectKind(prefix, find, describe, readable, facts, past)


def find_subject(prefix: str, number: str, reader: Actor) -> str | None:
    """The subject of an outside number that `reader` may read, or None."""
    kind = _subjects.get(prefix)
    return kind.find(number, reader) if kind else None


def describe(subjects: Iterable[str]) -> dict[str, dict[str, str]]:
    """Number, title and severity of each subject that is known; one call a prefix."""
    told: dict[str, dict[str, str]] = {}
    for prefix, some in _by_prefix(subjects).items():
        if prefix in _subjects:
            told.update(_subjects[prefix].describe(some))
    return told


def readable_of(subjects: Iterable[str], reader: Actor) -> set[str]:
    """The subjects that `reader` may know of; unknown kinds are closed to all but the machinery. One call a prefix."""
    found: set[str] = set()
    for prefix, some in _by_prefix(subjects).items():
        kind = _subjects.get(prefix)
        known = kind.readable(some, reader) if kind else some if reader.is_machine else ()
        found.update(one for one in some if one in known)
    return found


def is_readable(subject: str, reader: Actor) -> bool:
    """Whether `reader` may know of this one subject."""
    return subject in readable_of([subject], reader)


def _by_prefix(subjects: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for subject in dict.fromkeys(subjects):
        found.setdefault(subject.partition(":")[0], []).append(subject)
    return found


def past_of(prefix: str) -> PastSubjects | None:
    """The past subjects of a prefix, of the agencies in scope; None where nobody lists them."""
    kind = _subjects.get(prefix)
    return kind.past if kind else None


def facts_about(subject: str) -> tuple[int, dict[str, Any]] | None:
    """The agency of a subject and the facts that a book begins with; None where nothing may begin."""
    kind = _subjects.get(subject.partition(":")[0])
    return kind.facts(subject) if kind and kind.facts else None
