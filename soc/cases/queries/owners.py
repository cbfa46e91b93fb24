"""Who may own a case of an agency."""

from typing import Any

from django.db.models import Exists, OuterRef, Q

from tenants.models import Membership, Person

FLOOR = ("analyst", "watch_lead")


def owners_for(agency_id: int) -> Any:
    """People of the floor who are assigned to the agency, by name; one query."""
    live = Membership.objects.filter(person=OuterRef("pk"), ended_at=None, role__in=FLOOR).filter(
        Q(agency_id=None) | Q(agency_id=agency_id)
    )
    return Person.objects.filter(Exists(live), is_active=True).order_by("name", "id")


def owner_for(email: Any, *, agency_id: int) -> Person | None:
    """The one of them with this e-mail, or None; one query."""
    if not isinstance(email, str) or not email.strip() or "\x00" in email:
        return None
    found: Person | None = owners_for(agency_id).filter(email__iexact=email.strip()).first()
    return found
