"""The directory of agencies, and its changes."""

from typing import Any

from django.urls import reverse

from tenants.gates.pages import Page
from tenants.operations.agencies import move_agency, register_agency, set_call_tree
from tenants.queries.directory import directory
from tenants.states import AgencyKind, SizeClass

READERS = frozenset({"analyst", "watch_lead", "admin", "auditor"})
ADMIN = frozenset({"admin"})


class DirectoryPage(Page):
    """`/agencies/`: every agency, from prospective to exited."""

    roles = READERS

    def get(self, request: Any) -> Any:
        found = directory(reader=self.actor, state=request.GET.get("state", ""), text=request.GET.get("q", "").replace("\x00", ""))
        return self.page("tenants/directory.html", directory=found)


class RegisterPage(Page):
    """`/agencies/new/`: put an agency into the directory."""

    roles = ADMIN
    done = "The agency stands in the directory as prospective."

    def get(self, request: Any) -> Any:
        return self.page("tenants/agency_new.html", kinds=AgencyKind.choices, classes=SizeClass.choices)

    def act(self, data: Any) -> str:
        agency = register_agency(
            slug=data.get("slug", "").strip(),
            name=data.get("name", ""),
            acronym=data.get("acronym", ""),
            kind=data.get("kind", ""),
            size_class=data.get("size_class", ""),
            cfo_act=data.get("size_class") == SizeClass.CFO_ACT,
            by=self.actor,
        )
        return reverse("agency", args=[agency.slug])


class MoveAgency(Page):
    """POST: the next state of an agency."""

    roles = ADMIN
    http_method_names = ["post"]
    done = "The agency moved on."

    def act(self, data: Any) -> str:
        agency = move_agency(slug=self.kwargs["slug"], state=data.get("state", ""), version=self.version(), by=self.actor)
        return reverse("agency", args=[agency.slug])


class CallTree(Page):
    """POST: replace an agency's call tree (fields name, title, phone, email, out_of_hours, one of each per contact)."""

    roles = ADMIN
    http_method_names = ["post"]
    done = "The call tree is changed."

    def act(self, data: Any) -> str:
        hours = data.getlist("out_of_hours")
        rows = zip(data.getlist("name"), data.getlist("title"), data.getlist("phone"), data.getlist("email"), strict=False)
        contacts = [
            {"name": n.strip(), "title": t.strip(), "phone": p.strip(), "email": e.strip(), "out_of_hours": str(i) in hours}
            for i, (n, t, p, e) in enumerate(rows)
            if n.strip() or p.strip()
        ]
        set_call_tree(slug=self.kwargs["slug"], contacts=contacts, by=self.actor)
        return reverse("agency", args=[self.kwargs["slug"]])
