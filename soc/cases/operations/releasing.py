"""Showing rows of a case to its agency."""

from typing import Any
from uuid import UUID

from django.db import transaction

from soc.cases.events import ItemsReleased
from soc.cases.models import Case, Note, Observable, Task, Technique, TimelineEntry
from soc.cases.operations.changing import Version, settle, take
from soc.cases.policies import may_release
from tenants.actors import Actor
from tenants.errors import Invalid
from tenants.states import Visibility

KINDS: dict[str, Any] = {
    "note": Note,
    "observable": Observable,
    "technique": Technique,
    "task": Task,
    "timelineentry": TimelineEntry,
    "timeline": TimelineEntry,
}
MOST_ITEMS = 500


@transaction.atomic
def release(*, number: str, version: Version, items: Any, by: Actor) -> Case:
    """Show rows (`note:<id>`, `observable:<id>`, `technique:<id>`, `task:<id>`, `timelineentry:<id>`) to the case's agency.

    All of them or none; what was released before stays so. Raises Invalid (`items`), and what `take` raises.
    """
    case = take(number, allowed=may_release, version=version, by=by)
    wanted = _read(items)
    at = by.now()
    released: list[str] = []
    for kind, ids in wanted.items():
        model = KINDS[kind]
        rows = list(model.objects.select_for_update().filter(case=case, public_id__in=ids).order_by("id"))
        if missing := ids - {row.public_id for row in rows}:
            raise _unknown(f"{kind}:{min(str(one) for one in missing)}")
        hidden = [row for row in rows if row.visibility != Visibility.RELEASED]
        model.objects.filter(pk__in=[row.pk for row in hidden]).update(visibility=Visibility.RELEASED, released_at=at)
        released += [row.ref for row in hidden]
    if not released:
        return case
    event = ItemsReleased(case_id=case.pk, number=case.number, items=tuple(released))
    says = "Released one item to the agency" if len(released) == 1 else f"Released {len(released)} items to the agency"
    return settle(case, event, says, by=by, at=at)


def _read(items: Any) -> dict[str, set[UUID]]:
    if not isinstance(items, list) or not items or len(items) > MOST_ITEMS:
        raise Invalid("Items are missing.", field="items", cure=f'Send a list like ["note:<id>"], at most {MOST_ITEMS} items.')
    wanted: dict[str, set[UUID]] = {}
    for item in items:
        kind, one = str(item).partition(":")[0], str(item).rpartition(":")[2]
        if kind not in KINDS:
            raise _unknown(item)
        try:
            wanted.setdefault(kind, set()).add(UUID(one))
        except ValueError as error:
            raise _unknown(item) from error
    return wanted


def _unknown(item: Any) -> Invalid:
    return Invalid(f"This case has no item {str(item)[:80]!r}.", field="items", cure="Send ids of rows of this case.", item=str(item)[:80])
