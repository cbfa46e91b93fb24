"""Connecting the products of an agency; a change voids what was asked through the old connector."""

from collections.abc import Iterable
from ipaddress import ip_network
from urllib.parse import urlsplit

from django.db import transaction

from playbooks.events import ApprovalDecided, ConnectorSet
from playbooks.models import Approval, Connector, Run, StepAttempt
from playbooks.operations.telling import tell, wake
from playbooks.policies import may_connect
from playbooks.products import SECRET_NAME, product
from playbooks.states import ApprovalState, StepState
from tenants.actors import Actor
from tenants.errors import Invalid, NotAllowed, require
from tenants.journal.recording import record


def connect(
    *,
    agency_id: int,
    kind: str,
    name: str,
    base_url: str,
    by: Actor,
    secret_name: str = "",
    allowed_hosts: Iterable[str] = (),
    named_networks: Iterable[str] = (),
) -> Connector:
    """Set the agency's connector of a kind. Networks that are not public (`127.0.0.1/32`) are meant only when named here.

    The secret is a name (`edr/north`), its value stands in the environment or a mounted file. Raises NotAllowed, Invalid.
    """
    with transaction.atomic():
        require(may_connect(by), NotAllowed())
        require(product(kind) is not None, Invalid("There is no such kind of product.", field="kind", cure="Use endpoint."))
        require(bool(name.strip()), Invalid("The name is missing.", field="name", cure="Name the product."))
        parts = urlsplit(base_url)
        sound = parts.scheme in ("https", "http") and parts.hostname and not (parts.query or parts.fragment or parts.username)
        require(bool(sound), Invalid("This is no base address.", field="base_url", cure="Write https://host/path, without a query."))
        networks = [_network(one) for one in named_networks]
        require(
            not secret_name or bool(SECRET_NAME.fullmatch(secret_name)),
            Invalid("This is no name of a secret.", field="secret_name", cure="Use a name like edr/north."),
        )
        told = {
            "name": name.strip(),
            "base_url": base_url.rstrip("/"),
            "allowed_hosts": sorted({one.lower() for one in allowed_hosts}),
            "named_networks": networks,
            "secret_name": secret_name,
            "changed_at": by.now(),
        }
        connector: Connector | None = Connector.objects.select_for_update().filter(agency_id=agency_id, kind=kind, enabled=True).first()
        if connector is None:
            connector = Connector.objects.create(agency_id=agency_id, kind=kind, **told)
        else:
            if all(getattr(connector, field) == value for field, value in told.items() if field != "changed_at"):
                return connector
            for field, value in told.items():
                setattr(connector, field, value)
            connector.version += 1
            connector.save()
            _void_what_was_asked(agency_id, kind, by)
        event = ConnectorSet(connector=connector.name, kind=kind, base_url=connector.base_url)
        record(event, agency_id=agency_id, subject=f"connector:{connector.pk}", by=by)
    return connector


def _network(text: str) -> str:
    try:
        return str(ip_network(text, strict=False))
    except ValueError as error:
        raise Invalid(f"{text} is no network.", field="named_networks", cure="Write networks like 127.0.0.1/32.") from error


def _void_what_was_asked(agency_id: int, kind: str, by: Actor) -> None:
    reason = "The connector changed, so what would run is no longer what was shown."
    asked = Approval.objects.filter(agency_id=agency_id, state=ApprovalState.OPEN, action_name__startswith=f"{kind}.")
    for approval in asked.order_by("run_id"):
        run = Run.objects.locked(pk=approval.run_id)
        if not Approval.objects.filter(pk=approval.pk, state=ApprovalState.OPEN).update(
            state=ApprovalState.VOID, decided_at=by.now(), reason=reason
        ):
            continue
        StepAttempt.objects.filter(pk=approval.attempt_id, state=StepState.PLANNED).update(
            state=StepState.SKIPPED, detail=reason, ended_at=by.now()
        )
        event = ApprovalDecided(
            run=str(run.public_id),
            about=run.subject,
            approval=str(approval.public_id),
            action=approval.action,
            outcome="void",
            reason=reason,
        )
        tell(run=run, kind="void", text=f"The approval is void: {reason}", by=by, step_id=approval.step_id, event=event)
        wake(run=run, by=by)
