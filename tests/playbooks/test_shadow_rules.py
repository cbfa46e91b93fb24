"""A trigger rule in shadow: its runs begin beside production and do nothing, what they saw is counted, and an admin lets it go live."""

import pytest

from playbooks.models import Approval, Run, TriggerRule
from playbooks.operations.ruling import set_rule_mode
from playbooks.operations.starting import start_matching_runs
from playbooks.queries.shadows import rules_view
from playbooks.states import RuleMode, RunMode, RunState
from tenants.actors import system
from tenants.errors import Conflict, Invalid, NotAllowed
from tenants.gates.opening import opened
from tenants.isolation import scope
from tenants.models import Entry

pytestmark = pytest.mark.django_db(transaction=True)
BOOK, RULE = "malware-on-a-host", "severe-case-with-a-host"


def change(stage, mode, *, by=None, reason="To see", rule=RULE):
    by = by or stage.cast.ada
    with opened(by):
        return set_rule_mode(book=BOOK, rule=rule, mode=mode, reason=reason, by=by)


def seen(stage, by=None):
    by = by or stage.cast.ana
    with opened(by):
        return rules_view(BOOK, by).rules[0].seen


def triggered(stage, subject="case:1"):
    one = stage.cast.north
    facts = {"severity": "high", "hosts": ["ws-1.north.example"], "number": "T-1", "title": "Malware", "entity_kind": "host"}
    with scope.agency(one.pk):
        return start_matching_runs(agency_id=one.pk, subject=subject, facts=facts, by=system("test", agency_id=one.pk))


def test_a_rule_in_shadow_begins_runs_that_do_nothing_and_are_counted(stage):
    change(stage, "shadow")
    runs = [stage.start(subject=f"case:{number}") for number in (1, 2)]
    stage.work()
    assert {stage.run(one).mode for one in runs} == {RunMode.SHADOW} and {stage.run(one).state for one in runs} == {RunState.DONE}
    assert not stage.things.done and not stage.product.requests
    found = seen(stage)
    assert (found.runs, found.done, found.failed, found.agencies) == (2, 2, 0, 1) and found.votes >= 2
    isolate = next(one for one in found.steps if one.action == "endpoint.isolate")
    assert (isolate.times, isolate.runs, isolate.targets, isolate.votes) == (2, 2, 1, 2)
    assert found.twice >= 1 and [runs for _, runs, _ in found.days] == [2]
    with scope.floor(None):
        assert not Approval.objects.exists()


def test_going_live_writes_down_who_why_and_what_the_shadow_saw_and_can_be_taken_back(stage):
    change(stage, "shadow")
    stage.start()
    stage.work()
    change(stage, "live", reason="It was right twice")
    (run,) = triggered(stage)
    assert run.mode == RunMode.REAL
    with scope.floor(None):
        fact = Entry.objects.filter(kind="playbooks.RuleModeSet").latest("id")
    assert (fact.data["before"], fact.data["mode"], fact.data["reason"]) == ("shadow", "live", "It was right twice")
    assert fact.data["seen"]["runs"] == 1 and fact.actor == stage.cast.ada.name and fact.agency_id is None
    change(stage, "shadow", reason="It was wrong")
    assert triggered(stage, "case:9")[0].mode == RunMode.SHADOW


def test_a_rule_that_is_off_starts_nothing(stage):
    change(stage, "off")
    assert triggered(stage) == []


def test_an_admin_reads_figures_of_all_agencies_and_no_case(stage, client_of):
    change(stage, "shadow")
    stage.start()
    stage.work()
    assert seen(stage, stage.cast.ada).runs == 1 and seen(stage, stage.cast.zoe).runs == 0
    page = client_of("ada").get(f"/playbooks/{BOOK}/rules/").content.decode()
    assert "endpoint.isolate" in page and "ws-1.north.example" not in page and "Go live" in page
    assert "Go live" not in client_of("ana").get(f"/playbooks/{BOOK}/rules/").content.decode()
    answer = client_of("ada").post(f"/playbooks/{BOOK}/rules/", {"rule": RULE, "mode": "live", "reason": "Good"})
    assert answer.status_code == 302
    with scope.floor(None):
        assert TriggerRule.objects.get(slug=RULE).mode == RuleMode.LIVE


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"mode": "odd"}, Invalid),
        ({"mode": "shadow", "reason": " "}, Invalid),
        ({"mode": "live"}, Conflict),
        ({"mode": "shadow", "rule": "no-such-rule"}, Invalid),
    ],
)
def test_what_does_not_fit_changes_nothing(stage, more, error):
    mode = more.pop("mode")
    with pytest.raises(error):
        change(stage, mode, **more)
    for who in (stage.cast.ana, stage.cast.lee, stage.cast.aud):
        with pytest.raises(NotAllowed):
            change(stage, "off", by=who)
    with scope.floor(None):
        assert TriggerRule.objects.get(slug=RULE).mode == RuleMode.LIVE and not Run.objects.exists()
