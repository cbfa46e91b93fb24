"""Connecting the products of an agency; a change voids what was asked through the old connector."""

import re
from collections.abc import Iterable
from datetime import timedelta
from ipaddress import ip_network
from urllib.parse import urlsplit

from django.db import transaction

from playbooks.events import ApprovalDecided, ConnectorSet
from playbooks.models import Approval, Connector, Run, Slot, StepAttempt
from playbooks.models.connector import DECLARED
from playbooks.models.slot import AT_ONCE, MINUTE
from playbooks.operations.telling import tell, wake
from playbooks.policies import may_connect
from playbooks.products import AGENT_KINDS, SECRET_NAME, kinds, product
from playbooks.states import ApprovalState, EffectClass, StepState
from tenants.actors import Actor
from tenants.errors import Invalid, NotAllowed, require
from tenants.journal.recording import record

MOST_AT_ONCE, MOST_A_MINUTE = 1000, 10_000
LIMITS = {"most_at_once", "most_a_minute"}  # how often it is spoken to; what is said stays as it was approved
LOOKUP = re.compile(r"/(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*\{key\}(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*")


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
    effect: str = EffectClass.UNSAFE,
    lookup: str = "",
    runs: Iterable[str] = (),
    most_at_once: int | None = None,
    most_a_minute: int | None = None,
) -> Connector:
    """Set the agency's connector of a kind. Networks that are not public (`127.0.0.1/32`) are meant only when named here.

    Of the kinds `http` and `openc2`, which a book means by an address, and `agent`, which it means by the kinds of commands that one
    `runs` (`bash`, `ssh`), an agency may have several: there the name says which is set.
    The secret is a name (`edr/north`), its value stands in the environment or a mounted file.

    `effect` is what a POST or PATCH to a web API (`http`) is: `unsafe`; `keyed` when the API honors Idempotency-Key, so that the same
    key does a thing once; `verifiable` when `lookup` (`/orders/{key}`, below the base address) finds what was done under a key.

    `most_at_once` and `most_a_minute` are how many calls the product takes at the same time and within any minute (None: no limit).
    Raises NotAllowed, Invalid.
    """
    with transaction.atomic():
        require(may_connect(by), NotAllowed())
        known = product(kind)
        cure = f"Use one of {', '.join(one.kind for one in kinds())}."
        require(known is not None, Invalid("There is no such kind of product.", field="kind", cure=cure))
        require(bool(name.strip()), Invalid("The name is missing.", field="name", cure="Name the product."))
        require(
            _is_a_base(base_url), Invalid("This is no base address.", field="base_url", cure="Write https://host/path, without a query.")
        )
        networks = [_network(one) for one in named_networks]
        require(
            not secret_name or bool(SECRET_NAME.fullmatch(secret_name)),
            Invalid("This is no name of a secret.", field="secret_name", cure="Use a name like edr/north."),
        )
        _require_sound(kind, effect, lookup)
        carried_out = sorted(set(runs))
        _require_carried_out(kind, carried_out)
        _require_limit("most_at_once", most_at_once, MOST_AT_ONCE)
        _require_limit("most_a_minute", most_a_minute, MOST_A_MINUTE)
        told = {
            "name": name.strip(),
            "base_url": base_url.rstrip("/"),
            "allowed_hosts": sorted({one.lower() for one in allowed_hosts}),
            "named_networks": networks,
            "secret_name": secret_name,
            "effect": effect,
            "lookup": lookup,
            "runs": carried_out,
            "most_at_once": most_at_once,
            "most_a_minute": most_a_minute,
            "changed_at": by.now(),
        }
        which = {"name": told["name"]} if known is not None and known.addressed else {"enabled": True}
        held = Connector.objects.select_for_update().filter(agency_id=agency_id)
        connector: Connector | None = held.filter(kind=kind, **which).first()
        taken = held.filter(name=told["name"]).exclude(pk=connector.pk if connector else None).exists()
        require(not taken, Invalid("Another product has this name.", field="name", cure="Give it a name of its own."))
        others = held.filter(kind=kind, enabled=True).exclude(pk=connector.pk if connector else None)
        twice = {one.name: found for one in others if (found := sorted(set(one.runs) & set(carried_out)))}
        said = "; ".join(f"{who} runs {', '.join(some)} already" for who, some in twice.items())
        require(
            not twice, Invalid(f"{said}.", field="runs", cure="Take it from that agent first: one agent carries out a kind of command.")
        )
        if connector is None:
            connector = Connector.objects.create(agency_id=agency_id, kind=kind, **told)
        else:
            changed = {field for field, value in told.items() if field != "changed_at" and getattr(connector, field) != value}
            if connector.enabled and not changed:
                return connector
            was, speaks_differently = connector.name, not connector.enabled or bool(changed - LIMITS)
            connector.enabled = True
            for field, value in told.items():
                setattr(connector, field, value)
            connector.version += 1
            connector.save()
            if speaks_differently:
                _void_what_was_asked(agency_id, was, by)
        _lay_out(connector, AT_ONCE, most_at_once, by)
        _lay_out(connector, MINUTE, most_a_minute, by)
        event = ConnectorSet(connector=connector.name, kind=kind, base_url=connector.base_url)
        record(event, agency_id=agency_id, subject=f"connector:{connector.pk}", by=by)
    return connector


def _require_carried_out(kind: str, runs: list[str]) -> None:
    known = set(runs) <= set(AGENT_KINDS) and bool(runs) if kind == "agent" else not runs
    cure = f"Name what it carries out, of {', '.join(AGENT_KINDS)}." if kind == "agent" else "Leave it out."
    require(known, Invalid("These are no commands that this product carries out.", field="runs", cure=cure))


def _require_limit(field: str, most: int | None, highest: int) -> None:
    fits = most is None or (isinstance(most, int) and 1 <= most <= highest)
    require(fits, Invalid("This is no limit.", field=field, cure=f"Write a whole number from 1 to {highest}, or leave it out for none."))


def _lay_out(connector: Connector, purpose: str, most: int | None, by: Actor) -> None:
    """One slot for each call that a limit allows. Those that stay keep what they know of calls that are under way."""
    slots = Slot.objects.filter(connector=connector, agency_id=connector.agency_id, purpose=purpose)
    slots.filter(number__gt=most or 0).delete()
    free = {"agency_id": connector.agency_id, "connector": connector, "purpose": purpose, "free_at": by.now() - timedelta(seconds=1)}
    known = set(slots.values_list("number", flat=True))
    Slot.objects.bulk_create(Slot(number=number, **free) for number in range(1, (most or 0) + 1) if number not in known)


def _is_a_base(address: str) -> bool:
    try:
        parts = urlsplit(address)
        _ = parts.port  # says here whether it is a number
    except ValueError:
        return False
    sound = parts.scheme in ("https", "http") and parts.hostname and address.isprintable() and not {".", ".."} & set(parts.path.split("/"))
    return bool(sound) and not (parts.query or parts.fragment or parts.username)


def _network(text: str) -> str:
    try:
        return str(ip_network(text, strict=False))
    except ValueError as error:
        raise Invalid(f"{text} is no network.", field="named_networks", cure="Write networks like 127.0.0.1/32.") from error


def _require_sound(kind: str, effect: str, lookup: str) -> None:
    """What an admin declares of repeated calls fits the kind of product. Raises Invalid."""
    known = dict(DECLARED)
    require(effect in known, Invalid("There is no such effect.", field="effect", cure=f"Use {', '.join(known)}."))
    declares = kind in ("http", "agent") or effect == EffectClass.UNSAFE
    require(declares, Invalid("This kind of product says itself what its calls do.", field="effect", cure="Leave it out."))
    wanted = effect == EffectClass.VERIFIABLE
    sound = bool(LOOKUP.fullmatch(lookup)) and "/." not in lookup if wanted else not lookup
    cure = "Write a path below the base address with the key in it, like /orders/{key}." if wanted else "Leave it out."
    require(sound, Invalid("This is no way to look a call up.", field="lookup", cure=cure))


def _void_what_was_asked(agency_id: int, connector: str, by: Actor) -> None:
    reason = "The connector changed, so what would run is no longer what was shown."
    asked = Approval.objects.filter(agency_id=agency_id, state=ApprovalState.OPEN, rendered__connector=connector)
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
