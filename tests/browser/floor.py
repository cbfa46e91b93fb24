"""A whole floor beside the browser: the real site on a port of its own, the work that workers do, the endpoint product."""

import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from django.conf import settings
from django.db import connections
from django.test import Client

from playbooks.models import Approval, Run, Signer, StandingConsent
from playbooks.operations.backtesting import ask_backtest
from playbooks.operations.connecting import connect
from playbooks.operations.consenting import give_consent
from playbooks.operations.drafting import begin_from_version
from playbooks.operations.publishing import publish_library
from playbooks.operations.trusting import trust_signer
from soc.asgi import application
from soc.cases.models import Case, Receipt, Suppression
from soc.clocks.operations.loading import load_facts
from tenants.actors import system
from tenants.gates.opening import opened
from tenants.isolation import scope
from tenants.journal import sweeping
from tenants.models import ApiToken, Delivery, Membership, Person, SensorKey
from tenants.operations.agencies import move_agency, register_agency
from tenants.operations.people import add_person, grant
from tests.browser.story import BROKEN, NORTH, SCAN, SOUTH, SOUTHERN, WAITING, work_the_cases
from tests.cast import PASSWORD, ApiClient, Cast, set_the_stage
from tests.playbooks.endpoint_product import EndpointProduct, endpoint_product
from tests.playbooks.signatures import new_pem

SWEEP_SECONDS = 0.2


@dataclass
class Floor:
    """What the tests know of the running floor."""

    address: str
    cast: Cast
    product: EndpointProduct
    people: dict[str, Person]
    things: dict[str, Any] = field(default_factory=dict)

    def api(self, who: str) -> ApiClient:
        """A program with the token of a person, or with the key of an agency (`north_key`)."""
        return ApiClient(getattr(self.cast, who) if who.endswith("_key") else self.cast.tokens[who])

    def session_of(self, who: str) -> str:
        """The key of a fresh session, as after a sign-in."""
        client = Client()
        with scope.lobby():
            client.force_login(self.people[who])
        return str(client.cookies[settings.SESSION_COOKIE_NAME].value)

    def send(self, alert: Any, *, agency: str = "north") -> list[str]:
        """Post alerts as a sensor does, over HTTP; gives the receipts."""
        key = self.cast.north_key if agency == "north" else self.cast.south_key
        answer = httpx.post(
            f"{self.address}/api/v1/alerts", json=alert, headers={"Authorization": f"Bearer {key}"}, timeout=30, trust_env=False
        )
        assert answer.status_code == 202, answer.text
        return [item["receipt"] for item in answer.json()["items"]]

    def case_of(self, receipt: str) -> str:
        """The number of the case that an alert opened, once a worker came by."""
        return str(self.until(lambda: self._number(receipt), f"the alert {receipt} opens a case"))

    def _number(self, receipt: str) -> str | None:
        with scope.floor(None):
            found = Receipt.objects.get(public_id=receipt)
            return Case.objects.get(pk=found.case_id).number if found.case_id else None

    def approval_of(self, number: str) -> dict[str, Any]:
        """The approval that waits about a case."""
        lee = self.api("lee")

        def asked() -> dict[str, Any] | None:
            found = lee.get(f"/api/v1/approvals?case={number}").json()["results"]
            return found[0] if found else None

        return self.until(asked, f"a playbook asks about {number}")

    def act(self, who: str, number: str, verb: str, **body: Any) -> Any:
        """One verb through the API, with the version as it is now."""
        api = self.api(who)
        version = api.get(f"/api/v1/cases/{number}").json()["version"]
        answer = api.send(f"/api/v1/cases/{number}/{verb}", body, version=version)
        assert answer.status_code == 200, answer.content
        return answer.json()

    @staticmethod
    def until(look: Any, what: str, seconds: float = 30) -> Any:
        """Look again and again; fail in words."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := look():
                return found
            time.sleep(0.1)
        raise AssertionError(f"It did not happen within {seconds:.0f} seconds that {what}.")


@contextmanager
def site() -> Iterator[str]:
    """The site as it runs for people, on a free port."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(application, log_config=None, lifespan="off", ws_ping_interval=None))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        server.force_exit = True
        thread.join(15)


@contextmanager
def worker() -> Iterator[None]:
    """What a worker does: everything that is due, again and again."""
    stop = threading.Event()

    def work() -> None:
        try:
            while not stop.wait(SWEEP_SECONDS):
                sweeping.sweep()
        finally:
            connections.close_all()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)


@contextmanager
def running_floor() -> Iterator[Floor]:
    """One stage for every browser test: two agencies at work, a third without a case, people of every role."""
    os.environ["SECRET_EDR"] = "the-secret-of-the-product"
    logging.getLogger("watchfloor.requests").setLevel(logging.WARNING)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    cast = set_the_stage()
    made = system("stage")
    with endpoint_product() as product, site() as address, worker():
        floor = Floor(address=address, cast=cast, product=product, people=dict(cast.people))
        prepare(floor, made)
        receipts = floor.send(NORTH) + floor.send(SOUTH, agency="south") + floor.send(BROKEN)
        numbers = [floor.case_of(receipt) for receipt in receipts[:-1]]
        floor.until(lambda: floor.api("lee").get("/api/v1/dead-letters").json()["results"], "the broken alert is a dead letter")
        floor.approval_of(numbers[WAITING])
        floor.approval_of(numbers[SOUTHERN])
        work_the_cases(floor, numbers)
        floor.things = things_of(floor, numbers)
        yield floor


def prepare(floor: Floor, made: Any) -> None:
    """The law, the library, the products, a standing consent of the north, and people that the cast lacks."""
    cast = floor.cast
    with scope.floor(None):
        load_facts(by=made)
        publish_library(by=made)
        trust_signer(name="The press", pem=new_pem(), by=made)
        for agency in (cast.north, cast.south):
            connect(
                agency_id=agency.pk,
                kind="endpoint",
                name=f"{agency.acronym.title()} EDR",
                base_url=floor.product.address,
                named_networks=["127.0.0.1/32"],
                secret_name="edr",
                by=cast.ada,
            )
        register_agency(slug="west", name="Western Bureau of Quiet", acronym="WEST", by=made, invented=True)
        move_agency(slug="west", state="onboarding", version=1, by=made)
        move_agency(slug="west", state="live", version=2, by=made)
        for short, name, roles in (
            ("eve", "Eve Quill", [("analyst", "west")]),
            ("duo", "Dora Unger", [("liaison", "north"), ("liaison", "south")]),
        ):
            person = add_person(email=f"{short}@watchfloor.example", name=name, password=PASSWORD, by=made)
            for role, agency in roles:
                grant(person=person.public_id, role=role, agency=agency, by=made)
            floor.people[short] = person
    with scope.agency(cast.north.pk):
        give_consent(actions=["endpoint.isolate"], note="Agreed when we joined.", by=cast.nia)


def things_of(floor: Floor, numbers: list[str]) -> dict[str, Any]:
    """What addresses name, by the word that the wall table uses for it."""
    with opened(floor.cast.ana):
        draft = str(begin_from_version(book="malware-on-a-host", by=floor.cast.ana).public_id)
    with scope.floor(None):
        run, southern = (Run.objects.get(subject=f"case:{Case.objects.get(number=numbers[place]).pk}") for place in (WAITING, SOUTHERN))
        # What is parked holds up all that comes later about the same thing, so it is of a case that no test works on.
        quiet = Case.objects.get(number=numbers[SCAN])
        delivery = Delivery.objects.filter(agency=floor.cast.north, subject=f"case:{quiet.pk}").earliest("id")
        Delivery.objects.filter(pk=delivery.pk).update(state="parked", error="ConnectionError: the other side did not answer")
        return {
            "agency": "north",
            "instrument": "m-25-04",
            "case": numbers[WAITING],
            "numbers": numbers,
            "verb": "claim",
            "letter": str(Receipt.objects.filter(state="dead").latest("id").public_id),
            "run": str(run.public_id),
            "approval": str(Approval.objects.get(run=run).public_id),
            "suppression": str(Suppression.objects.latest("id").public_id),
            "consent": str(StandingConsent.objects.get(agency=floor.cast.north).public_id),
            "key": SensorKey.objects.filter(agency=floor.cast.north).latest("id").prefix,
            "person": str(floor.people["nia"].public_id),
            "membership": str(Membership.objects.get(person=floor.people["nia"]).public_id),
            "delivery": delivery.pk,
            "token": ApiToken.objects.get(person=floor.people["ana"]).prefix,
            "book": "malware-on-a-host",
            "question": str(ask_backtest(book="malware-on-a-host", days=30, way="all", by=system("stage"))),
            "signer": str(Signer.objects.get().public_id),
            "draft": draft,
            "southern_run": str(southern.public_id),
            "southern_approval": str(Approval.objects.get(run=southern).public_id),
        }
