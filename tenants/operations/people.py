"""People: added, granted roles, deactivated. Nothing about an agency is granted by anyone outside the programme's admins."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

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
    require(may_grant(by), NotAllowed())
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise Invalid("This is not an e-mail address.", field="email", cure="Write name@agency.gov.") from error
    require(bool(name.strip()), Invalid("The name is missing.", field="name", cure="Write first and last name."))
    known = Conflict("A person with this address exists.", field="email", cure="Grant them a role instead.")
    with transaction.atomic():
        require(not Person.objects.filter(email=email).exists(), known)
        person = Person(email=email, name=name.strip(), created_at=by.now(), time_zone=time_zone)
        person.set_password(password)
        try:
            with transaction.atomic():
                person.save()
        except IntegrityError as error:  # somebody added them at this very moment
            raise known from error
        record(PersonAdded(person_id=person.pk), agency_id=None, subject=_subject(person.pk), by=by)
    return person


def grant(*, person: UUID, role: str, agency: str | None, by: Actor) -> Membership:
    """Give a person a role, for one agency (slug) or for the whole program.

    A liaison needs an agency; admin and auditor are programme-wide. Raises NotAllowed, Unknown, Invalid (role, agency), Conflict.
    """
    with transaction.atomic():
        whom = _locked(person)
        require(may_grant(by), NotAllowed())
        cure = f"Use one of {', '.join(Role.values)}."
        require(role in Role.values, Invalid("This role does not exist.", field="role", cure=cure))
        alone = Invalid("A liaison speaks for one agency.", field="agency", cure="Choose the agency.")
        require(role != Role.LIAISON or bool(agency), alone)
        wide = Invalid("This role is for the whole program.", field="agency", cure="Leave the agency out.")
        require(role not in (Role.ADMIN, Role.AUDITOR) or not agency, wide)
        one = Agency.objects.filter(slug=agency).first() if agency else None
        missing = Invalid("There is no such agency.", field="agency", cure="Choose one from the directory.")
        require(one is not None or not agency, missing)
        held = Membership.objects.filter(person=whom, role=role, agency=one, ended_at=None).exists()
        require(not held, Conflict("This person holds this role already."))
        membership = Membership.objects.create(person=whom, role=role, agency=one, granted_by_id=by.person_id, granted_at=by.now())
        event = RoleGranted(person_id=whom.pk, role=role)
        record(event, agency_id=one.pk if one else None, subject=_subject(whom.pk), by=by)
    return membership


def end_role(*, membership: UUID, by: Actor) -> Membership:
    """End a role. It acts on the person's next request. Raises NotAllowed, Unknown."""
    with transaction.atomic():
        held = (
            Membership.objects.select_for_update(of=("self",)).filter(public_id=membership, ended_at=None).select_related("person").first()
        )
        if held is None:
            raise Unknown()
        require(may_grant(by), NotAllowed())
        held.ended_at = by.now()
        held.save(update_fields=["ended_at"])
        event = RoleEnded(person_id=held.person_id, role=held.role)
        record(event, agency_id=held.agency_id, subject=_subject(held.person_id), by=by)
    return held


def deactivate(*, person: UUID, by: Actor) -> Person:
    """End a person's access: sessions and tokens are over on the next request. Once is enough.

    Raises NotAllowed, Unknown, Conflict for oneself.
    """
    with transaction.atomic():
        whom = _locked(person)
        require(may_grant(by), NotAllowed())
        require(whom.pk != by.person_id, Conflict("You cannot deactivate yourself.", cure="Ask another admin."))
        if not whom.is_active:
            return whom
        now = by.now()
        whom.is_active = False
        whom.sessions_valid_from = now
        whom.save(update_fields=["is_active", "sessions_valid_from"])
        ApiToken.objects.filter(person=whom, revoked_at=None).update(revoked_at=now)
        record(PersonDeactivated(person_id=whom.pk), agency_id=None, subject=_subject(whom.pk), by=by)
    return whom


def reactivate(*, person: UUID, by: Actor) -> Person:
    """Let a person sign in again; revoked tokens stay revoked. Raises NotAllowed, Unknown."""
    with transaction.atomic():
        whom = _locked(person)
        require(may_grant(by), NotAllowed())
        if whom.is_active:
            return whom
        whom.is_active = True
        whom.save(update_fields=["is_active"])
        record(PersonReactivated(person_id=whom.pk), agency_id=None, subject=_subject(whom.pk), by=by)
    return whom


def _subject(person_id: int) -> str:
    return f"person:{person_id}"


def _locked(public_id: UUID) -> Person:
    person = Person.objects.select_for_update(no_key=True).filter(public_id=public_id).first()
    if person is None:
        raise Unknown()
    return person
