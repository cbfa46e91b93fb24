"""People: added, granted roles, deactivated. Nothing about an agency is granted by anyone outside the programme's admins."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from tenants.actors import Actor
from tenants.errors import Conflict, Invalid, NotAllowed, Unknown, require
from tenants.events import PersonAdded, PersonDeactivated, PersonReactivated, RoleEnded, RoleGranted
from tenants.journal.recording import record
from tenants.models import Agency, ApiToken, Membership, Person
from tenants.policies import may_grant
from tenants.states import Role


def add_person(*, email: str, name: str, by: Actor, password: str | None = None, time_zone: str = "UTC") -> Person:
    """Add someone who may sign in once a role is granted; without a password only an identity provider lets them in.

    Raises NotAllowed, Invalid (email, name), Conflict when the address is known.
    """
    require(may_grant(by, None), NotAllowed())
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise Invalid("This is not an e-mail address.", field="email", cure="Write name@agency.gov.") from error
    require(bool(name.strip()), Invalid("The name is missing.", field="name", cure="Write first and last name."))
    with transaction.atomic():
        require(
            not Person.objects.filter(email=email).exists(),
            Conflict("A person with this address exists.", field="email", cure="Grant them a role instead."),
        )
        person = Person(email=email, name=name.strip(), created_at=by.now(), time_zone=time_zone)
        person.set_password(password)
        person.save()
        record(PersonAdded(person_id=person.pk), agency_id=None, subject=f"person:{person.pk}", by=by)
    return person


def grant(*, person_id: int, role: str, agency: str | None, by: Actor) -> Membership:
    """Give a person a role, for one agency (slug) or for the whole programme.

    A liaison needs an agency; admin and auditor are programme-wide. Raises NotAllowed, Unknown, Invalid (role, agency), Conflict.
    """
    with transaction.atomic():
        person = _locked(person_id)
        require(may_grant(by, None), NotAllowed())
        require(role in Role.values, Invalid("This role does not exist.", field="role", cure=f"Use one of {', '.join(Role.values)}."))
        require(
            role != Role.LIAISON or bool(agency), Invalid("A liaison speaks for one agency.", field="agency", cure="Choose the agency.")
        )
        require(
            role not in (Role.ADMIN, Role.AUDITOR) or not agency,
            Invalid("This role is for the whole programme.", field="agency", cure="Leave the agency out."),
        )
        one = Agency.objects.filter(slug=agency).first() if agency else None
        require(one is not None or not agency, Invalid("There is no such agency.", field="agency", cure="Choose one from the directory."))
        held = Membership.objects.filter(person=person, role=role, agency=one, ended_at=None).exists()
        require(not held, Conflict("This person holds this role already."))
        granted_by = by.person_id
        membership = Membership.objects.create(person=person, role=role, agency=one, granted_by_id=granted_by, granted_at=by.now())
        record(RoleGranted(person_id=person.pk, role=role), agency_id=one.pk if one else None, subject=f"person:{person.pk}", by=by)
    return membership


def end_role(*, membership_id: int, by: Actor) -> Membership:
    """End a role. It acts on the person's next request. Raises NotAllowed, Unknown."""
    with transaction.atomic():
        membership = Membership.objects.select_for_update().filter(pk=membership_id, ended_at=None).first()
        if membership is None:
            raise Unknown()
        require(may_grant(by, membership.agency_id), NotAllowed())
        membership.ended_at = by.now()
        membership.save(update_fields=["ended_at"])
        record(
            RoleEnded(person_id=membership.person_id, role=membership.role),
            agency_id=membership.agency_id,
            subject=f"person:{membership.person_id}",
            by=by,
        )
    return membership


def deactivate(*, person_id: int, by: Actor) -> Person:
    """End a person's access: sessions and tokens are over on the next request. Raises NotAllowed, Unknown, Conflict for oneself."""
    with transaction.atomic():
        person = _locked(person_id)
        require(may_grant(by, None), NotAllowed())
        require(person.pk != by.person_id, Conflict("You cannot deactivate yourself.", cure="Ask another admin."))
        now = by.now()
        person.is_active = False
        person.sessions_valid_from = now
        person.save(update_fields=["is_active", "sessions_valid_from"])
        ApiToken.objects.filter(person=person, revoked_at=None).update(revoked_at=now)
        record(PersonDeactivated(person_id=person.pk), agency_id=None, subject=f"person:{person.pk}", by=by)
    return person


def reactivate(*, person_id: int, by: Actor) -> Person:
    """Let a person sign in again; revoked tokens stay revoked. Raises NotAllowed, Unknown."""
    with transaction.atomic():
        person = _locked(person_id)
        require(may_grant(by, None), NotAllowed())
        person.is_active = True
        person.save(update_fields=["is_active"])
        record(PersonReactivated(person_id=person.pk), agency_id=None, subject=f"person:{person.pk}", by=by)
    return person


def _locked(person_id: int) -> Person:
    person = Person.objects.select_for_update().filter(pk=person_id).first()
    if person is None:
        raise Unknown()
    return person
