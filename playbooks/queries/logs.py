"""The log of a run as a person walks it: one moment, what its event changed, and how a fork differs from its origin."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from playbooks.catalogue import describe
from playbooks.drawing import Drawing, drawn
from playbooks.models import Run
from playbooks.queries.approvals import about_of
from playbooks.queries.books import graph_of
from playbooks.queries.moments import Log, forkable, frames_of, known_run, log_of, moment_of, state_at
from playbooks.queries.telling import About
from playbooks.states import RunMode, StepState, StepWay
from playbooks.trail import fold
from tenants.actors import Actor
from tenants.errors import Unknown

LONGEST = 300  # letters of a value that are shown


@dataclass(frozen=True)
class Event:
    """One event in the list."""

    no: int
    kind: str
    step: str  # its name
    text: str
    label: str
    at: datetime


@dataclass(frozen=True)
class Change:
    """A variable, or a step: what it was (or is here) and what it became (or is there); empty where there is nothing."""

    name: str
    before: str
    after: str

    @property
    def differs(self) -> bool:
        """Whether the two are not alike."""
        return self.before != self.after


@dataclass(frozen=True)
class LogView:
    """A run right after one of its events."""

    id: str
    about: About
    agency_name: str
    acronym: str
    book: str
    mode: str  # in words, empty for a run for real
    is_over: bool
    forked_from: str
    forked_at: int | None
    events: tuple[Event, ...]
    event: Event
    previous: int | None
    next: int | None
    variables: tuple[Change, ...]
    steps: tuple[tuple[str, str, str], ...]  # id, name, state in words
    states: dict[str, str]
    names: dict[str, str]  # of all steps
    standing: tuple[str, ...]  # ids of the steps where the open frames stand
    drawing: Drawing
    may_fork: bool
    ways: tuple[tuple[str, str], ...]
    differences: tuple[Change, ...]  # of variables, against the run that it was forked from
    other_steps: tuple[Change, ...]  # of what became of steps, likewise


def log_view(public_id: str, at: int | None, reader: Actor) -> LogView:
    """The run after its event `at` (its last one without). Raises Unknown. Seven queries, three more for a fork."""
    run = known_run(public_id, reader)
    found = moment_of(run, at if at is not None else run.last_event)
    if found is None:
        raise Unknown()
    graph = graph_of(run.version, run.version_hash)
    names = {step: node.name for step, node in graph.nodes.items()}
    events = tuple(
        Event(one["no"], one["kind"], names.get(one["step_id"], ""), one["text"], one["actor_label"], one["at"]) for one in found.log
    )
    no, states = found.moment.no, found.moment.states()
    differences, other_steps = _beside(run, names)
    return LogView(
        id=str(run.public_id),
        about=about_of(run.subject, describe([run.subject])),
        agency_name=run.agency.name,
        acronym=run.agency.acronym,
        book=run.book.name,
        mode="" if run.acts() else str(RunMode(run.mode).label),
        is_over=found.moment.over,
        forked_from=str(run.forked_from.public_id) if run.forked_from else "",
        forked_at=run.forked_at,
        events=events,
        event=events[no - 1],
        previous=no - 1 if no > 1 else None,
        next=no + 1 if no < len(events) else None,
        variables=_variables(found),
        steps=tuple((step, names[step], _said(states.get(step, ""))) for step in graph.order() if step in states),
        states=states,
        names=names,
        standing=tuple(dict.fromkeys(step for step, _ in found.moment.cursors.values())),
        drawing=drawn(graph),
        may_fork=reader.works_the_floor and forkable(found) and not found.moved_later and run.undoes_id is None,
        ways=tuple((str(one), str(one.label)) for one in (StepWay.SIMULATE, StepWay.REPLAY, StepWay.REAL)),
        differences=differences,
        other_steps=other_steps,
    )


def _said(state: str) -> str:
    return str(StepState(state).label) if state else ""


def _shown(text: str | None) -> str:
    value = (text or "").removeprefix('"').removesuffix('"') if text != "null" else ""
    return value if len(value) <= LONGEST else f"{value[:LONGEST]}…"


def _variables(found: Log) -> tuple[Change, ...]:
    """Every variable, with what it was before the event."""
    changed: dict[str, Any] = found.event["data"].get("trail", {}).get("set", {})
    after = found.moment.variables
    rows = {name: (changed[name][0] if name in changed else after.get(name), after.get(name)) for name in {**after, **changed}}
    return tuple(Change(_named(name), _shown(was), _shown(now)) for name, (was, now) in sorted(rows.items()))


def _named(name: str) -> str:
    return name.rpartition("/")[2].strip("_")


def _beside(run: Run, names: dict[str, str]) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """How a fork differs from its origin, both as they stand now: variables, and what became of steps after the fork."""
    origin = run.forked_from
    if origin is None:
        return (), ()
    here, there = state_at(run), fold(log_of(origin), frames_of(origin))
    values = sorted({*here.variables, *there.variables})
    both = (Change(_named(name), _shown(there.variables.get(name)), _shown(here.variables.get(name))) for name in values)
    began = fold(log_of(origin), frames_of(origin), upto=run.forked_at).states()
    mine, others = here.states(), {step: state for step, state in there.states().items() if began.get(step) != state}
    went = [step for step in names if step in mine or step in others]
    ways = (Change(names[step], _said(others.get(step, "")), _said(mine.get(step, ""))) for step in went)
    return tuple(one for one in both if one.differs), tuple(one for one in ways if one.differs)
