"""Runs that called each other: the run whose step started this one, and the runs that the steps of this one started."""

from playbooks.definition.graph import BOOK, Graph
from playbooks.models import Run, StepAttempt
from playbooks.queries.reading import STANDS, WAITING
from playbooks.queries.telling import CalledRun
from playbooks.states import RunState


def called_by(run: Run) -> CalledRun | None:
    """The run that started this one for one of its steps; None for a run that stands by itself. One query where there is one."""
    if run.parent_attempt_id is None:
        return None
    attempt = StepAttempt.objects.select_related("run__book").get(pk=run.parent_attempt_id)
    return _told(attempt.run, attempt.name)


def calls_of(run: Run, graph: Graph) -> dict[str, tuple[CalledRun, ...]]:
    """The runs that steps of this one started, by step, the first one first. One query where the book calls any."""
    if all(node.kind != BOOK for node in graph.nodes.values()):
        return {}
    rows = Run.objects.select_related("book", "parent_attempt").filter(parent_attempt__run=run).order_by("id")
    found: dict[str, tuple[CalledRun, ...]] = {}
    for row in rows:
        assert row.parent_attempt is not None
        step = row.parent_attempt.step_id
        found[step] = (*found.get(step, ()), _told(row, row.parent_attempt.name))
    return found


def said_of(run: Run) -> str:
    """Where a run stands, in a few words."""
    return WAITING.get(run.waits_for, "Waits") if run.state == RunState.WAITING or run.waits_for else STANDS[RunState(run.state)]


def _told(run: Run, step: str) -> CalledRun:
    return CalledRun(str(run.public_id), run.book.name, said_of(run), step)
