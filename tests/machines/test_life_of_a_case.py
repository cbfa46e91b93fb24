"""Any people doing anything to a case at any time: it is as the manual says, and clocks, journal, timeline, audit and scorecard agree."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from soc.cases.models import Case, Note, Task, TimelineEntry
from soc.cases.operations.claiming import assign, begin_investigation, claim
from soc.cases.operations.closing import close, reopen
from soc.cases.operations.containing import contain, recover
from soc.cases.operations.grading import change_severity, declare, edit
from soc.cases.operations.noting import add_task, finish_task, note
from soc.cases.operations.opening import open_case
from soc.cases.operations.releasing import release
from soc.cases.operations.suppressing import suppress
from soc.clocks.models import Clock
from soc.clocks.operations.breaching import breach_due_clocks
from soc.clocks.operations.loading import load_facts
from soc.clocks.queries.clocks import clocks_out_of_step, next_due
from soc.scorecards.periods import periods_of
from soc.scorecards.queries.replaying import replayed
from tenants.actors import Actor, system
from tenants.errors import DomainError
from tenants.gates.opening import opened
from tenants.isolation import scope
from tenants.journal import sweeping
from tenants.models import Delivery, Entry
from tests.cast import Cast, StageClock
from tests.machines.life import SAME, VERBS, Life
from tests.machines.profiles import short

pytestmark = pytest.mark.django_db
REASON = {"reason": "A reason."}
PEOPLE = ("ana", "lee", "zoe", "nia", "sol", "aud", "ada", "machine")
SEEN = ("now", "now", "now", "older", "newer", "none")  # which version the caller names

# Verb -> the operation, and what it is given.
CALLS: dict[str, tuple[Callable[..., Case], Callable[[Any, str], dict[str, Any]]]] = {
    "claim": (claim, lambda m, given: {}),
    "assign": (assign, lambda m, given: {"owner": f"{given}@watchfloor.example" if given else None}),
    "investigate": (begin_investigation, lambda m, given: {}),
    "edit": (edit, lambda m, given: {"title": given}),
    "severity": (change_severity, lambda m, given: {"severity": given, **REASON}),
    "contain": (contain, lambda m, given: REASON),
    "recover": (recover, lambda m, given: REASON),
    "declare": (declare, lambda m, given: {"kind": given, **REASON}),
    "note": (note, lambda m, given: {"text": given}),
    "task": (add_task, lambda m, given: {"title": given}),
    "task_done": (finish_task, lambda m, given: {"task": m.first_task()}),
    "suppress": (suppress, lambda m, given: {"until": m.clock() + timedelta(days=80), **REASON}),
    "release": (release, lambda m, given: {"items": [m.first_line]}),
    "close": (close, lambda m, given: {"disposition": given, **REASON}),
    "reopen": (reopen, lambda m, given: REASON),
}
COUNTS = "SELECT (SELECT count(*) FROM tenants_entry), (SELECT count(*) FROM tenants_auditrow WHERE table_name <> '')"
HISTORY = """
SELECT actor, before, after FROM tenants_auditrow WHERE table_name = 'cases_case' AND row_id = %s ORDER BY id
"""


class LifeOfACase(RuleBasedStateMachine):
    """One case of the north, and everyone who might touch it."""

    cast: Cast

    def __init__(self) -> None:
        super().__init__()
        self.clock = StageClock()
        self.saved = transaction.savepoint()

    def teardown(self) -> None:
        try:
            if hasattr(self, "life"):
                self.everything_agrees_in_the_end()
        finally:
            transaction.savepoint_rollback(self.saved)
            connection.needs_rollback = False

    @initialize(restricted=st.booleans(), from_alert=st.booleans(), severity=st.sampled_from(("low", "high", "critical")))
    def it_opens(self, restricted: bool, from_alert: bool, severity: str) -> None:
        self.life = Life(restricted=restricted, from_alert=from_alert, severity=severity)
        north, by = self.cast.north.pk, system("test", agency_id=self.cast.north.pk, clock=self.clock)
        told = {"restricted": restricted, "fingerprint": uuid4().hex * 2 if from_alert else "", "by_hand": not from_alert}
        with scope.agency(north, actor="test"):
            case = open_case(agency_id=north, title="A case", severity=severity, at=by.now(), by=by, reason="A test.", **told)
            self.number, self.pk, self.subject = case.number, case.pk, case.subject
            self.first_line = TimelineEntry.objects.get(case=case).ref
        self.began = self.clock()

    def actor(self, who: str) -> Actor:
        return (system("test", agency_id=self.cast.north.pk) if who == "machine" else getattr(self.cast, who)).at(self.clock)

    def first_task(self) -> str:
        found = Task.objects.filter(case_id=self.pk).order_by("id").first()
        return str(found.ref) if found else str(uuid4())

    def named(self, seen: str) -> int | None:
        return {"now": self.life.version, "older": self.life.version - 1, "newer": self.life.version + 1, "none": None}[seen]

    @rule(minutes=st.sampled_from((1, 10, 55, 60, 240, 1440, 5000)))
    def time_goes_by(self, minutes: int) -> None:
        self.clock.wind(minutes=minutes)

    @rule()
    def the_sweep_looks_at_the_clocks(self) -> None:
        with scope.agency(self.cast.north.pk, actor="test"):
            breach_due_clocks(agency_id=self.cast.north.pk, by=system("clocks", agency_id=self.cast.north.pk, clock=self.clock))

    @rule(who=st.sampled_from(PEOPLE), verb=st.sampled_from(tuple(VERBS)), seen=st.sampled_from(SEEN), pick=st.integers(0, 4))
    def somebody_does_something(self, who: str, verb: str, seen: str, pick: int) -> None:
        given = VERBS[verb][2][pick % len(VERBS[verb][2])]
        version, before = self.named(seen), self.counts()
        expected = self.life.does(verb, who, version, given)
        self.clock.wind(seconds=1)
        operation, asked = CALLS[verb]
        by = self.actor(who)
        said = ""
        try:
            with opened(by):
                operation(number=self.number, version=version, by=by, **asked(self, given))
        except DomainError as error:
            said = type(error).__name__
        assert said == ("" if expected == SAME else expected), f"{who} {verb} {given!r}: the manual says {expected!r}, it said {said!r}"
        if expected:
            assert self.counts() == before, f"{who} {verb} was refused, and something moved"

    @rule(verb=st.sampled_from(tuple(VERBS)), pick=st.integers(0, 4), who=st.sampled_from(("ana", "lee")))
    def the_floor_works(self, verb: str, pick: int, who: str) -> None:
        self.somebody_does_something(who=who, verb=verb, seen="now", pick=pick)

    def counts(self) -> tuple[int, int]:
        with scope.floor(None, actor="test"), connection.cursor() as cursor:
            cursor.execute(COUNTS)
            facts, rows = cursor.fetchone()
        return facts, rows

    @invariant()
    def the_case_is_as_the_manual_says(self) -> None:
        if not hasattr(self, "life"):
            return
        life = self.life
        with scope.floor(None, actor="test"):
            case = Case.objects.select_related("owner").get(pk=self.pk)
            clocks = {clock.kind: clock for clock in Clock.objects.filter(subject=self.subject)}
            due = next_due(self.subject)
        owner = case.owner.email.partition("@")[0] if case.owner else ""
        stored = (case.version, case.state, owner, case.severity, case.disposition, case.incident)
        assert stored == (life.version, life.state, life.owner, life.severity, life.disposition, life.incident)
        assert (case.closed_at is not None, bool(case.disposition), bool(case.closing_reason)) == (life.closed,) * 3
        assert [bool(one) for one in (case.acknowledged_at, case.contained_at, case.recovered_at, case.declared_at)] == [
            life.acknowledged, life.contained, life.recovered, bool(life.incident),
        ]  # fmt: skip
        self.the_clocks_fit(clocks)
        # A breach that the sweep wrote changes no due time.
        assert (case.next_due_kind, case.next_due_at) == (("", None) if life.closed or due is None else due)

    def the_clocks_fit(self, clocks: dict[str, Clock]) -> None:
        life = self.life
        over = {"acknowledge": life.acknowledged, "contain": life.contained}
        assert set(clocks) == {*over, *(("report_to_cisa",) if life.incident else ())}
        for kind, clock in clocks.items():
            done = over.get(kind, False)
            assert (clock.stopped_at is not None) == (done or life.closed), f"{kind}: {clock.state} while the case is {life.state}"
            assert clock.stopped_by_closing == (life.closed and not done)
            if clock.breached_at is not None:
                # A higher severity may have made it due before the time that was missed first.
                assert clock.breached_at >= clock.due_at and clock.state == "late"

    def everything_agrees_in_the_end(self) -> None:
        life = self.life
        with scope.floor(None, actor="test"):
            assert clocks_out_of_step() == []
            facts = [entry for entry in Entry.objects.filter(subject=self.subject) if entry.kind != "clocks.ClockLate"]
            lines = list(TimelineEntry.objects.filter(case_id=self.pk).exclude(entry_id=None).values_list("entry_id", flat=True))
            kinds = {kind: sum(one.kind == f"cases.{kind}" for one in facts) for kind in life.facts}
            notes = Note.objects.filter(case_id=self.pk).count()
            tasks = [task.done_at is not None for task in Task.objects.filter(case_id=self.pk).order_by("id")]
        assert kinds == dict(life.facts) and len(facts) == sum(life.facts.values())
        assert sorted(lines) == sorted(entry.pk for entry in facts), "each fact has its one line on the timeline"
        assert (notes, tasks) == (life.notes, life.tasks)
        self.the_audit_tells_the_same()
        sweeping.sweep(rounds=200)
        with scope.agency(self.cast.north.pk, actor="test"):
            assert not Delivery.objects.exclude(state="done").exists()
            late = Entry.objects.filter(subject=self.subject, kind="clocks.ClockLate").count()
            assert TimelineEntry.objects.filter(case_id=self.pk).count() == sum(life.facts.values()) + late
            for period in {one for moment in (self.began, self.clock()) for one in periods_of(moment)}:
                assert replayed(agency_id=self.cast.north.pk, period=period).differences == ()

    def the_audit_tells_the_same(self) -> None:
        with scope.floor(None, actor="test"), connection.cursor() as cursor:
            cursor.execute(HISTORY, [str(self.pk)])
            rows = cursor.fetchall()
            cursor.execute("SELECT to_jsonb(c) FROM cases_case c WHERE id = %s", [self.pk])
            (now_is,) = cursor.fetchone()
        for (_, _, after), (_, before, _) in itertools.pairwise(rows):
            assert before == after, "a change of the case stands in no row of the audit"
        assert rows[-1][2] == now_is
        acted = {self.actor(who).name for who, times in self.life.by.items() if times}
        # It was opened in a scope named `test`.
        assert {actor for actor, _, _ in rows} - {"test"} == acted


def test_whatever_people_do_to_a_case_it_is_as_the_manual_says(cast: Cast) -> None:
    with scope.floor(None, actor="test"):
        load_facts(by=system("test"))
    sweeping.sweep(rounds=50)
    machine = type("Machine", (LifeOfACase,), {"cast": cast})
    run_state_machine_as_test(machine, settings=short(12, stateful_step_count=30))
