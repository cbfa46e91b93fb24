"""People and keys: who may do what, granted and ended by the programme's admins."""

from typing import Any

from django.urls import reverse

from tenants.actors import Actor
from tenants.errors import Conflict, require
from tenants.gates.once import begin_form
from tenants.gates.pages import Page
from tenants.operations.keys import create_sensor_key, create_token, revoke_sensor_key, revoke_token
from tenants.operations.people import add_person, deactivate, end_role, grant, reactivate
from tenants.queries.directory import directory, people, person_of, tokens_of
from tenants.states import Role

ADMIN = frozenset({"admin"})
READERS = frozenset({"admin", "auditor"})
# A liaison's token is made by an admin: an agency's own scope may not write identities.
STAFF = frozenset({"analyst", "watch_lead", "admin"})


def _sent_once(request: Any, by: Actor) -> None:
    """A secret is shown once: a form that is sent again makes no second one, and cannot be told the first."""
    told = Conflict("This form was sent already. What it made was shown once.", cure="Revoke it if you did not see it, and make another.")
    require(begin_form(request, by) is None, told)


class PeoplePage(Page):
    """`/people/`: everyone, and the form for one more."""

    roles = READERS
    done = "The person is added. Grant them a role next."

    def get(self, request: Any) -> Any:
        text = request.GET.get("q", "").replace("\x00", "")
        return self.page("tenants/people.html", people=people(text=text), text=text)

    def act(self, data: Any) -> str:
        person = add_person(email=data.get("email", ""), name=data.get("name", ""), password=data.get("password") or None, by=self.actor)
        return reverse("person", args=[person.public_id])


class PersonPage(Page):
    """`/people/<id>/`: one person, their roles; a posted form grants one more."""

    roles = READERS
    done = "The role is granted."

    def get(self, request: Any, person: Any) -> Any:
        row = person_of(person)
        return self.page(
            "tenants/person.html",
            row=row,
            tokens=tokens_of(row.person.pk),
            roles=Role.choices,
            agencies=directory(reader=self.actor).agencies,
        )

    def act(self, data: Any) -> str:
        grant(person=self.kwargs["person"], role=data.get("role", ""), agency=data.get("agency") or None, by=self.actor)
        return reverse("person", args=[self.kwargs["person"]])


class EndRole(Page):
    """POST: end one role of a person."""

    roles = ADMIN
    http_method_names = ["post"]
    done = "The role has ended, from the person's next request on."

    def act(self, data: Any) -> str:
        membership = end_role(membership=self.kwargs["membership"], by=self.actor)
        return reverse("person", args=[membership.person.public_id])


class Deactivate(Page):
    """POST: end a person's access at once."""

    roles = ADMIN
    http_method_names = ["post"]
    done = "The person is deactivated; sessions and tokens have ended."

    def act(self, data: Any) -> str:
        return reverse("person", args=[deactivate(person=self.kwargs["person"], by=self.actor).public_id])


class Reactivate(Page):
    """POST: let a person sign in again."""

    roles = ADMIN
    http_method_names = ["post"]
    done = "The person may sign in again."

    def act(self, data: Any) -> str:
        return reverse("person", args=[reactivate(person=self.kwargs["person"], by=self.actor).public_id])


class MakeKey(Page):
    """POST: a sensor key of an agency; the answer shows it once."""

    roles = ADMIN
    http_method_names = ["post"]

    def post(self, request: Any, slug: str) -> Any:
        _sent_once(request, self.actor)
        key, secret, retired = create_sensor_key(agency=slug, name=request.POST.get("name", ""), by=self.actor)
        return self.page(
            "tenants/secret.html", secret=secret, what=f"Sensor key {key.name}", retired=retired, back=reverse("agency", args=[slug])
        )


class RevokeKey(Page):
    """POST: end a sensor key at once."""

    roles = ADMIN
    http_method_names = ["post"]
    done = "The key is revoked."

    def act(self, data: Any) -> str:
        key = revoke_sensor_key(prefix=self.kwargs["prefix"], by=self.actor)
        return reverse("agency", args=[key.agency.slug])


class MakeToken(Page):
    """POST: an API token for oneself; the answer shows it once."""

    roles = STAFF
    http_method_names = ["post"]

    def post(self, request: Any) -> Any:
        _sent_once(request, self.actor)
        name = request.POST.get("name", "").strip() or "token"
        token, secret, retired = create_token(email=request.user.email, name=name, by=self.actor)
        return self.page("tenants/secret.html", secret=secret, what=f"API token {token.name}", retired=retired, back=reverse("account"))


class RevokeToken(Page):
    """POST: end a token at once."""

    roles = STAFF
    http_method_names = ["post"]
    done = "The token is revoked."

    def act(self, data: Any) -> str:
        token = revoke_token(prefix=self.kwargs["prefix"], by=self.actor)
        return reverse("account") if token.person_id == self.actor.person_id else reverse("person", args=[token.person.public_id])
