"""Two agencies behind the wall: one world a module, and the north's things alone."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from playbooks.models import Approval, Run, StandingConsent, StepAttempt
from playbooks.operations.backtesting import ask_backtest
from playbooks.operations.connecting import connect
from playbooks.operations.consenting import give_consent
from playbooks.operations.drafting import begin_blank
from playbooks.operations.publishing import publish_library
from playbooks.operations.trusting import trust_signer
from soc.cases.models import Case, Receipt, Suppression
from soc.clocks.operations.loading import load_facts
from tenants.actors import system
from tenants.gates.opening import opened
from tenants.isolation import scope
from tenants.models import ApiToken, Delivery, Membership, SensorKey
from tests.cast import ApiClient, Cast
from tests.playbooks.signatures import new_pem
from tests.walls.driving import fingerprint, ids_by_agency
from tests.walls.world import World, build, undone

LSASS = {"title": "LSASS read", "severity": "critical", "rule": "lsass", "entities": [{"type": "host", "value": "north-ws-1"}]}
BEACON = {"title": "Beacon", "severity": "low", "rule": "beacon", "entities": [{"type": "host", "value": "north-ws-2"}]}


@pytest.fixture
def norths(cast: Cast, monkeypatch: pytest.MonkeyPatch, deliver_all: Callable[[], int]) -> dict[str, Any]:
    """What the paths name, by the word that the wall table uses."""
    monkeypatch.setenv("SECRET_EDR", "the-secret-of-the-product")
    with scope.floor(None):
        load_facts(by=system("test"))
        publish_library(by=system("test"))
        signer, _ = trust_signer(name="The press", pem=new_pem(), by=system("test"))
        connect(
            agency_id=cast.north.pk, kind="endpoint", name="EDR", base_url="http://127.0.0.1:9", named_networks=["127.0.0.1/32"],
            secret_name="edr", by=cast.ada,
        )  # fmt: skip
    with scope.agency(cast.north.pk):
        give_consent(actions=["endpoint.isolate"], note="Agreed", by=cast.nia)
    with opened(cast.ana):
        draft = begin_blank(name="A draft", by=cast.ana)
        question = ask_backtest(book="malware-on-a-host", days=30, way="own", agencies=["north"], by=cast.ana)
    sensor, ana = ApiClient(cast.north_key), ApiClient(cast.tokens["ana"])
    receipt = sensor.send("/api/v1/alerts", LSASS).json()["items"][0]["receipt"]
    sensor.send("/api/v1/alerts", [BEACON, {"nothing": "known"}])
    deliver_all()
    with scope.floor(None):
        case = Case.objects.get(rule="lsass")
        beacon = Case.objects.get(rule="beacon")
    answer = ana.send(
        f"/api/v1/cases/{beacon.number}/suppress", {"until": "2099-01-01T00:00:00Z", "reason": "Noise."}, version=beacon.version
    )
    if answer.status_code == 422:  # the end is too far ahead: take what the cure allows
        from datetime import UTC, datetime, timedelta

        until = (datetime.now(UTC) + timedelta(days=30)).isoformat()
        answer = ana.send(f"/api/v1/cases/{beacon.number}/suppress", {"until": until, "reason": "Noise."}, version=beacon.version)
    assert answer.status_code == 200, answer.content
    deliver_all()
    with scope.floor(None):
        delivery = Delivery.objects.filter(agency=cast.north).latest("id")
        Delivery.objects.filter(pk=delivery.pk).update(state="parked")
        run = Run.objects.get(subject=f"case:{case.pk}")
        return {
            "agency": cast.north.slug,
            "instrument": "m-25-04",
            "case": case.number,
            "verb": "claim",
            "receipt": receipt,
            "letter": str(Receipt.objects.get(state="dead").public_id),
            "run": str(run.public_id),
            "question": str(question),
            "step": str(StepAttempt.objects.filter(run=run).latest("id").public_id),
            "book": "malware-on-a-host",
            "draft": str(draft.public_id),
            "signer": str(signer.public_id),
            "approval": str(Approval.objects.get(run=run).public_id),
            "suppression": str(Suppression.objects.get().public_id),
            "consent": str(StandingConsent.objects.get(agency=cast.north).public_id),
            "key": SensorKey.objects.filter(agency=cast.north).latest("id").prefix,
            "person": str(cast.people["nia"].public_id),
            "membership": str(Membership.objects.get(person=cast.people["nia"]).public_id),
            "delivery": delivery.pk,
            "token": ApiToken.objects.get(person=cast.people["ana"]).prefix,
        }


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Both agencies with all that they hold, once a module; each test's own changes are rolled back."""
    with django_db_blocker.unblock(), undone(), pytest.MonkeyPatch.context() as patched:
        patched.setenv("SECRET_EDR", "the-secret-of-the-product")
        yield build()


@pytest.fixture(scope="module")
def ids(world: World) -> dict[bytes, str]:
    """Every id of the world's agencies, with whose it is."""
    return ids_by_agency(world)


@pytest.fixture(scope="module")
def before(world: World) -> dict[Any, dict[str, str]]:
    """The rows of the world as it was made: of all (None) and of each agency."""
    return {None: fingerprint(), **{agency: fingerprint(pk) for agency, pk in world.agency_ids.items()}}


@pytest.fixture
def savepoint() -> Callable[[], AbstractContextManager[None]]:
    """`with savepoint(): ...`: what is done inside is undone."""
    return undone
