"""A run as it stood after any of its events, from its log alone; and the proof that the log is what was written."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from playbooks.catalogue import is_readable
from playbooks.chain import first_fault
from playbooks.models import Frame, Run, RunEvent, StepAttempt
from playbooks.trail import AttemptKey, FrameKey, Moment, fold
from tenants.actors import Actor
from tenants.errors import Unknown
from tenants.models import Entry

FIELDS = ("no", "kind", "step_id", "text", "actor", "actor_label", "fence", "data", "at", "hash")
ENDS = ("playbooks.RunEnded", "playbooks.DryRunEnded")
AT_ONCE = 200
# Kinds of events with which a step ends.
ENDING = ("ok", "failed", "skipped", "answered", "denied", "lapsed")


@dataclass(frozen=True)
class Proof:
    """How many events of a run fit, and the first thing that does not, in a sentence (empty when all fit)."""

    run: str
    events: int
    fault: str


def known_run(public_id: str, reader: Actor) -> Run:
    """A run whose log the reader may read. Raises Unknown for what they may not know of. One query and what the subject takes."""
    try:
        row: Run | None = (
            Run.objects.select_related("agency", "book", "version", "forked_from").filter(public_id=UUID(str(public_id))).first()
        )
    except ValueError as error:
        raise Unknown() from error
    if row is None or not reader.sees_internal_rows or not is_readable(row.subject, reader):
        raise Unknown()
    return row


def log_of(run: Run) -> list[dict[str, Any]]:
    """The run's events in order. One query."""
    return list(RunEvent.objects.filter(run=run).order_by("no").values(*FIELDS))


def frames_of(run: Run) -> dict[FrameKey, int]:
    """The numbers of the run's frames by what opened them. One query."""
    rows = Frame.objects.filter(run=run).values_list("parent_id", "step_id", "branch", "iteration", "pk")
    return {(parent, step, branch, iteration): pk for parent, step, branch, iteration, pk in rows}


def state_at(run: Run, no: int | None = None) -> Moment:
    """The run's variables, open steps and attempts right after event `no` (its last one without). Two queries."""
    return fold(log_of(run), frames_of(run), upto=no)


@dataclass(frozen=True)
class Log:
    """A run after one of its events, with the rows that its frames and attempts became."""

    log: list[dict[str, Any]]  # all of its events
    moment: Moment
    event: dict[str, Any]
    frames: dict[int, Frame]
    attempts: dict[AttemptKey, StepAttempt]
    moved_later: bool  # to another version of its book


def moment_of(run: Run, no: int) -> Log | None:
    """The run after event `no` with the rows, None when it has no such event. Three queries."""
    log = log_of(run)
    event = next((one for one in log if one["no"] == no), None)
    if event is None:
        return None
    frames = {one.pk: one for one in Frame.objects.filter(run=run)}
    numbers = {(one.parent_id, one.step_id, one.branch, one.iteration): pk for pk, one in frames.items()}
    made = {
        (one.frame_id, one.step_id, one.iteration, one.command_no, one.target, one.attempt): one
        for one in StepAttempt.objects.filter(run=run).order_by("id")
    }
    later = any(one["kind"] == "moved" and one["no"] > no for one in log)
    return Log(log, fold(log, numbers, upto=no), event, frames, made, later)


def forkable(log: Log) -> bool:
    """Whether a step ended with this event, and the run was not over."""
    return log.event["kind"] in ENDING and bool(log.moment.cursors)


def verify_run(run: Run) -> Proof:
    """Whether the run's log is what was written: no event changed, missing, moved or cut off. Two queries."""
    ends = Entry.objects.filter(agency_id=run.agency_id, subject=run.journal_subject, kind__in=ENDS).order_by("id")
    return _proof(run, log_of(run), [(one["events"], one["chain"]) for one in ends.values_list("data", flat=True)])


def verify_runs(runs: Any) -> Iterator[Proof]:
    """The proof of each run of a queryset, the oldest first. Three queries for two hundred runs."""
    last = 0
    while some := list(runs.filter(pk__gt=last).order_by("pk")[:AT_ONCE]):
        last = some[-1].pk
        logs = _grouped(RunEvent.objects.filter(run__in=some).order_by("run_id", "no").values("run_id", *FIELDS), "run_id")
        told = Entry.objects.filter(agency_id__in={one.agency_id for one in some}, subject__in=[one.journal_subject for one in some])
        ends = _grouped(told.filter(kind__in=ENDS).order_by("id").values("subject", "data"), "subject")
        for run in some:
            said = [(one["data"].get("events"), one["data"].get("chain")) for one in ends.get(run.journal_subject, [])]
            yield _proof(run, logs.get(run.pk, []), said)


def _grouped(rows: Iterable[Any], key: str) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = {}
    for row in rows:
        found.setdefault(row[key], []).append(row)
    return found


def _proof(run: Run, log: list[dict[str, Any]], ends: list[tuple[Any, Any]]) -> Proof:
    """`ends` are the numbers and hashes of last events that the journal, which is sealed and anchored, holds of the run."""
    name = str(run.public_id)
    fault, count, head = first_fault(name, log)
    hashes = {one["no"]: one["hash"] for one in log}
    if not fault and count < run.last_event:
        fault = f"event {count + 1} is missing: the run has {run.last_event}"
    elif not fault and (count, head) != (run.last_event, run.chain):
        fault = f"event {count} is not the run's last one: its hash is not the one that the run holds"
    for no, chain in ends:
        if not fault and hashes.get(no) != chain:
            fault = f"event {no} is not the one with which the run ended, by the journal: the log was written anew or cut off"
    if not fault and run.state_is_over and not ends:
        fault = "the run is over, and the journal holds no end of it"
    return Proof(name, count, fault)
