"""A small simulated floor, played through the operations: what must stand when it is ready."""

import json
import stat
from datetime import UTC, datetime

import httpx
import pytest
from django.conf import settings

from soc.cases.models import Receipt
from soc.demo import places
from soc.demo.operations import building
from soc.demo.people import AGENCIES
from soc.demo.scenario import plan
from soc.demo.stand_in import serve_in_background
from tenants.actors import system
from tenants.errors import Conflict
from tenants.isolation import scope
from tenants.models import Agency, Delivery, Entry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "VAR", tmp_path)
    return tmp_path


def small_week():
    few = (("high", "new", 7.0), ("medium", "triage", -41.0), ("low", "contained", 0.0))
    return plan(3, datetime.now(UTC), closed=10, open_now=few)


def test_a_floor_is_built_once_through_operations_and_says_who_may_sign_in(home):
    week, said = small_week(), []
    assert building.build(by=system("demo"), say=said.append, week=week, processes=0)

    signs_in = json.loads(places.sign_ins().read_text())
    assert {"analyst", "watch_lead", "admin", "auditor", "liaison"} == {one["role"] for one in signs_in}
    assert len({one["agency"] for one in signs_in if one["role"] == "liaison"}) >= 2
    assert all(set(one) == {"role", "email", "password", "agency"} and len(one["password"]) >= 15 for one in signs_in)
    assert stat.S_IMODE(places.sign_ins().stat().st_mode) == 0o600

    with scope.floor(None):
        assert Agency.objects.filter(state="live", invented=True).count() == len(AGENCIES)
        assert Agency.objects.filter(state="prospective", invented=False).count() == 101
        kinds = dict.fromkeys(Entry.objects.values_list("kind", flat=True))
        opened = Entry.objects.filter(kind="cases.CaseOpened").count()
        assert not Delivery.objects.exclude(state="done").exists()
        assert not Entry.objects.filter(kind__startswith="cases.", at__gt=datetime.now(UTC)).exists()
        assert Entry.objects.filter(kind="cases.CaseOpened").order_by("at").first().at.date() < week.now.date()
        assert Receipt.objects.filter(state="dead").count() == 3
    assert opened == len(week.cases)
    assert {"cases.CaseClaimed", "cases.CaseClosed", "playbooks.RunStarted", "scorecards.ScorecardMoved"} <= set(kinds)

    # What was approved was told to the stand-in product, and a restart of that finds it again.
    with scope.floor(None):
        approved = Entry.objects.filter(kind="playbooks.ApprovalDecided", data__outcome="approved").count()
    product = serve_in_background(0, places.stand_in_memory())
    try:
        told = httpx.get(f"{product.address}/isolations", trust_env=False).json()
    finally:
        product.shutdown()
    assert len(told) == approved and all(one["requests"] == 1 for one in told)

    before = places.sign_ins().read_text()
    assert not building.build(by=system("demo"), say=said.append, week=week, processes=0)
    assert places.sign_ins().read_text() == before


def test_where_the_clock_may_not_be_set_there_is_no_floor_and_nothing_is_made(home, monkeypatch):
    monkeypatch.setattr(settings, "SETTABLE_CLOCK", False)
    with pytest.raises(Conflict):
        building.build(by=system("demo"), say=lambda text: None, week=small_week(), processes=0)
    assert not places.sign_ins().exists()
    with scope.floor(None):
        assert not Agency.objects.exists()


def test_a_build_that_was_cut_short_is_named_and_not_mended_in_secret(home, monkeypatch):
    def fails(*args, **kwargs):
        raise RuntimeError("cut short")

    with monkeypatch.context() as cut:
        cut.setattr(building, "play", fails)
        with pytest.raises(RuntimeError):
            building.build(by=system("demo"), say=lambda text: None, week=small_week(), processes=0)
    said = []
    assert not building.build(by=system("demo"), say=said.append, week=small_week(), processes=0)
    assert "cut short" in said[0]
    assert not places.floor().exists()
