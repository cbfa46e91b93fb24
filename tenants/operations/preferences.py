"""What people choose for themselves: theme, single keys, time zone, the agency they work for now."""

from zoneinfo import available_timezones

from django.db import transaction

from tenants.actors import Actor
from tenants.errors import Invalid, Unknown, require
from tenants.isolation import scope
from tenants.models import Membership, Person

THEMES = ("system", "light", "dark")


def set_preferences(*, by: Actor, theme: str | None = None, single_keys: bool | None = None, time_zone: str | None = None) -> Person:
    """Change one's own preferences; what is None stays. Opens the lobby: people are identity, no agency's. Raises Invalid."""
    with scope.lobby(by.name), transaction.atomic():
        person = Person.objects.select_for_update(no_key=True).get(pk=by.person_id)  # type: ignore[misc]  # None finds nobody
        if theme is not None:
            require(theme in THEMES, Invalid("This theme does not exist.", field="theme", cure="Use system, light or dark."))
            person.theme = theme
        if single_keys is not None:
            person.single_keys = single_keys
        if time_zone is not None:
            require(
                time_zone in available_timezones(),
                Invalid("This time zone does not exist.", field="time_zone", cure="Use a name like America/New_York."),
            )
            person.time_zone = time_zone
        person.save(update_fields=["theme", "single_keys", "time_zone"])
    return person


def choose_agency(*, slug: str, by: Actor) -> Person:
    """Work for another of one's own agencies from the next request on. Opens the lobby. Raises Unknown."""
    with scope.lobby(by.name), transaction.atomic():
        held = Membership.objects.filter(person_id=by.person_id, role="liaison", agency__slug=slug, ended_at=None).first()  # type: ignore[misc]
        if held is None:
            raise Unknown()
        person = Person.objects.select_for_update(no_key=True).get(pk=by.person_id)  # type: ignore[misc]  # None finds nobody
        person.active_agency_id = held.agency_id
        person.save(update_fields=["active_agency"])
    return person
