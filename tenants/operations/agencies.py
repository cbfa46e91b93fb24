"""Agencies: into the directory, along their way, and whom to call there."""

from typing import Any

from django.db import transaction

from tenants.actors import Actor
from tenants.errors import Conflict, Invalid, NotAllowed, Stale, Unknown, VersionRequired, require
from tenants.events import AgencyMoved, AgencyRegistered, CallTreeChanged
from tenants.journal.recording import record
from tenants.models import Agency, CallTreeContact
from tenants.policies import may_change_the_directory
from tenants.states import AgencyKind, AgencyState, SizeClass


def register_agency(
    *,
    slug: str,
    name: str,
    acronym: str,
    by: Actor,
    kind: str = AgencyKind.FEDERAL_CIVILIAN,
    size_class: str = SizeClass.SMALL,
    cfo_act: bool = False,
    time_zone: str = "America/New_York",
    invented: bool = False,
) -> Agency:
    """Put an agency into the directory as prospective.

    Raises NotAllowed, Invalid (fields slug, name, acronym, kind, size_class), Conflict when the slug is taken.
    """
    require(may_change_the_directory(by), NotAllowed())
    require(
        bool(slug) and slug == slug.lower() and slug.replace("-", "").isalnum(),
        Invalid("The slug is not valid.", field="slug", cure="Use small letters, digits and hyphens."),
    )
    require(bool(name.strip()), Invalid("The name is missing.", field="name", cure="Write the agency's full name."))
    require(bool(acronym.strip()), Invalid("The acronym is missing.", field="acronym", cure="Write the agency's acronym."))
    require(
        kind in AgencyKind.values, Invalid("This kind does not exist.", field="kind", cure=f"Use one of {', '.join(AgencyKind.values)}.")
    )
    require(
        size_class in SizeClass.values,
        Invalid("This class does not exist.", field="size_class", cure=f"Use one of {', '.join(SizeClass.values)}."),
    )
    with transaction.atomic():
        agency, new = Agency.objects.get_or_create(
            slug=slug,
            defaults={
                "name": name.strip(), "acronym": acronym.strip(), "kind": kind, "size_class": size_class, "cfo_act": cfo_act,
                "time_zone": time_zone, "invented": invented, "created_at": by.now(),
            },
        )  # fmt: skip
        require(new, Conflict("An agency with this slug is in the directory already.", field="slug", cure="Choose another slug."))
        record(AgencyRegistered(slug=slug, name=agency.name), agency_id=agency.pk, subject=f"agency:{agency.pk}", by=by)
    return agency


def move_agency(*, slug: str, state: str, version: int | None, by: Actor) -> Agency:
    """Move an agency along its way (prospective, onboarding, parallel, live, exited).

    Raises Unknown, NotAllowed, VersionRequired, Stale, Conflict for a move that is not allowed, Invalid (state).
    """
    with transaction.atomic():
        agency = locked_agency(slug)
        require(may_change_the_directory(by), NotAllowed())
        if version is None:
            raise VersionRequired()
        require(agency.version == version, Stale(cure="Read the agency again."))
        require(
            state in AgencyState.values,
            Invalid("This state does not exist.", field="state", cure=f"Use one of {', '.join(AgencyState.values)}."),
        )
        was = AgencyState(agency.state)
        require(
            was.may_become(AgencyState(state)),
            Conflict(f"An agency that is {was.label.lower()} cannot become {AgencyState(state).label.lower()}.", field="state"),
        )
        agency.state = state
        agency.version += 1
        agency.save(update_fields=["state", "version"])
        record(AgencyMoved(slug=slug, before=was.value, after=state), agency_id=agency.pk, subject=f"agency:{agency.pk}", by=by)
    return agency


def set_call_tree(*, slug: str, contacts: list[dict[str, Any]], by: Actor) -> list[CallTreeContact]:
    """Replace an agency's call tree; one contact must answer out of hours.

    Each contact: name, title, phone, email, out_of_hours. Raises Unknown, NotAllowed, Invalid (field contacts).
    """
    with transaction.atomic():
        agency = locked_agency(slug)
        require(may_change_the_directory(by) or (by.agency_id == agency.pk and by.speaks_for_an_agency), NotAllowed())
        require(
            all(c.get("name") and c.get("phone") for c in contacts),
            Invalid("A contact lacks a name or a phone number.", field="contacts", cure="Give both."),
        )
        require(
            any(c.get("out_of_hours") for c in contacts),
            Invalid("Nobody answers out of hours.", field="contacts", cure="Mark one contact as out of hours."),
        )
        CallTreeContact.objects.filter(agency=agency).delete()
        made = CallTreeContact.objects.bulk_create(
            CallTreeContact(
                agency=agency,
                name=c["name"],
                title=c.get("title", ""),
                phone=c["phone"],
                email=c.get("email", ""),
                order=i,
                out_of_hours=bool(c.get("out_of_hours")),
            )
            for i, c in enumerate(contacts, start=1)
        )
        record(CallTreeChanged(slug=slug, contacts=len(made)), agency_id=agency.pk, subject=f"agency:{agency.pk}", by=by)
    return list(made)


def locked_agency(slug: str) -> Agency:
    """The agency of that slug, locked. Raises Unknown."""
    # Not against key checks: a fact that names the agency is written meanwhile, or two would wait for each other.
    agency = Agency.objects.select_for_update(no_key=True).filter(slug=slug).first()
    if agency is None:
        raise Unknown()
    return agency
