"""A run as it stood after any of its events, from its log alone; and the proof that the log is what was written."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from playbooks.chain import first_fault
from playbooks.models import Frame, Run, RunEvent
from playbooks.trail import FrameKey, Moment, fold
from tenants.models import Entry

FIELDS = ("no", "kind", "step_id", "text", "actor", "actor_label", "fence", "data", "at", "hash")
ENDS = ("playbooks.RunEnded", "playbooks.DryRunEnded")
AT_ONCE = 200


@dataclass(frozen=True)
class Proof:
    """How many events of a run fit, and the first thing that does not, in a sentence (empty when all fit)."""

    run: str
    events: int
    fault: str


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
