"""The front door: on to one's own first page."""

from typing import Any

from django.http import HttpResponseRedirect
from django.urls import reverse

from tenants.gates.navigation import home_of
from tenants.gates.pages import Page
from tenants.states import Role


class Root(Page):
    """`/` leads everyone to the first page of their own bar."""

    roles = frozenset(Role.values)

    def get(self, request: Any) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse(home_of(self.actor)))
