"""The judge finds what is lost, what is there twice and what is not done: planted faults, in real rows."""

from dataclasses import replace

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from playbooks.events import RunEnded
from playbooks.models import Effect, Run, StepAttempt
from playbooks.operations.voting import vote
from soc.cases.events import CaseOpened
from soc.cases.intake.splitting import split
from soc.cases.models import Case, Receipt
from soc.cases.operations.intake import receive
from tenants.actors import system
from tenants.gates.opening import opened
from tenants.isolation import scope
from tenants.journal.recording import record
from tenants.journal.sealing import seal_pass
from tenants.journal.sweeping import sweep
from tests.falls.judging import Promised, judge, unfinished
from tests.falls.killing import Kind, order_of
from tests.falls.sending import planned
from tests.playbooks.endpoint_product import endpoint_product

pytestmark = pytest.mark.django_db(transaction=True)

MALWARE = b'{"title": "Malware", "severity": "high", "rule": "outbreak", "entities": [{"type": "host", "value": "ws-1.north.example"}]}'
NOISE = b'{"title": "Noise", "severity": "low", "rule": "noise", "entities": [{"type": "host", "value": "pc-1.north.example"}]}'


class Ground:
    """A floor on which all that was promised was done, and the judge's eyes on it."""

    def __init__(self, cast, product):
        self.cast, self.product = cast, product
        with scope.agency(cast.north.pk):
            answers = receive(items=split(b"[" + MALWARE + b"," + NOISE + b"]", ndjson=False).items, by=cast.north_sensor)
        self.work()
        self.approve()
        self.work()
        while seal_pass():
            pass
        self.seal()
        with scope.floor(None):
            keys = dict(Receipt.objects.values_list("public_id", "key"))
        alerts = frozenset(("north", keys[pk], str(pk)) for pk in keys)
        assert {one.receipt for one in answers} == {receipt for _, _, receipt in alerts}
        self.promised = Promised(alerts)

    def work(self):
        sweep(rounds=100)

    def seal(self):
        for _ in range(6):
            seal_pass()

    def approve(self):
        from playbooks.models import Approval

        with scope.floor(None):
            asked = Approval.objects.get()
        for voter in (self.cast.ana, self.cast.nia):
            with opened(voter):
                vote(approval=str(asked.public_id), hash=asked.hash, vote="approve", reason="Yes", by=voter)

    def rows(self, sql, *given):
        about, owner = connection.settings_dict, settings.DATABASES["default"]["OWNER"]
        place = {"host": about["HOST"], "port": about["PORT"], "dbname": about["NAME"]}
        with psycopg.connect(**place, user=owner["USER"], password=owner["PASSWORD"], autocommit=True) as one:
            result = one.execute(sql, given or None)
            return result.fetchall() if result.description else []

    def judge(self, **changes):
        return judge(replace(self.promised, **changes), self.rows, self.product.isolations.values())


@pytest.fixture
def ground(cast):
    from playbooks.operations.connecting import connect
    from playbooks.operations.publishing import publish_library

    with endpoint_product() as product:
        with scope.floor(None):
            publish_library(by=system("library"))
        with scope.agency(cast.north.pk):
            about = {"kind": "endpoint", "name": "EDR", "base_url": product.address, "named_networks": ["127.0.0.1/32"]}
            connect(agency_id=cast.north.pk, by=cast.ada, **about)
        yield Ground(cast, product)


def test_where_all_was_done_once_the_judge_finds_nothing(ground):
    verdict = ground.judge()
    assert verdict.sound, verdict.report()
    assert verdict.figures() == {"accepted": 2, "stored": 2, "lost": 0, "twice": 0, "unfinished": 0}
    assert verdict.isolations == 1


def test_an_alert_that_was_taken_and_is_not_stored_is_lost(ground):
    verdict = ground.judge(alerts=ground.promised.alerts | {("north", "gone", "00000000-0000-0000-0000-000000000000")})
    assert (verdict.accepted, verdict.stored, verdict.lost) == (3, 2, {"accepted alerts": 1})


def test_an_alert_without_its_bytes_is_lost(ground):
    ground.rows("DELETE FROM cases_body WHERE receipt_id = (SELECT min(receipt_id) FROM cases_body)")
    verdict = ground.judge()
    assert (verdict.stored, verdict.lost) == (1, {"accepted alerts": 1})


def test_a_vote_that_was_taken_and_is_not_there_is_lost(ground):
    assert ground.judge(votes=frozenset({"an approval of nobody"})).lost == {"votes": 1}


def test_an_isolation_that_the_product_does_not_know_is_lost(ground):
    ground.product.isolations.clear()
    assert ground.judge().lost == {"isolations": 1}


def test_two_isolations_of_one_host_are_twice(ground):
    (one,) = ground.product.isolations.values()
    ground.product.isolations["another key"] = {**one, "key": "another key"}
    assert ground.judge().twice == {"isolations of one host": 1, "isolations that no run meant": 1}


def test_a_fact_that_is_told_twice_is_twice_and_not_done(ground):
    with scope.floor(None):
        case, run = Case.objects.get(rule="outbreak"), Run.objects.get()
    fact = CaseOpened(case.pk, case.number, case.title, "high", "", "", "", (), case.opened_at)
    again = RunEnded(run=str(run.public_id), about=run.subject, outcome="done")
    with scope.agency(ground.cast.north.pk):
        record(fact, agency_id=ground.cast.north.pk, subject=case.subject, by=system("test"))
        record(again, agency_id=ground.cast.north.pk, subject=run.journal_subject, by=system("test"))
    verdict = ground.judge()
    assert verdict.twice == {"facts told twice": 2}
    assert set(verdict.unfinished) == {"deliveries open or parked", "journal not sealed"}


def test_a_delivery_whose_effect_happened_twice_is_twice(ground):
    ground.rows("UPDATE live_topiccount SET n = n + 1 WHERE topic LIKE 'run.%'")
    assert ground.judge().twice == {"bells rung twice": 1}


def test_a_second_alert_of_one_receipt_is_twice(ground):
    ground.rows("ALTER TABLE cases_alert DROP CONSTRAINT IF EXISTS cases_alert_receipt_id_key")
    columns = "agency_id, receipt_id, case_id, form, title, severity, rule, rule_name, fingerprint, entity_kind, entity, received_at"
    try:
        ground.rows(f"INSERT INTO cases_alert ({columns}) SELECT {columns} FROM cases_alert ORDER BY id LIMIT 1")
        assert ground.judge().twice == {"alerts of one receipt": 1}
    finally:
        ground.rows("DELETE FROM cases_alert a USING cases_alert b WHERE a.receipt_id = b.receipt_id AND a.id > b.id")
        ground.rows("ALTER TABLE cases_alert ADD CONSTRAINT cases_alert_receipt_id_key UNIQUE (receipt_id)")


def test_a_run_that_went_wrong_is_lost_and_one_that_waits_is_not_done(ground):
    ground.rows("UPDATE playbooks_run SET state = 'failed', detail = 'The engine failed on this run'")
    assert ground.judge().lost == {"runs that did not isolate": 1}
    ground.rows("UPDATE playbooks_run SET state = 'waiting'")
    assert unfinished(ground.rows)["runs not over"] == 1


def test_a_receipt_that_waits_is_not_done(ground):
    with scope.agency(ground.cast.north.pk):
        receive(items=split(b'{"title": "Late"}', ndjson=False).items, by=ground.cast.north_sensor)
    assert unfinished(ground.rows)["receipts pending"] == 1


def test_each_step_of_the_playbook_has_one_effect(ground):
    with scope.floor(None):
        (attempt,) = StepAttempt.objects.filter(rendered__action="endpoint.isolate")
        assert Effect.objects.filter(effect_key=attempt.effect_key).count() == 1
    assert list(ground.product.isolations) == [attempt.effect_key]


def test_kills_are_spread_evenly_over_the_kinds_and_the_seed_gives_their_order():
    kinds = [Kind(name, lambda: True, lambda at: True) for name in "abc"]
    order = [kind.name for kind in order_of(kinds, 20, 1)]
    assert order == [kind.name for kind in order_of(kinds, 20, 1)]
    assert order != [kind.name for kind in order_of(kinds, 20, 2)]
    assert sorted(order.count(name) for name in "abc") == [6, 7, 7]


def test_the_seed_gives_the_stream():
    assert [planned(1, n, ("a", "b"), 5) for n in range(20)] == [planned(1, n, ("a", "b"), 5) for n in range(20)]
    assert sum(planned(1, n, ("a",), 5).alert["severity"] == "high" for n in range(100)) == 20
