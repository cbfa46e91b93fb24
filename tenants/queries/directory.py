"""Reads of the directory: agencies, their people, keys and call trees."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from tenants.actors import Actor
from tenants.errors import Unknown
from tenants.models import Agency, ApiToken, CallTreeContact, Membership, Person, SensorKey
from tenants.states import AgencyState

GROUPS = (
    ("In the program", (AgencyState.LIVE, AgencyState.PARALLEL, AgencyState.ONBOARDING)),
    ("Prospective", (AgencyState.PROSPECTIVE,)),
    ("Left the program", (AgencyState.EXITED,)),
)


@dataclass(frozen=True)
class DirectoryRow:
    """One agency of the directory, and who answers there out of hours ("" for nobody yet)."""

    agency: Agency
    out_of_hours: str


@dataclass(frozen=True)
class DirectoryGroup:
    """Agencies that stand at the same end of the way, live ones before those on their way."""

    label: str
    rows: tuple[DirectoryRow, ...]


@dataclass(frozen=True)
class Directory:
    """The directory as one reader sees it: the agencies, and how many there are in each state."""

    agencies: tuple[Agency, ...]
    counts: tuple[tuple[str, str, int], ...]  # state, label, how many
    state: str
    text: str
    contacts: dict[int, str]

    @property
    def groups(self) -> tuple[DirectoryGroup, ...]:
        """The agencies in the order in which one looks for them: live, on their way, prospective, gone. No query."""
        found = []
        for label, states in GROUPS:
            rows = [DirectoryRow(a, self.contacts.get(a.pk, "")) for s in states for a in self.agencies if a.state == s]
            if rows:
                found.append(DirectoryGroup(label, tuple(rows)))
        return tuple(found)

    @property
    def total(self) -> int:
        """How many agencies there are in all states, whatever is shown."""
        return sum(many for _, _, many in self.counts)


def directory(*, reader: Actor, state: str = "", text: str = "") -> Directory:
    """Agencies by name, filtered by state and by text in name or acronym; 3 queries.

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
    found = tuple(shown.order_by("name", "pk"))
    calls = CallTreeContact.objects.filter(out_of_hours=True).order_by("-order", "-id")
    contacts = dict(calls.values_list("agency_id", "name"))  # the first of an agency's contacts is written last
    return Directory(found, counts, state, text, contacts)


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
