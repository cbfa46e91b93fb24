"""One agency: where it stands, whom to call, who speaks for it, its keys, its alerts, its consent."""

from typing import Any

from django.urls import reverse

from playbooks.operations.consenting import give_consent, withdraw_consent
from soc.home.queries.agency import agency_page
from tenants.gates.pages import Page

STAFF = frozenset({"analyst", "watch_lead", "admin", "auditor"})
LIAISON = frozenset({"liaison"})


class AgencyPage(Page):
    """`/agencies/<slug>/`: one agency, for the staff of the program and its own liaisons."""

    roles = STAFF | LIAISON

    def get(self, request: Any, slug: str = "") -> Any:
        view = agency_page(slug=slug, reader=self.actor)
        return self.page(
            "home/agency.html", view=view, agency=view.agency, topics=f"agency.{view.agency.slug}.intake" if view.balance else ""
        )


class OwnAgencyPage(AgencyPage):
    """`/agency/`: a liaison's own agency."""

    roles = LIAISON


class GiveConsent(Page):
    """POST: the agency's lasting word that certain actions may run on its network."""

    roles = LIAISON
    http_method_names = ["post"]
    done = "The consent stands until you withdraw it. What it names runs without asking you again."

    def act(self, data: Any) -> str:
        give_consent(actions=data.getlist("actions"), note=data.get("note", ""), by=self.actor)
        return reverse("own-agency")


class WithdrawConsent(Page):
    """POST: the consent ends at once."""

    roles = LIAISON
    http_method_names = ["post"]
    done = "The consent is withdrawn. From now on each such action asks for your vote."

    def act(self, data: Any) -> str:
        withdraw_consent(consent=str(self.kwargs["consent"]), reason=data.get("reason", ""), by=self.actor)
        return reverse("own-agency")
