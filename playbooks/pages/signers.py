"""Whose signatures on playbooks are trusted, and what each agency asks of them: pages of the program's admins."""

from typing import Any

from django.urls import reverse

from playbooks.operations.trusting import ask_for_signatures, revoke_signer, trust_signer
from playbooks.queries.signers import policy_lines, signer_lines, signer_of
from tenants.gates.pages import Page

KEEPERS = frozenset({"admin", "auditor"})
# What an agency may ask for, from the least to the most.
POLICIES = (
    ("none", "Nothing", "Any published book runs."),
    ("valid", "A sound signature", "Whoever signed it: the book was not changed since."),
    ("trusted", "A trusted signature", "Of a signer on our list: we know who wrote it, and it was not changed since."),
)


class SignersPage(Page):
    """`/playbooks/signers/`: every signer, and the form that trusts one more."""

    roles = KEEPERS

    def get(self, request: Any) -> Any:
        return self.page("playbooks/signers/signers.html", at=self.actor.now(), signers=signer_lines(self.actor))

    def act(self, data: Any) -> str:
        file = self.request.FILES.get("file")
        pem = file.read().decode("utf-8", "replace") if file is not None else data.get("pem", "")
        signer, new = trust_signer(name=data.get("name", ""), pem=pem, by=self.actor)
        self.done = f"{signer.name} is trusted from now on." if new else f"This key is trusted already, as {signer.name}."
        return reverse("playbook-signer", args=[signer.public_id])


class SignerPage(Page):
    """`/playbooks/signers/<id>/`: one signer, what it signed, and what the end of the trust in it would stop."""

    roles = KEEPERS

    def get(self, request: Any, signer: Any) -> Any:
        return self.page("playbooks/signers/signer.html", at=self.actor.now(), one=signer_of(signer, self.actor))

    def act(self, data: Any) -> str:
        signer = revoke_signer(signer=str(self.kwargs["signer"]), reason=data.get("reason", ""), by=self.actor)
        self.done = f"Trust in {signer.name} has ended for good. Where signatures are asked for, runs of what it signed stop."
        return reverse("playbook-signer", args=[signer.public_id])


class SignaturePoliciesPage(Page):
    """`/playbooks/signers/policies/`: what each agency asks of signatures, and what it would refuse today."""

    roles = KEEPERS

    def get(self, request: Any) -> Any:
        lines, typed = policy_lines(self.actor), request.POST.get("agency", "")
        return self.page("playbooks/signers/policies.html", at=self.actor.now(), lines=lines, policies=POLICIES, typed_for=typed)

    def act(self, data: Any) -> str:
        agency, asked = data.get("agency", ""), data.get("require", "")
        ask_for_signatures(agency=agency, asked=asked, by=self.actor)
        said = next((label.lower() for value, label, _ in POLICIES if value == asked), asked)
        self.done = f"{agency} asks from now on for: {said}."
        return reverse("playbook-signature-policies")
