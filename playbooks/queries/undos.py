"""How far the undos of runs are."""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef

from playbooks.models import Approval, Run, StepAttempt, Undo
from playbooks.queries.telling import SoFar, UndoStanding
from playbooks.states import EffectClass, StepState, UndoState
from tenants.actors import Actor


def standing_of(rows: Iterable[Run]) -> dict[int, tuple[UndoStanding, ...]]:
    """By run: what each did that can be taken back, or what it takes back, the latest first. One query; two where one takes back."""
    rows = list(rows)
    back = [row for row in rows if row.undoes_id is not None]
    known = Undo.objects.select_related("run", "attempt", "undone_by").order_by("-attempt_id")
    found: dict[int, list[UndoStanding]] = {}
    for one in known.filter(run__in=rows):
        found.setdefault(one.run_id, []).append(_standing(one))
    for one in known.filter(undone_by__in=back) if back else ():
        found.setdefault(one.undone_by_id, []).append(_standing(one))
    return {run: tuple(some) for run, some in found.items()}


def so_far(runs: Iterable[int], reader: Actor) -> dict[int, SoFar]:
    """By run (its key): what would have to be undone by now, and what could not be, the latest first. Two queries for all.

    A liaison is told of the steps that asked their agency.
    """
    of = list(dict.fromkeys(runs))
    asked = Approval.objects.filter(run=OuterRef("run"), asks_agency=True)
    undos = Undo.objects.filter(run__in=of).exclude(state=UndoState.DONE).order_by("-attempt_id")
    made = StepAttempt.objects.filter(run__in=of, state=StepState.OK, kind__in=("http", "manual")).exclude(effect_class=EffectClass.READ)
    made = made.exclude(Exists(Undo.objects.filter(attempt=OuterRef("pk")))).order_by("-id")
    if reader.speaks_for_an_agency:
        undos = undos.filter(Exists(asked.filter(step_id=OuterRef("attempt__step_id"))))
        made = made.filter(Exists(asked.filter(step_id=OuterRef("step_id"))))
    texts: dict[int, list[str]] = {}
    names: dict[int, list[str]] = {}
    for run, text in undos.values_list("run_id", "text") if of else ():
        texts.setdefault(run, []).append(text)
    for run, name in made.values_list("run_id", "name") if of else ():
        names.setdefault(run, []).append(name)
    return {run: SoFar(tuple(texts.get(run, ())), tuple(names.get(run, ()))) for run in of}


def _standing(one: Undo) -> UndoStanding:
    by, state = one.undone_by, UndoState(one.state)
    return UndoStanding(
        id=str(one.attempt.public_id),
        run=str(one.run.public_id),
        step_id=one.attempt.step_id,
        text=one.text,
        state=str(state),
        said=str(state.label),
        due_at=one.due_at,
        ended_at=one.ended_at,
        by=by.started_by_label if by is not None else "",
        undone_by=str(by.public_id) if by is not None else "",
    )
