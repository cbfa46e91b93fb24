"""Notes and tasks: what people and machines add to a case."""

from typing import Any
from uuid import UUID

from django.db import transaction

from soc.cases.errors import CaseIsClosed, TaskAlreadyDone
from soc.cases.events import NoteWritten, TaskAdded, TaskDone
from soc.cases.models import Case, Note, Task
from soc.cases.operations.changing import Version, settle, take
from soc.cases.operations.inputs import MOST_NOTE, MOST_TITLE, choice_of, text_of
from soc.cases.policies import may_add_task, may_finish_task, may_note
from soc.cases.states import CaseState
from tenants.actors import Actor
from tenants.errors import Invalid, require
from tenants.states import Visibility


@transaction.atomic
def note(*, number: str, version: Version, text: Any, by: Actor, visibility: Any = None) -> Case:
    """Write a note, internal unless said otherwise, also on a closed case. A liaison's note is always released.

    Notes are never edited: a correction is another note. Raises Invalid (`text`, `visibility`), and what `take` raises.
    """
    case = take(number, allowed=may_note, version=version, by=by)
    text = text_of(text, field="text", most=MOST_NOTE)
    shown = choice_of(Visibility.INTERNAL if visibility in (None, "") else visibility, Visibility, field="visibility")
    if by.speaks_for_an_agency:
        shown = Visibility.RELEASED
    released = shown is Visibility.RELEASED
    at = by.now()
    written = Note.objects.create(
        agency_id=case.agency_id,
        case=case,
        text=text,
        author_id=by.person_id,
        author_label=by.label[:120],
        from_agency=by.speaks_for_an_agency,
        visibility=shown,
        released_at=at if released else None,
        created_at=at,
    )
    event = NoteWritten(case_id=case.pk, number=case.number, note=str(written.public_id), visibility=shown.value)
    return settle(case, event, text, by=by, at=at, released=released, counts=not by.is_machine)


@transaction.atomic
def add_task(*, number: str, version: Version, title: Any, by: Actor) -> Case:
    """Add something to be done, internal until released. Raises CaseIsClosed, Invalid (`title`), and what `take` raises."""
    case = take(number, allowed=may_add_task, version=version, by=by)
    require(CaseState(case.state).is_open, CaseIsClosed(cure="Reopen the case first."))
    title = text_of(title, field="title", most=MOST_TITLE)
    at = by.now()
    task = Task.objects.create(agency_id=case.agency_id, case=case, title=title, added_by=by.label[:120], created_at=at)
    event = TaskAdded(case_id=case.pk, number=case.number, task=str(task.public_id), title=title)
    return settle(case, event, f"Added a task: {title}", by=by, at=at, counts=not by.is_machine)


@transaction.atomic
def finish_task(*, number: str, version: Version, task: Any, by: Actor) -> Case:
    """Mark a task as done, named by `task:<id>` or its id.

    Raises CaseIsClosed, Invalid (`task`: not one of this case), TaskAlreadyDone, and what `take` raises.
    """
    case = take(number, allowed=may_finish_task, version=version, by=by)
    require(CaseState(case.state).is_open, CaseIsClosed(cure="Reopen the case first."))
    found = _task_of(case, task)
    require(found.done_at is None, TaskAlreadyDone(cure="Read the case again."))
    at = by.now()
    found.done_at, found.done_by = at, by.label[:120]
    found.save(update_fields=["done_at", "done_by"])
    event = TaskDone(case_id=case.pk, number=case.number, task=str(found.public_id))
    return settle(case, event, f"Finished a task: {found.title}", by=by, at=at)


def _task_of(case: Case, named: Any) -> Task:
    wrong = Invalid("This case has no such task.", field="task", cure="Send the id of one of the case's tasks.")
    try:
        wanted = UUID(str(named).removeprefix("task:"))
    except ValueError as error:
        raise wrong from error
    found: Task | None = Task.objects.select_for_update().filter(case=case, public_id=wanted).first()
    if found is None:
        raise wrong
    return found
