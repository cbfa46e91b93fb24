"""Playing the history: every alert and every act of the plan, through the operations, at its own time."""

import heapq
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from playbooks.engine.working import work_approvals, work_runs, work_timers
from playbooks.operations.voting import vote
from playbooks.queries.naming import asked_about
from soc.cases.intake.splitting import read_item
from soc.cases.operations.claiming import begin_investigation, claim
from soc.cases.operations.closing import close, reopen
from soc.cases.operations.containing import contain, recover
from soc.cases.operations.grading import declare
from soc.cases.operations.intake import receive
from soc.cases.operations.noting import add_task, finish_task, note
from soc.cases.operations.opening import open_by_hand
from soc.cases.operations.releasing import release
from soc.cases.operations.suppressing import suppress
from soc.cases.queries.case import case_of
from soc.cases.queries.intake import receipt_of
from soc.cases.queries.naming import versions_of
from soc.cases.queries.subjects import subject_of
from soc.cases.tasks import work_off_receipts
from soc.clocks.operations.breaching import work_off as work_off_clocks
from soc.demo.operations.founding import Troupe
from soc.demo.people import liaison_of
from soc.demo.scenario import Act, PlannedCase
from tenants.actors import Actor, clock_set_to
from tenants.errors import Conflict
from tenants.gates.opening import opened
from tenants.journal.delivery import deliver_some

# A playbook or a colleague may have been faster: then the act is left out, as people leave it out.
MAY_COME_LATE = {"investigate", "contain", "recover", "declare"}
SOURCES = {"edr": "endpoint", "net": "network", "idp": "identity", "mail": "mail", "cloud": "cloud"}
APPROVAL_LASTS = timedelta(minutes=31)
# What sensors send after a change of their format that nobody announced: dead letters to look at, correct and replay.
GARBLED = {
    "dpl": (
        b'{"alert_name": "Beacon every 60 seconds", "prio": "HIGH", "host": "brt-ws-2207"}',
        b'{"title": "Run key written", "severity"',
    ),
    "fls": (b'{"title": "Mail rule forwards outside", "severity": "urgent", "rule": "mail-rule"}',),
}


class Stage:
    """One agency's week: its cases by key, and its own time."""

    def __init__(self, slug: str, troupe: Troupe) -> None:
        self.slug, self.troupe = slug, troupe
        self.agency_id = troupe.agencies[slug]
        self.time = datetime.min.replace(tzinfo=UTC)
        self.numbers: dict[str, str] = {}
        self.lapses: list[datetime] = []

    def now(self) -> datetime:
        """The time of the play, a little later at each look, as in life."""
        self.time += timedelta(milliseconds=7)
        return self.time

    def play(self, cases: tuple[PlannedCase, ...], until: datetime) -> None:
        """Everything of this agency in order of time, up to `until`."""
        moments: list[tuple[datetime, int, PlannedCase, Any]] = []
        for case in cases:
            for thing in (*case.alerts, *case.acts):
                at = thing.at if isinstance(thing, Act) else thing[0]  # type: ignore[index]
                moments.append((at, len(moments), case, thing))
        heapq.heapify(moments)
        with clock_set_to(self.now):
            while moments:
                at, _, case, thing = heapq.heappop(moments)
                self.let_lapse(min(at, until))
                if at > until:
                    break
                self.time = max(self.time, at)
                if isinstance(thing, Act):
                    self.act(case, thing)
                else:
                    self.alert(case, thing[1])
            self.let_lapse(until)
            self.time = max(self.time, until)
            self.garble()
            while work_off_clocks(self.agency_id):
                pass
            self.settle()

    def garble(self) -> None:
        """A sensor of this agency sends what nobody understands."""
        if self.slug in GARBLED:
            sensor = self.troupe.sensors[self.slug, "network"].at(self.now)
            with opened(sensor):
                receive(items=[read_item(raw) for raw in GARBLED[self.slug]], by=sensor)
            work_off_receipts(self.agency_id)

    def alert(self, case: PlannedCase, payload: dict[str, Any]) -> None:
        """A sensor sends, the intake works it off; what a trigger starts, runs until it waits for people."""
        sensor = self.troupe.sensors[self.slug, SOURCES[case.signal.rule.split("-")[0]]].at(self.now)
        raw = json.dumps(payload).encode()
        with opened(sensor):
            (answer,) = receive(items=[read_item(raw)], by=sensor)
        self.time += timedelta(seconds=1)
        work_off_receipts(self.agency_id)
        if case.key in self.numbers:
            return
        with opened(sensor):
            self.numbers[case.key] = receipt_of(receipt=answer.receipt or "", reader=sensor)["case"]
        if case.severity in ("critical", "high") and case.signal.about == "host":
            self.settle()
            self.lapses.append(self.time + APPROVAL_LASTS)

    def let_lapse(self, at: datetime) -> None:
        """What nobody decided by `at` lapses at its own time, not when somebody looks."""
        for due in sorted(one for one in self.lapses if one <= at):
            self.time = max(self.time, due)
            if work_approvals(self.agency_id, clock=self.now):
                self.settle()
        self.lapses = [one for one in self.lapses if one > at]

    def settle(self) -> None:
        """Facts are delivered and runs go on, until nothing is left to do at this time."""
        while (
            deliver_some(self.agency_id, most=100) + work_runs(self.agency_id, clock=self.now) + work_timers(self.agency_id, clock=self.now)
        ):
            pass

    def act(self, case: PlannedCase, act: Act) -> None:
        """One act of one person, in their own scope."""
        by = self.troupe.actor(act.who if act.who not in ("watch", "agency") else self.stand_for(case, act.who), self.slug).at(self.now)
        if act.verb == "open":
            with opened(by):
                self.numbers[case.key] = open_by_hand(agency=self.slug, by=by, **act.args).number
            return
        number = self.numbers.get(case.key)
        if number is None:
            return
        if act.verb == "vote":
            self.vote(number, act, by)
            return
        with late_is_no_fault(act.verb in MAY_COME_LATE), opened(by):
            self.do(number, act, by)

    def stand_for(self, case: PlannedCase, role: str) -> str:
        """Whoever claims the case, or the agency's liaison."""
        if role == "agency":
            return liaison_of(self.slug).key
        return next((act.who for act in case.acts if act.verb == "claim"), "rosa")

    def do(self, number: str, act: Act, by: Actor) -> None:
        """Translate an act into its operation."""
        args: dict[str, Any] = dict(act.args)
        if act.verb == "finish_task":
            args["task"] = next((task.ref for task in case_of(number, by).tasks if task.done_at is None), None)
            if args["task"] is None:
                return
        elif act.verb == "release":
            seen = case_of(number, by)
            args["items"] = [row.ref for row in (*seen.observables[:3], *seen.techniques, *seen.timeline[:2]) if not row.released]
            if not args["items"]:
                return
        elif act.verb == "suppress":
            args = {"until": (by.now() + timedelta(days=args["days"])).isoformat(), "reason": args["reason"]}
        OPERATIONS[act.verb](number=number, version=versions_of([number])[number], by=by, **args)

    def vote(self, number: str, act: Act, by: Actor) -> None:
        """Vote on what waits about the case, if anything still does; an approved isolation is carried out."""
        self.settle()
        with opened(by):
            found = asked_about(subject_of(number, by) or "")
            if found is None:
                return
            vote(approval=found[0], hash=found[1], vote=act.args["vote"], reason=act.args["reason"], by=by)
        self.settle()


OPERATIONS: dict[str, Callable[..., Any]] = {
    "claim": claim,
    "investigate": begin_investigation,
    "note": note,
    "task": add_task,
    "finish_task": finish_task,
    "declare": declare,
    "contain": contain,
    "recover": recover,
    "release": release,
    "suppress": suppress,
    "close": close,
    "reopen": reopen,
}


@contextmanager
def late_is_no_fault(allowed: bool) -> Iterator[None]:
    """Leave out an act that somebody else was faster with."""
    try:
        yield
    except Conflict:
        if not allowed:
            raise
