"""Founding the simulated floor: agencies, people, keys, call trees, connectors, consents, books."""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import tenants
from playbooks.operations.connecting import connect
from playbooks.operations.consenting import give_consent
from playbooks.operations.publishing import publish_library
from soc.demo.people import AGENCIES, LIAISONS, PEOPLE, DemoPerson, liaison_of
from tenants.actors import Actor, system
from tenants.gates.opening import opened
from tenants.isolation import scope
from tenants.models import Agency, Person, SensorKey
from tenants.operations.agencies import move_agency, register_agency, set_call_tree
from tenants.operations.keys import create_sensor_key
from tenants.operations.people import add_person, grant

SOURCES = ("endpoint", "network", "identity", "mail", "cloud")
NIGHT_DUTY = "Duty officer"
WORDS = (
    "harbor", "lantern", "meadow", "copper", "winter", "ribbon", "canyon", "orchard", "pepper", "signal", "timber", "velvet", "walnut",
    "anchor", "basket", "candle", "dragon", "ember", "falcon", "garden", "island", "jigsaw", "kettle", "ladder", "marble", "needle",
)  # fmt: skip


@dataclass
class Troupe:
    """Everyone who acts in the history: actors by person's key (and agency, for liaisons), sensors by agency and source."""

    agencies: dict[str, int] = field(default_factory=dict)
    people: dict[str, Actor] = field(default_factory=dict)
    sensors: dict[tuple[str, str], Actor] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)  # secrets of the endpoint keys, for the live alerts
    sign_ins: list[dict[str, Any]] = field(default_factory=list)

    def actor(self, key: str, slug: str) -> Actor:
        """A person at work about one agency."""
        found = self.people[key]
        return replace(found, agency_id=self.agencies[slug]) if found.role == "liaison" else found


def found_the_floor(*, at: datetime, stand_in: str) -> Troupe:
    """Make everything that stands before the first alert, as of `at`."""
    by = system("demo", clock=lambda: at)
    troupe = Troupe()
    with scope.floor(None, actor=by.name):
        for agency in AGENCIES:
            made = register_agency(
                slug=agency.slug,
                name=agency.name,
                acronym=agency.acronym,
                size_class=agency.size_class,
                cfo_act=agency.size_class == "cfo_act",
                time_zone=agency.time_zone,
                invented=True,
                by=by,
            )
            move_agency(slug=agency.slug, state="onboarding", version=1, by=by)
            move_agency(slug=agency.slug, state="live", version=2, by=by)
            troupe.agencies[agency.slug] = made.pk
            set_call_tree(slug=agency.slug, contacts=_call_tree(agency.slug), by=by)
            for source in SOURCES:
                key, secret, _ = create_sensor_key(agency=agency.slug, name=source, by=by)
                troupe.sensors[agency.slug, source] = _sensor(key)
                if source == "endpoint":
                    troupe.keys[agency.slug] = secret
        for person in PEOPLE:
            _engage(person, troupe, by)
        publish_library(by=by)
    for agency in AGENCIES:
        _connect(agency.slug, stand_in, troupe, by)
        if agency.consents:
            _consent(agency.slug, troupe, lambda: at)
    return troupe


def list_the_real_agencies(*, at: datetime) -> int:
    """Put the real civilian agencies into the directory as prospective, without any figures. Returns how many were new."""
    by = system("demo", clock=lambda: at)
    with scope.floor(None, actor=by.name):
        known = set(Agency.objects.values_list("slug", flat=True))
        told = json.loads((Path(tenants.__file__).parent / "facts" / "fceb_agencies.json").read_text())
        new = [one for one in told["agencies"] if one["slug"] not in known]
        for one in new:
            size = "cfo_act" if one["cfo_act"] else "small"
            register_agency(slug=one["slug"], name=one["name"], acronym=one["acronym"], size_class=size, cfo_act=one["cfo_act"], by=by)
    return len(new)


def _engage(person: DemoPerson, troupe: Troupe, by: Actor) -> None:
    password = _password() if person.signs_in else None
    made = add_person(email=person.email, name=person.name, password=password, time_zone=person.time_zone, by=by)
    for agency in person.agencies or (None,):
        grant(person=made.public_id, role=person.role, agency=agency, by=by)
    troupe.people[person.key] = _actor(made, person, troupe)
    if password is not None:
        home = person.agencies[0] if person.role == "liaison" else None
        troupe.sign_ins.append({"role": person.role, "email": made.email, "password": password, "agency": home})


def _actor(made: Person, person: DemoPerson, troupe: Troupe) -> Actor:
    agencies = frozenset(troupe.agencies[slug] for slug in person.agencies) if person.agencies and person.role != "liaison" else None
    return Actor(kind="person", name=f"person:{made.pk}", label=made.name, role=person.role, person_id=made.pk, agencies=agencies)


def _sensor(key: SensorKey) -> Actor:
    # Without its key's id: what a sensor may send in a second does not hold for a week told in a minute.
    return Actor(kind="sensor", name=f"key:{key.pk}", label=key.name, role="sensor", agency_id=key.agency_id)


def _call_tree(slug: str) -> list[dict[str, Any]]:
    first = liaison_of(slug)
    night = {
        "name": NIGHT_DUTY,
        "title": "Out of hours",
        "phone": f"+1 202 555 01{60 + [a.slug for a in AGENCIES].index(slug):02d}",
        "out_of_hours": True,
    }
    return [{"name": first.name, "title": first.title, "phone": first.phone, "email": first.email}, night]


def _connect(slug: str, stand_in: str, troupe: Troupe, by: Actor) -> None:
    with scope.agency(troupe.agencies[slug], actor=by.name):
        connect(
            agency_id=troupe.agencies[slug],
            kind="endpoint",
            name="Endpoint product (stand-in)",
            base_url=stand_in,
            allowed_hosts=["127.0.0.1"],
            named_networks=["127.0.0.1/32"],
            by=by,
        )


def _consent(slug: str, troupe: Troupe, clock: Callable[[], datetime]) -> None:
    giver = next(person for person in LIAISONS if slug in person.agencies)
    by = troupe.actor(giver.key, slug).at(clock)
    with opened(by):
        give_consent(actions=["endpoint.isolate"], note="Workstations and laptops, at any hour.", by=by)


def _password() -> str:
    return "-".join([*secrets.SystemRandom().sample(WORDS, 4), str(secrets.randbelow(90) + 10)])
