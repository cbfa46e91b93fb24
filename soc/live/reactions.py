"""The bell hears every fact of the floors below and says which names have moved."""

from functools import partial
from typing import Any

from django.db import transaction

from playbooks import events as playbook_events
from soc.cases import events as case_events
from soc.clocks import events as clock_events
from soc.live.bell.ringing import look_again, push
from soc.live.operations.counting import count
from soc.live.queries.seats import ring_for
from soc.scorecards import events as scorecard_events
from tenants.actors import system
from tenants.events import PersonDeactivated, RoleEnded, RoleGranted
from tenants.journal.subscribing import reacts_to


def _every_event(*modules: Any) -> list[type]:
    """The event classes that the modules themselves define."""
    return [
        thing for module in modules for thing in vars(module).values() if isinstance(thing, type) and thing.__module__ == module.__name__
    ]


@reacts_to(*_every_event(case_events, playbook_events, clock_events, scorecard_events))
def ring_those_who_watch(event: Any, entry: Any) -> None:
    """Count in the delivery's transaction; tell the open sockets after it."""
    moved = count(ring=ring_for(event, entry.agency_id), agency_id=entry.agency_id, by=system("bell", agency_id=entry.agency_id))
    transaction.on_commit(partial(push, moved))


@reacts_to(PersonDeactivated, RoleEnded, RoleGranted)
def look_at_the_sessions_again(event: Any, entry: Any) -> None:
    """Who lost or won a right keeps no socket of the time before."""
    transaction.on_commit(partial(look_again, event.person_id))
