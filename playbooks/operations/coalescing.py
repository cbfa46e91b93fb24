"""Storms: for a while one run stands for every subject that the same rule, content and entity would start one for."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from playbooks.catalogue import describe
from playbooks.definition.canonical import sha256_of
from playbooks.definition.graph import Graph
from playbooks.events import RunCovers
from playbooks.models import Covered, Run, Storm, TriggerRule
from playbooks.operations.telling import tell
from playbooks.states import RunState
from tenants.actors import Actor

# What a book may get to know of whom or what it acts on. Hosts and accounts come with the case's own entity first.
ENTITIES = ("__entity_kind__", "__entity__", "__host__", "__hosts__", "__accounts__")
DID_NOT_DO_IT = (RunState.FAILED, RunState.STOPPED, RunState.CANCELLED)


def entity_key(rule: TriggerRule, content_hash: str, graph: Graph, values: Mapping[str, Any]) -> str:
    """Names rule, content and entity: alike for two subjects when the book would be told the same of whom it acts on. Empty without one.

    A book that asks for none of it is told apart by all of it.
    """
    asked = [name for name in ENTITIES if name in graph.variables and graph.variables[name].external] or ENTITIES
    entity = {name: str(values[name]) for name in asked if values.get(name)}
    return sha256_of([rule.slug, content_hash, entity]) if entity else ""


def storm_of(run: Run, *, rule: TriggerRule, graph: Graph, values: Mapping[str, Any], by: Actor) -> Storm | None:
    """The storm that a run about to begin is part of, its row held until the end of the transaction; None without an entity."""
    key = entity_key(rule, run.version_hash, graph, values) if settings.STORM_SECONDS > 0 else ""
    return _held(run.agency_id, key, by) if key else None


def is_covered(storm: Storm, run: Run, *, rule: TriggerRule, by: Actor) -> bool:
    """Whether the storm's run stands for the one about to begin, too; it is told so, once for each subject."""
    stands = storm.run
    if stands is None or storm.until <= by.now() or stands.state in DID_NOT_DO_IT:
        return False
    _cover(Run.objects.locked(pk=stands.pk), run, rule, by)
    return True


def stand_for(storm: Storm, run: Run) -> None:
    """From now on the run stands for the storm's entity."""
    storm.run, storm.until = run, run.started_at + timedelta(seconds=settings.STORM_SECONDS)
    storm.save(update_fields=["run", "until"])


def _held(agency_id: int, key: str, by: Actor) -> Storm:
    """The row of the key, locked; whoever comes second waits for the first one's run, and finds it."""
    if not Storm.objects.filter(agency_id=agency_id, key=key).exists():
        try:
            with transaction.atomic():
                created: Storm = Storm.objects.create(agency_id=agency_id, key=key, until=by.now())
            return created
        except IntegrityError:
            pass
    storm: Storm = Storm.objects.locked(agency_id=agency_id, key=key)
    return storm


def _cover(stands: Run, run: Run, rule: TriggerRule, by: Actor) -> None:
    about = {"agency_id": run.agency_id, "subject": run.subject, "trigger": rule, "version_id": run.version_id}
    if run.subject == stands.subject or Covered.objects.filter(**about).exists():
        return
    Covered.objects.create(**about, run=stands, at=by.now())
    number = Covered.objects.filter(agency_id=run.agency_id, run=stands).count()
    other = describe([stands.subject]).get(stands.subject, {}).get("number", "another case")
    why = f"The run on {other} stands for this one too: the same rule, book and entity within {settings.STORM_SECONDS // 60} minutes."
    event = RunCovers(run=str(stands.public_id), about=run.subject, by_subject=stands.subject, book=stands.book.name, why=why)
    text = f"The same again, on another case that gets no run of its own: {number} so far"  # whoever reads this may not know of that case
    tell(run=stands, kind="again", text=text, by=by, data={"subject": run.subject, "number": number}, event=event)
