"""Reads of the directory: agencies, their people, keys and call trees."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from tenants.actors import Actor
from tenants.errors import Unknown
from tenants.models import Agency, ApiToken, CallTreeContact, Membership, Person, SensorKey
from tenants.states import AgencyState


@dataclass(frozen=True)
class Directory:
    """The directory as one reader sees it: the agencies, and how many there are in each state."""

    agencies: tuple[Agency, ...]
    counts: tuple[tuple[str, str, int], ...]  # state, label, how many
    state: str
    text: str


def directory(*, reader: Actor, state: str = "", text: str = "") -> Directory:
    """Agencies by name, filtered by state and by text in name or acronym; 2 queries.

    The floor sees those assigned and all prospective ones.
    """
    rows = Agency.objects.all()
    if reader.agencies is not None:
        rows = rows.filter(Q(pk__in=reader.agencies) | Q(state=AgencyState.PROSPECTIVE))
    counted = dict(rows.values_list("state").annotate(n=Count("pk")))
    shown = rows
    if state in AgencyState.values:
        shown = shown.filter(state=state)
    if text:
        shown = shown.filter(Q(name__icontains=text) | Q(acronym__icontains=text) | Q(slug__icontains=text))
    counts = tuple((s.value, s.label, counted.get(s.value, 0)) for s in AgencyState)
    return Directory(tuple(shown.order_by("name", "pk")), counts, state, text)


def agency_of(slug: str, reader: Actor) -> Agency:
    """The agency of that slug when this reader may know it, prospective ones included. Raises Unknown."""
    agency = Agency.objects.filter(slug=slug).first()
    if agency is None or not (reader.covers(agency.pk) or (agency.state == AgencyState.PROSPECTIVE and reader.works_the_floor)):
        raise Unknown()
    return agency


def call_tree(agency: Agency) -> tuple[CallTreeContact, ...]:
    """Whom to call, in order; 1 query."""
    return tuple(CallTreeContact.objects.filter(agency=agency).order_by("order", "id"))


def keys_of(agency: Agency) -> tuple[SensorKey, ...]:
    """Every sensor key of the agency, live ones first; 1 query."""
    return tuple(SensorKey.objects.filter(agency=agency).order_by("revoked_at", "name", "-created_at"))


@dataclass(frozen=True)
class PersonRow:
    """One person with the roles they hold."""

    person: Person
    memberships: tuple[Membership, ...]


def people(*, text: str = "") -> tuple[PersonRow, ...]:
    """Everyone, by name, with live roles; 2 queries."""
    rows = Person.objects.order_by("name", "pk")
    if text:
        rows = rows.filter(Q(name__icontains=text) | Q(email__icontains=text))
    by_person: dict[int, list[Membership]] = {}
    found = list(rows)
    for membership in Membership.objects.filter(person__in=found, ended_at=None).select_related("agency").order_by("role"):
        by_person.setdefault(membership.person_id, []).append(membership)
    return tuple(PersonRow(p, tuple(by_person.get(p.pk, ()))) for p in found)


def person_of(public_id: UUID) -> PersonRow:
    """One person with live roles; 2 queries. Raises Unknown."""
    person = Person.objects.filter(public_id=public_id).first()
    if person is None:
        raise Unknown()
    return PersonRow(person, tuple(Membership.objects.filter(person=person, ended_at=None).select_related("agency").order_by("role")))


def tokens_of(person_id: int) -> Any:
    """Live tokens of one person, newest first; 1 query."""
    return tuple(ApiToken.objects.filter(person_id=person_id, revoked_at=None).order_by("-created_at"))
