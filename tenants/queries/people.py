"""Reads of people and memberships."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef, Q

from tenants.actors import Actor
from tenants.isolation import scope
from tenants.models import Agency, Membership, Person


def has_second_factor(person_id: int | None) -> bool:
    """Whether the person has set up TOTP or a security key. Opens the lobby: it is asked before any scope."""
    with scope.lobby():
        return Authenticator.objects.filter(user_id=person_id, type__in=["totp", "webauthn"]).exists()


def agencies_of_liaison(actor: Actor) -> list[Agency]:
    """The agencies between which a liaison may switch, and the one they act for; one query."""
    held = Membership.objects.filter(agency=OuterRef("pk"), person=actor.person_id, role="liaison", ended_at=None)
    return list(Agency.objects.filter(Q(pk=actor.agency_id) | Exists(held)).order_by("name"))


def people_of(agency_id: int) -> Any:
    """Live memberships of one agency with their people; one query."""
    return Membership.objects.filter(agency_id=agency_id, ended_at=None).select_related("person").order_by("role", "person__name")


def floor_people() -> Any:
    """People who may own a case, by name; one query."""
    return (
        Person.objects.filter(is_active=True, memberships__role__in=["analyst", "watch_lead"], memberships__ended_at=None)
        .distinct()
        .order_by("name")
    )
