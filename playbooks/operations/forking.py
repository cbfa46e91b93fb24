"""Forking a run: another one takes up where it stood at an event, each step replayed, simulated or done for real."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from playbooks.definition.graph import Graph
from playbooks.events import DryRunStarted, RunStarted
from playbooks.models import Frame, Run, StepAttempt
from playbooks.operations.telling import tell
from playbooks.policies import may_start
from playbooks.queries.books import graph_of
from playbooks.queries.moments import Log, forkable, known_run, moment_of
from playbooks.queries.trust import refusal_of
from playbooks.states import RunMode, StepState, StepWay
from playbooks.trail import HIDDEN, AttemptKey, Moment
from tenants.actors import Actor
from tenants.errors import Conflict, Invalid, NotAllowed, require
from tenants.journal import doorbell

MOST_FORKS = 5  # how long a row of forks of forks may be
ENDED = (StepState.OK, StepState.FAILED, StepState.SKIPPED)


def fork_run(*, run: str, at: Any, policies: Any, reason: Any, by: Actor) -> Run:
    """Begin a run of the same content with the frames and variables that `run` (its outside id) had after its event `at`.

    `policies` says of steps by their id, and of the others as "*", `replay`, `simulate` or `real` (default: simulate). Nothing is
    inherited of what people approved. Raises Unknown, NotAllowed, Invalid (`at`, `policies`, `reason`), Conflict.
    """
    with transaction.atomic():
        origin = known_run(run, by)
        require(by.works_the_floor and may_start(by, origin.agency_id), NotAllowed())
        require(
            origin.undoes_id is None, Conflict("A run that takes back is not forked.", field="run", cure="Fork the run that it undoes.")
        )
        require(_row_of(origin) < MOST_FORKS, Conflict(f"Forks of forks go {MOST_FORKS} deep.", field="run", cure="Fork an earlier run."))
        log = moment_of(origin, at if isinstance(at, int) and not isinstance(at, bool) else 0)
        require(
            log is not None and forkable(log),
            Invalid("No step ended with this event.", field="at", cure="Send the number of an event with which a step ended."),
        )
        assert log is not None
        require(
            not log.moved_later,
            Invalid("The run was moved to another version after this event.", field="at", cure="Take an event after that."),
        )
        graph = graph_of(origin.version, origin.version_hash)
        ways = _ways(policies, graph)
        why = reason.strip() if isinstance(reason, str) else ""
        require(0 < len(why) <= 2000, Invalid("The reason is missing.", field="reason", cure="Say in a few words why it is forked."))
        refused = refusal_of(origin.version, origin.agency_id, by.now())
        require(refused is None, Conflict(str(refused), field="run", cure="Start a version that is signed as the agency's policy asks."))
        return _begin(origin, log, ways, why, by)


def _row_of(run: Run) -> int:
    """How many runs stand before this one in its row of forks. At most MOST_FORKS queries."""
    count, before = 0, run.forked_from_id
    while before is not None and count < MOST_FORKS:
        count, before = count + 1, Run.objects.values_list("forked_from_id", flat=True).get(pk=before)
    return count


def _ways(policies: Any, graph: Graph) -> dict[str, str]:
    given = policies if policies is not None else {}
    cure = f"Send an object of step ids, or *, with {', '.join(StepWay)}."
    require(isinstance(given, dict), Invalid("The ways are no object.", field="policies", cure=cure))
    for step, way in given.items():
        require(step == "*" or step in graph.nodes, Invalid(f"{str(step)[:80]} is no step of the book.", field="policies", cure=cure))
        require(isinstance(way, str) and way in list(StepWay), Invalid(f"{str(way)[:40]} is no way.", field="policies", cure=cure))
    return {"*": str(StepWay.SIMULATE), **{step: str(StepWay(way)) for step, way in given.items()}}


def _begin(origin: Run, log: Log, ways: Mapping[str, str], why: str, by: Actor) -> Run:
    now, moment = by.now(), log.moment
    mode = RunMode.REAL if StepWay.REAL in ways.values() else RunMode.SIMULATE
    said = f"Forked at event {moment.no}: {why}"
    run: Run = Run.objects.create(
        agency_id=origin.agency_id,
        book=origin.book,
        version=origin.version,
        version_hash=origin.version_hash,
        subject=origin.subject,
        why=said,
        started_by=by.name,
        started_by_label=by.label,
        started_by_person_id=by.person_id,
        variables=_variables(origin, moment),
        mode=mode,
        policies=dict(ways),
        forked_from=origin,
        forked_at=moment.no,
        wake_at=now,
        started_at=now,
    )
    frames = _frames(run, log)
    attempts = _attempts(run, log, frames)
    moved = {
        "open": [one.told for one in frames.values()],
        "at": [[one.pk, one.cursor, one.visits[one.cursor], 0] for one in frames.values()],
        "did": [one.told for one in attempts],
    }
    about = {"run": str(run.public_id), "about": run.subject, "book": run.book.name, "version": run.version_hash, "why": said}
    event = RunStarted(**about) if run.acts() else DryRunStarted(**about, mode=mode)
    data = {"forked_from": str(origin.public_id), "forked_at": moment.no}
    tell(run=run, kind="started", text=said, by=by, event=event, data=data, moved=moved)
    transaction.on_commit(lambda: doorbell.ring("runs", origin.agency_id))
    return run


def _variables(origin: Run, moment: Moment) -> dict[str, Any]:
    """The values of that moment; of a hidden one, which no event tells, the value that the run has now."""
    values = moment.values
    return {name: origin.variables.get(name) if text == HIDDEN else values[name] for name, text in moment.variables.items()}


def _frames(run: Run, log: Log) -> dict[int, Frame]:
    """Open frames again, the outer ones first; by the numbers that they had."""
    made: dict[int, Frame] = {}
    for old in sorted(log.moment.cursors):
        was, (step, visit) = log.frames[old], log.moment.cursors[old]
        visits: dict[str, int] = {}
        for frame, at, count, *_ in log.moment.attempts:
            if frame == old:
                visits[at] = max(visits.get(at, 0), count)
        visits |= {f"{at}#": round_ for (frame, at), round_ in log.moment.loops.items() if frame == old}
        parent = made[was.parent_id] if was.parent_id is not None else None
        same = {"step_id": was.step_id, "branch": was.branch, "iteration": was.iteration}
        made[old] = Frame.objects.create(
            agency_id=run.agency_id, run=run, parent=parent, **same, cursor=step, visits={**visits, step: visit}
        )
    return made


def _attempts(run: Run, log: Log, frames: Mapping[int, Frame]) -> list[StepAttempt]:
    """What had ended, or was open around a branch, where the frames stood. What was under way is planned anew."""
    made = []
    for key, state in log.moment.attempts.items():
        old, step, visit, *_ = key
        stands = old in frames and log.moment.cursors[old] == (step, visit)
        opener = any(log.frames[one].parent_id == old for one in frames)
        if stands and (state in ENDED or (state == StepState.STARTED and opener)):
            row = _copied(run, log, key, frames[old], state)
            if row is not None:
                made.append(row)
    return made


def _copied(run: Run, log: Log, key: AttemptKey, frame: Frame, state: str) -> StepAttempt | None:
    row = log.attempts.get(key)
    if row is None:
        return None
    open_block = state == StepState.STARTED
    broken = log.moment.broken.get(key)
    copied = StepAttempt(
        **{one.attname: getattr(row, one.attname) for one in StepAttempt._meta.concrete_fields if one.attname not in ("id", "public_id")}
    )
    copied.run, copied.frame, copied.state, copied.fence = run, frame, StepState(state), 0
    copied.checks = log.moment.rounds.get(key[0], 0) if open_block else row.checks
    if open_block:
        copied.response, copied.ended_at = {"broken": broken} if broken else {}, None
    copied.save(force_insert=True)
    return copied
