"""A floor of any size works like one that was lived: balances, clocks, scorecards and pages agree."""

from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from soc.cases.models import Alert, Body, Case, Observable, Receipt
from soc.cases.queries.intake import balances_of
from soc.clocks.queries.clocks import clocks_out_of_step
from soc.demo.operations.scaling import Size, seed_scale
from soc.scorecards.models import Scorecard
from soc.scorecards.periods import parse
from soc.scorecards.queries.replaying import replayed
from tenants.actors import system
from tenants.errors import Conflict
from tenants.isolation import scope
from tenants.models import Agency, Person

pytestmark = pytest.mark.django_db(transaction=True)
SMALL = Size(agencies=4, cases=120, alerts=700, sightings=500)


@pytest.fixture
def seeded(transactional_db: Any) -> list[str]:
    said: list[str] = []
    seed_scale(size=SMALL, seed=3, by=system("test"), say=said.append)
    return said


def test_it_is_as_large_as_asked_and_agrees_with_itself(seeded: list[str], central: Any) -> None:
    with central():
        assert (Case.objects.count(), Receipt.objects.count(), Body.objects.count()) == (120, 700, 700)
        assert Observable.objects.count() == 500
        assert clocks_out_of_step() == []
        balances = balances_of(list(Agency.objects.values_list("pk", flat=True)))
        assert sum(one.whole.received for one in balances.values()) == 700
        assert sum(one.whole.opened for one in balances.values()) == 120
        for case in Case.objects.all()[:30]:
            alerts = Alert.objects.filter(case=case)
            assert (alerts.count(), max(alerts.values_list("received_at", flat=True))) == (case.alert_count, case.last_alert_at)
        cases = sorted(Case.objects.filter(agency__slug=f"scale-00{at}").count() for at in range(4))
        assert cases[-1] > 2 * cases[0], "few agencies hold most cases"
        assert Case.objects.exclude(state="closed").count() < 30
        assert seeded[-1] == "scorecards and standings"


def test_its_scorecards_are_what_the_journal_adds_up_to(seeded: list[str], central: Any) -> None:
    with central():
        card = Scorecard.objects.order_by("-cases").first()
        assert card is not None and card.cases > 0
    with scope.agency(card.agency_id):
        assert replayed(agency_id=card.agency_id, period=parse(card.period)).differences == ()


def test_its_pages_show_it_and_new_alerts_are_worked_off(seeded: list[str]) -> None:
    client = Client()
    with scope.lobby():
        client.force_login(Person.objects.get(email="lead@scale.example"))
    with scope.floor(None):
        case = Case.objects.order_by("-opened_at").first()
    assert case is not None
    for path in ("/queue/", f"/cases/{case.number}/", "/"):
        assert client.get(path, follow=True).status_code == 200


def test_everything_is_checked_again_afterwards(seeded: list[str]) -> None:
    with connection.as_owner(), connection.cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgname = 'audit_row' AND tgenabled = 'D'")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND conname IN ('alert_case_fk', 'body_receipt_fk')")
        assert cursor.fetchone() == (2,)
        cursor.execute("SELECT count(*) FROM pg_indexes WHERE indexname IN ('case_title_words', 'observable_value_lower', 'alert_case')")
        assert cursor.fetchone() == (3,)


def test_it_refuses_a_floor_that_stands_and_production(cast: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Conflict, match="not empty"):
        seed_scale(size=SMALL, seed=1, by=system("test"), say=print)
    monkeypatch.setattr(settings, "PRODUCTION", True)
    with pytest.raises(Conflict, match="production"):
        seed_scale(size=SMALL, seed=1, by=system("test"), say=print)
