"""One run of a book on a real case, with a product that speaks HTTP, workers that die, and what must hold of it."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, pairwise
from typing import Any

from django.db import connection

from playbooks.definition.graph import Graph
from playbooks.engine.working import work_approvals, work_runs, work_timers
from playbooks.models import Approval, Effect, Run, RunEvent, StepAttempt
from playbooks.operations.answering import answer
from playbooks.operations.publishing import publish
from playbooks.operations.starting import start_run
from playbooks.operations.voting import vote
from playbooks.queries.books import graph_of
from soc.cases.models import Case, Note, Task
from soc.cases.operations.opening import open_case
from tenants.actors import Actor, system
from tenants.errors import Conflict
from tenants.gates.opening import opened
from tenants.isolation import scope
from tenants.models import Entry
from tests.cast import Cast, StageClock
from tests.crashes.points import Points, crash_at
from tests.machines.books import document_of
from tests.playbooks.endpoint_product import EndpointProduct

ROUNDS = 60  # after which a run that nobody disturbs must be over
NUMBERS = count(1)


@dataclass
class Play:
    """One run and everyone around it, on a clock that is wound by hand."""

    cast: Cast
    product: EndpointProduct
    clock: StageClock = field(default_factory=StageClock)
    fences: list[int] = field(default_factory=list)

    def begin(self, steps: dict[str, Any]) -> None:
        """Publish the steps as a book of its own and start it on a case of its own."""
        no, north = next(NUMBERS), self.cast.north.pk
        by = system("test", agency_id=north, clock=self.clock)
        with scope.floor(None, actor="test"):
            publish(slug=f"small-{no}", document=document_of(steps, f"Small {no}"), by=by)
        with scope.agency(north, actor="test"):
            self.case: Case = open_case(agency_id=north, title="A case", severity="low", at=by.now(), by=by, reason="A test.")
            run = start_run(agency_id=north, subject=self.case.subject, book=f"small-{no}", variables={"odd": "yes"}, why="A test", by=by)
        self.run_id = run.pk

    def work(self, crash: int = 0) -> Points:
        """What a worker does of the engine in one sweep; it may die at the nth point."""
        with crash_at(crash) as points:
            for chore in (work_timers, work_approvals, work_runs):
                chore(self.cast.north.pk, clock=self.clock)
        return points

    def the_lease_runs_out(self) -> None:
        with scope.agency(self.cast.north.pk, actor="test"):
            Run.objects.filter(pk=self.run_id, state="running").update(lease_until="2020-01-01T00:00Z")

    def person(self) -> Actor:
        return self.cast.ana.at(self.clock)

    def vote(self, kind: str) -> None:
        """Ana votes on what is open, if anything is and its time is not over."""
        with opened(self.person()):
            one = Approval.objects.filter(run_id=self.run_id, state="open").first()
            if one is not None and self.clock() < one.expires_at:
                vote(approval=str(one.public_id), hash=one.hash, vote=kind, reason="A reason", by=self.person())

    def answer(self, said: str) -> None:
        """Ana answers what waits for an answer, if anything does."""
        with opened(self.person()):
            for one in StepAttempt.objects.filter(run_id=self.run_id).order_by("-id")[:1]:
                try:
                    answer(step=str(one.public_id), answer=said, reason="I looked", by=self.person())
                except Conflict:
                    return

    def run(self) -> Run:
        with scope.floor(None, actor="test"):
            found: Run = Run.objects.select_related("version").get(pk=self.run_id)
        return found

    def finish(self) -> Run:
        """Nothing fails any more, and people answer: the run must come to its end."""
        self.product.answer_with, self.product.drop = [], []
        for _ in range(ROUNDS):
            run = self.run()
            if run.state_is_over:
                return run
            self.the_lease_runs_out()
            self.vote("approve")
            self.answer("yes")
            self.work()
            self.clock.wind(minutes=21)
        raise AssertionError(f"the run is still {run.state}, waiting for {run.waits_for!r}, after {ROUNDS} rounds")

    def holds_at_any_time(self) -> None:
        """Whatever happened so far: the fence only grows, events stand in order, nothing is done twice."""
        run = self.run()
        self.fences.append(run.fence)
        assert self.fences == sorted(self.fences), "the fence went back"
        with scope.floor(None, actor="test"):
            events = list(RunEvent.objects.filter(run=run).order_by("no").values_list("no", "fence"))
            attempts = list(StepAttempt.objects.filter(run=run).order_by("id"))
        assert [no for no, _ in events] == list(range(1, run.last_event + 1))
        assert [fence for _, fence in events] == sorted(fence for _, fence in events)
        assert all(one.fence <= run.fence for one in attempts)
        done = Counter((one.frame_id, one.step_id, one.iteration) for one in attempts if one.state == "ok")
        assert all(times == 1 for times in done.values()), "a step was recorded as done twice"
        tried = Counter((one.frame_id, one.step_id, one.iteration, one.attempt) for one in attempts)
        assert all(times == 1 for times in tried.values())

    def holds_in_the_end(self) -> None:
        """The run is over, each effect happened exactly as often as it is recorded, and its steps are a way through the book."""
        self.holds_at_any_time()
        run, case = self.run(), self.case
        assert run.state_is_over
        with scope.floor(None, actor="test"):
            attempts = list(StepAttempt.objects.filter(run=run).order_by("id"))
            notes = Counter(Note.objects.filter(case=case).values_list("text", flat=True))
            tasks = Counter(Task.objects.filter(case=case).values_list("title", flat=True))
            effects = Counter(Effect.objects.values_list("effect_key", flat=True))
            facts = Counter(Entry.objects.filter(subject=run.journal_subject).values_list("kind", flat=True))
            graph = graph_of(run.version, run.version_hash)
        local = [one for one in attempts if one.kind == "local" and one.state == "ok"]
        assert notes == Counter(one.rendered["arguments"]["text"] for one in local if one.rendered["action"] == "case.note")
        assert tasks == Counter(one.rendered["arguments"]["title"] for one in local if one.rendered["action"] == "case.task")
        sent = {one.effect_key for one in attempts if one.kind == "http"}
        mine = {key: told for key, told in self.product.isolations.items() if key in sent}
        assert all(told["requests"] == 1 for told in mine.values()), "a product was told twice under one key"
        assert {one.effect_key for one in attempts if one.kind == "http" and one.state == "ok"} <= set(mine)
        assert all(times == 1 for times in effects.values())
        assert (facts["playbooks.RunStarted"], facts["playbooks.RunEnded"]) == (1, 1)
        the_way_is_legal(graph, attempts)


def the_way_is_legal(graph: Graph, attempts: list[StepAttempt]) -> None:
    """The visits, in order, follow the arrows of the book; the end of a branch leads to what follows the step that opened it."""
    visits = list(dict.fromkeys((one.frame_id, one.step_id, one.iteration) for one in attempts))
    openers: list[str] = []
    assert graph.nodes[visits[0][1]].kind == "start"
    for (frame, step, _), (then_frame, then, _) in pairwise(visits):
        node = graph.nodes[step]
        if node.kind == "end":
            assert frame != then_frame and graph.nodes[openers.pop()].next == then
        elif frame != then_frame:
            assert then in (node.on_true, node.on_false)
            openers.append(step)
        else:
            assert then in (node.next, node.on_failure), f"{node.name} does not lead to {graph.nodes[then].name}"


@contextmanager
def quiet_connection() -> Iterator[None]:
    """Leave no connection of a dead worker behind."""
    try:
        yield
    finally:
        connection.close()
