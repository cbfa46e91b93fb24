"""Trusting signers of playbooks, ending that trust, and setting what an agency asks of signatures."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from playbooks.definition import keys
from playbooks.definition.jwk import pem_of
from playbooks.definition.trust import Requirement
from playbooks.events import SignaturePolicySet, SignerRevoked, SignerTrusted
from playbooks.models import Run, SignaturePolicy, Signer
from playbooks.operations.telling import wake
from playbooks.policies import may_trust
from playbooks.queries.trust import runs_on
from tenants.actors import Actor
from tenants.errors import Conflict, Invalid, NotAllowed, Unknown, require
from tenants.journal.recording import record
from tenants.queries.directory import agency_of


def trust_signer(*, name: str, pem: str, by: Actor, valid_until: datetime | None = None) -> tuple[Signer, bool]:
    """Let signatures of a key (a public key or certificate in PEM, or a JWK) count, for every agency. The same key again changes nothing.

    Returns the signer and whether it is new. A certificate's own time bounds the trust. In a central scope.
    Raises NotAllowed, Invalid (`name`, `pem`), Conflict when trust in the key was revoked before.
    """
    with transaction.atomic():
        require(may_trust(by), NotAllowed())
        require(bool(name.strip()), Invalid("The name is missing.", field="name", cure="Say whose key this is."))
        try:
            pem = pem_of(pem.strip() + "\n")
            key = keys.key_in_pem(pem)
        except (keys.BadKey, keys.WeakKey) as error:
            cure = "Give a public key or certificate in PEM, or a JWK: RSA from 2048 bits, P-256, P-384, P-521, Ed25519 or Ed448."
            raise Invalid(str(error), field="pem", cure=cure) from error
        ends = min((at for at in (valid_until, key.not_after) if at is not None), default=None)
        require(
            ends is None or ends > by.now(), Invalid("The time of this key is over.", field="pem", cure="Give a key that is valid now.")
        )
        told = {"name": name.strip()[:120], "thumbprint": key.thumbprint, "pem": pem, "valid_from": key.not_before, "valid_until": ends}
        signer, new = Signer.objects.select_for_update().get_or_create(
            key_id=key.id, defaults={**told, "added_at": by.now(), "added_by": by.name}
        )
        again = Conflict(
            "Trust in this key was revoked, and a revoked key stays so.", field="pem", cure="Sign with a new key and trust that."
        )
        require(signer.revoked_at is None, again)
        if new:
            event = SignerTrusted(signer=str(signer.public_id), name=signer.name, key=signer.key_id)
            record(event, agency_id=None, subject=f"signer:{signer.public_id}", by=by)
    return signer, new


def revoke_signer(*, signer: str, reason: str, by: Actor) -> Signer:
    """End the trust in a signer (its public id) for good: whatever it signed counts no more, and runs of it stop at their next step.

    In a central scope. Raises NotAllowed, Unknown, Invalid (`reason`), Conflict.
    """
    with transaction.atomic():
        try:
            one = Signer.objects.select_for_update().filter(public_id=UUID(str(signer))).first()
        except ValueError as error:
            raise Unknown() from error
        if one is None:
            raise Unknown()
        require(may_trust(by), NotAllowed())
        require(bool(reason.strip()), Invalid("The reason is missing.", field="reason", cure="Say in a few words why."))
        require(one.revoked_at is None, Conflict("Trust in this signer is revoked already."))
        one.revoked_at, one.revoked_by, one.revoked_why = by.now(), by.name, reason.strip()
        one.save(update_fields=["revoked_at", "revoked_by", "revoked_why"])
        for run_id in runs_on(one.key_id):
            wake(run=Run.objects.locked(pk=run_id), by=by)  # what its worker decided before does not go through any more
        event = SignerRevoked(signer=str(one.public_id), name=one.name, reason=one.revoked_why)
        record(event, agency_id=None, subject=f"signer:{one.public_id}", by=by)
    return one


def ask_for_signatures(*, agency: str, asked: str, by: Actor) -> SignaturePolicy:
    """Set what the agency of a slug asks of a book's signatures, as `set_signature_policy` does. Raises Unknown, NotAllowed, Invalid."""
    return set_signature_policy(agency_id=agency_of(agency, by).pk, asked=asked, by=by)


def set_signature_policy(*, agency_id: int, asked: str, by: Actor) -> SignaturePolicy:
    """Set what an agency asks of a book's signatures before it runs: `none`, `valid` or `trusted`. Raises NotAllowed, Invalid."""
    with transaction.atomic():
        require(may_trust(by), NotAllowed())
        known = asked in list(Requirement)
        require(known, Invalid("There is no such policy.", field="require", cure="Use none, valid or trusted."))
        told = {"require": asked, "changed_at": by.now(), "changed_by": by.name}
        policy: SignaturePolicy | None = SignaturePolicy.objects.select_for_update().filter(agency_id=agency_id).first()
        if policy is not None and policy.require == asked:
            return policy
        if policy is None:
            try:
                with transaction.atomic():
                    policy = SignaturePolicy.objects.create(agency_id=agency_id, **told)
            except IntegrityError:  # another admin set the first one meanwhile
                policy = SignaturePolicy.objects.locked(agency_id=agency_id)
        for field, value in told.items():
            setattr(policy, field, value)
        policy.save(update_fields=list(told))
        record(SignaturePolicySet(require=asked), agency_id=agency_id, subject=f"signatures:{agency_id}", by=by)
    return policy
