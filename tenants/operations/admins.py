"""The first admin of a new floor, made from the command line: everyone else is added by an admin."""

from django.db import transaction

from tenants.actors import Actor
from tenants.models import Person
from tenants.operations.people import add_person, grant
from tenants.states import Role


def add_admin(*, email: str, name: str, password: str, by: Actor) -> Person:
    """Add a person and make them an admin of the program. Raises NotAllowed, Invalid (email, name), Conflict when the address is known."""
    with transaction.atomic():
        person = add_person(email=email, name=name, password=password, by=by)
        grant(person=person.public_id, role=Role.ADMIN, agency=None, by=by)
    return person
