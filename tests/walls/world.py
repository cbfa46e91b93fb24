"""Two agencies that are equal in everything, each with words of its own planted in all that it holds."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.test import Client

from playbooks.models import Approval, Backtest, Run, Signer, StandingConsent, StepAttempt
from playbooks.operations.backtesting import ask_backtest
from playbooks.operations.connecting import connect
from playbooks.operations.consenting import give_consent
from playbooks.operations.drafting import begin_blank
from playbooks.operations.publishing import publish_library
from playbooks.operations.trusting import trust_signer
from playbooks.operations.voting import vote
from soc.cases.models import Case, Note, Receipt, Suppression, Task
from soc.cases.operations.grading import edit
from soc.cases.operations.noting import add_task, note
from soc.cases.operations.opening import open_by_hand
from soc.cases.operations.releasing import release
from soc.cases.operations.suppressing import suppress
from soc.clocks.operations.loading import load_facts
from tenants.actors import Actor, system
from tenants.gates.identifying import actor_of
from tenants.gates.opening import opened
from tenants.isolation import scope
from tenants.journal import sweeping
from tenants.models import ApiToken, Delivery, Membership, SensorKey
from tenants.operations.agencies import set_call_tree
from tenants.operations.keys import create_sensor_key, create_token, revoke_sensor_key
from tenants.operations.people import add_person, grant
from tests.cast import PASSWORD, ApiClient, Cast, set_the_stage
from tests.playbooks.signatures import new_pem

AGENCIES = ("north", "south")
# An analyst and a watch lead of each agency alone; the cast has the others.
MORE_PEOPLE = {
    "nor": ("Nora Voss", "analyst", "north"),
    "led": ("Lena Dorn", "watch_lead", "north"),
    "sid": ("Sid Marsh", "watch_lead", "south"),
}
WORKERS = {"north": "nor", "south": "zoe"}
LIAISONS = {"north": "nia", "south": "sol"}


def word(agency: str, kind: str) -> str:
    """A word of one agency that stands nowhere else, by who may read it (driving.py, READERS)."""
    return f"zq{agency}{kind}"


@dataclass
class World:
    """What stands on both sides of the wall. `things` has what an address, a body or a header may name."""

    cast: Cast
    people: dict[str, Any] = field(default_factory=dict)
    actors: dict[str, Actor] = field(default_factory=dict)
    bearers: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)  # prefixes, by whose they are
    drafts: dict[str, str] = field(default_factory=dict)  # of books, by who writes them
    things: dict[str, dict[str, Any]] = field(default_factory=dict)
    agency_ids: dict[str, int] = field(default_factory=dict)
    at: datetime = datetime.min  # when all of it stood; the clock of every call stands still there

    def other(self, agency: str) -> str:
        return AGENCIES[1 - AGENCIES.index(agency)]


@contextmanager
def undone() -> Iterator[None]:
    """A transaction that is rolled back, inside which the gates open theirs as they do in a TestCase."""
    atomic = transaction.atomic()
    atomic._from_testcase = True  # type: ignore[attr-defined]
    with atomic:
        try:
            yield
        finally:
            transaction.set_rollback(True)


def build() -> World:
    """Make everything through the doors that make it. Call inside `undone()`, or with committed rows."""
    world = World(set_the_stage())
    _people(world)
    with scope.floor(None):
        load_facts(by=system("test"))
        publish_library(by=system("test"))
        trust_signer(name="The press", pem=new_pem(), by=system("test"))
    for short in ("nor", "zoe", "led", "ada", "ana", "lee"):
        with opened(world.actors[short]):
            world.drafts[short] = str(begin_blank(name="A draft", by=world.actors[short]).public_id)
    for agency in AGENCIES:
        _furnish(world, agency)
    sweeping.sweep(rounds=200)
    for agency in AGENCIES:
        _work(world, agency)
    sweeping.sweep(rounds=200)
    for agency in AGENCIES:
        world.things[agency] = _things(world, agency)
    world.things["unknown"] = _nothing()
    world.at = datetime.now(UTC)
    return world


def _people(world: World) -> None:
    cast, made = world.cast, system("cast")
    world.people.update(cast.people)
    world.bearers.update(cast.tokens)
    with scope.floor(None, actor="system:cast"):
        for short, (name, role, agency) in MORE_PEOPLE.items():
            person = add_person(email=f"{short}@watchfloor.example", name=name, password=PASSWORD, by=made)
            grant(person=person.public_id, role=role, agency=agency, by=made)
            world.people[short] = person
            world.bearers[short] = create_token(email=person.email, by=made)[1]
        for agency in AGENCIES:
            world.agency_ids[agency] = getattr(cast, agency).pk
            _, secret, _ = create_sensor_key(agency=agency, name=f"edr {word(agency, 'held')}", by=made)
            world.bearers[f"{agency}_key"] = secret
        revoked, world.bearers["revoked"], _ = create_sensor_key(agency="north", name="old", by=made)
        revoke_sensor_key(prefix=revoked.prefix, by=cast.ada)
        expired, world.bearers["expired"], _ = create_token(email="lee@watchfloor.example", by=made)
        ApiToken.objects.filter(pk=expired.pk).update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    with scope.lobby():
        for short, person in world.people.items():
            client = Client()
            client.force_login(person)
            world.sessions[short] = client.cookies[settings.SESSION_COOKIE_NAME].value
            if short != "stranger":
                world.actors[short] = actor_of(person)  # type: ignore[assignment]
                world.tokens[short] = world.bearers[short].split("_")[1]


def _furnish(world: World, agency: str) -> None:
    """What an agency brings: a product, a consent, whom to call, and its alerts, one of them beyond understanding."""
    inside, shown, sent, held, raw = (word(agency, kind) for kind in ("inside", "shown", "sent", "held", "raw"))
    with scope.floor(None):
        connect(
            agency_id=world.agency_ids[agency], kind="endpoint", name=f"EDR {shown}", base_url="http://127.0.0.1:9",
            named_networks=["127.0.0.1/32"], secret_name="edr", by=world.cast.ada,
        )  # fmt: skip
        contact = {"name": f"Night {held}", "phone": "1", "email": f"{held}@agency.example", "out_of_hours": True}
        set_call_tree(slug=agency, contacts=[contact], by=world.cast.ada)
    with scope.agency(world.agency_ids[agency]):
        give_consent(actions=["endpoint.confirm"], note=f"Agreed {held}", by=world.actors[LIAISONS[agency]])
    sensor = ApiClient(world.bearers[f"{agency}_key"])
    malware = {
        "title": f"Malware {shown}", "severity": "critical", "rule": f"malware {sent}",
        "entities": [{"type": "host", "value": f"{shown}-ws-1"}], "observables": [{"type": "domain", "value": f"{inside}.example"}],
        "techniques": ["T1003.001"],
    }  # fmt: skip
    beacon = {
        "title": f"Beacon {shown}",
        "severity": "low",
        "rule": f"beacon {sent}",
        "entities": [{"type": "host", "value": f"{shown}-ws-2"}],
    }
    answer = sensor.send("/api/v1/alerts", malware, key="the-same-key")
    assert answer.status_code == 202, answer.content
    world.things[agency] = {"receipt": answer.json()["items"][0]["receipt"]}
    alone = sensor.send("/api/v1/alerts", {**beacon, "title": f"Beacon again {shown}"}, key=f"alone-{agency}")
    assert alone.status_code == 202, alone.content
    assert sensor.send("/api/v1/alerts", [beacon, {"nothing": f"known {raw}"}]).status_code == 202


def _work(world: World, agency: str) -> None:
    """What people of the floor and of the agency add."""
    inside, shown = word(agency, "inside"), word(agency, "shown")
    by = world.actors[WORKERS[agency]]

    def do(verb: Any, case: Case, who: Actor = by, **asked: Any) -> Case:
        found: Case = verb(number=case.number, version=Case.objects.get(pk=case.pk).version, by=who, **asked)
        return found

    with opened(by):
        case = Case.objects.get(agency_id=world.agency_ids[agency], title__startswith="Malware")
        do(edit, case, title=case.title, summary=f"Summary {inside}")
        do(note, case, text=f"Internal note {inside}")
        do(note, case, text=f"Released note {shown}", visibility="released")
        do(add_task, case, title=f"Internal task {inside}")
        do(add_task, case, title=f"Released task {shown}")
        do(release, case, items=[Task.objects.get(case=case, title__startswith="Released").ref])
        beacon = Case.objects.get(agency_id=world.agency_ids[agency], title__startswith="Beacon")
        until = (datetime.now(UTC) + timedelta(days=30)).isoformat()
        do(suppress, beacon, until=until, reason=f"Noise {inside}")
        open_by_hand(agency=agency, title=f"Quiet {inside}", severity="high", reason=inside, by=by, restricted=True)
        approval = Approval.objects.get(agency_id=world.agency_ids[agency])
        vote(approval=str(approval.public_id), hash=approval.hash, vote="approve", reason=f"Seen {shown}", by=by)
        ask_backtest(book="malware-on-a-host", days=30, way="own", agencies=[agency], by=by)
    kept = ApiClient(world.bearers[WORKERS[agency]])
    version = kept.get(f"/api/v1/cases/{case.number}").json()["version"]
    path = f"/api/v1/cases/{case.number}/note"
    answer = kept.send(path, {"text": f"Once {inside}"}, version=version, key=f"once-{agency}")
    assert answer.status_code == 200, answer.content
    browser = Client()
    browser.cookies[settings.SESSION_COOKIE_NAME] = world.sessions[WORKERS[agency]]
    world.things[agency]["once"] = str(uuid.uuid4())
    form = {"text": f"By form {inside}", "version": answer.json()["version"], "once": world.things[agency]["once"]}
    assert browser.post(f"/cases/{case.number}/note/", form).status_code == 302
    with scope.agency(world.agency_ids[agency]):
        parked = Delivery.objects.latest("id")
        Delivery.objects.filter(pk=parked.pk).update(state="parked", error=f"It failed on {word(agency, 'raw')}")


def _things(world: World, agency: str) -> dict[str, Any]:
    liaison = world.people[LIAISONS[agency]]
    with scope.agency(world.agency_ids[agency]):
        case = Case.objects.get(title__startswith="Malware")
        run = Run.objects.get(subject=f"case:{case.pk}")
        approval = Approval.objects.get(run=run)
        note_inside = Note.objects.get(case=case, text__startswith="Internal")
        restricted = Case.objects.get(restricted=True)
        return world.things[agency] | {
            "agency": agency,
            "instrument": "m-25-04",
            "case": case.number,
            "restricted": restricted.number,
            "version": case.version,
            "verb": "claim",
            "title": case.title,
            "observable": f"{word(agency, 'inside')}.example",
            "item": note_inside.ref,
            "task": Task.objects.get(case=case, title__startswith="Internal").ref,
            "letter": str(Receipt.objects.get(state="dead").public_id),
            "run": str(run.public_id),
            "step": str(StepAttempt.objects.filter(run=run).latest("id").public_id),
            "book": "malware-on-a-host",
            "signer": str(Signer.objects.get().public_id),
            "approval": str(approval.public_id),
            "hash": approval.hash,
            "suppression": str(Suppression.objects.get().public_id),
            "consent": str(StandingConsent.objects.get().public_id),
            "key": SensorKey.objects.filter(agency_id=world.agency_ids[agency], revoked_at=None).latest("id").prefix,
            "person": str(liaison.public_id),
            "membership": str(Membership.objects.get(person=liaison).public_id),
            "owner": world.people[WORKERS[agency]].email,
            "delivery": Delivery.objects.get(state="parked").pk,
            "question": str(Backtest.objects.get().question),
            "size": "small",
            "opened_at": case.opened_at.isoformat(),
            "case_id": case.pk,
        }


def _nothing() -> dict[str, Any]:
    """Names of the right shape that nothing has."""

    def one() -> str:
        return str(uuid.uuid4())

    return {
        "agency": "nowhere", "instrument": "m-99-99", "case": "NOWHERE-2026-000001",
        "restricted": "NOWHERE-2026-R00001", "version": 1, "verb": "claim", "title": "Malware zqnowhereshown",
        "observable": "zqnowhereinside.example", "item": f"note:{one()}", "task": f"task:{one()}", "letter": one(), "run": one(),
        "step": one(), "book": "no-such-book", "signer": one(), "approval": one(), "hash": "0" * 64, "suppression": one(),
        "consent": one(), "key": "f" * 12, "person": one(), "membership": one(), "owner": "nobody@watchfloor.example",
        "delivery": 999_999_999, "token": "e" * 12, "receipt": one(), "opened_at": "2026-01-01T00:00:00+00:00", "case_id": 999_999_999,
        "once": one(), "size": "small", "question": one(), "draft": one(),
    }  # fmt: skip
