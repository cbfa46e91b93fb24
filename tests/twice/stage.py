"""A stage on which each mutating call finds something fresh to change, and what a call changed is counted."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import orjson
from django.db import connection
from django.test import Client

from playbooks.models import Approval, Run, StepAttempt, Timer, TriggerRule, Undo
from playbooks.operations.answering import answer
from playbooks.operations.breaking import break_glass
from playbooks.operations.connecting import connect
from playbooks.operations.consenting import give_consent
from playbooks.operations.drafting import begin_blank
from playbooks.operations.publishing import publish, publish_library
from playbooks.operations.starting import start_matching_runs, start_run
from playbooks.operations.trusting import trust_signer
from playbooks.operations.undoing import register
from playbooks.queries.moving import move_of
from playbooks.queries.trust import requirement_of
from playbooks.queries.undoing import UndoPlan, plan_for
from soc.cases.models import Case, Receipt, Suppression
from soc.cases.operations.closing import close
from soc.cases.operations.noting import add_task
from soc.cases.operations.opening import open_case
from soc.cases.operations.suppressing import suppress
from soc.clocks.operations.loading import load_facts
from tenants.actors import system
from tenants.gates.identifying import actor_of
from tenants.gates.opening import opened
from tenants.isolation import scope
from tenants.journal import sweeping
from tenants.models import Agency, Delivery, Membership, Person
from tenants.operations.agencies import register_agency, set_call_tree
from tenants.operations.keys import create_sensor_key, create_token
from tenants.operations.people import add_person, deactivate, grant
from tenants.operations.preferences import choose_agency, set_preferences
from tests.cast import PASSWORD, ApiClient, Cast
from tests.machines.profiles import FACTOR
from tests.playbooks.books import END, START, book, manual
from tests.playbooks.signatures import new_pem

ASKING = book({"start": START, "first": manual("Call them", on_success="end", on_failure="end2"), "end": END, "end2": END}, start="start")
CHANGED = """
SELECT (SELECT count(*) FROM tenants_entry) + (SELECT count(*) FROM cases_receipt),
       (SELECT count(*) FROM tenants_auditrow WHERE table_name NOT IN ('', 'playbooks_refusedvote') AND before IS DISTINCT FROM after)
"""
RUN_CHORES = ("timers", "approvals", "runs")


@dataclass
class Stage:
    """The cast and Nora, who works the floor for the north alone, with what the calls need."""

    cast: Cast
    tokens: dict[str, str]
    people: dict[str, Person]
    numbers: Any = field(default_factory=lambda: count(1))
    browsers: dict[str, Client] = field(default_factory=dict)

    def api(self, who: str) -> ApiClient:
        """A program of that person, or with the north's key."""
        return ApiClient(self.cast.north_key if who == "north_key" else self.tokens[who])

    def browser(self, who: str) -> Client:
        """A signed-in browser."""
        if who not in self.browsers:
            self.browsers[who] = Client()
            with scope.lobby():
                self.browsers[who].force_login(self.people[who])
        return self.browsers[who]

    def changed(self) -> tuple[int, int]:
        """Facts in the journal with receipts, and changed rows in the audit so far; what was saved as it was is no change."""
        with scope.floor(None, actor="test"), connection.cursor() as cursor:
            cursor.execute(CHANGED)
            facts, rows = cursor.fetchone()
        return facts, rows

    def word(self, of: str = "thing") -> str:
        """A name that nobody has yet."""
        return f"{of}-{next(self.numbers)}"

    def draft(self) -> str:
        """A new draft of Nora's, at version 1."""
        with scope.lobby():
            nora = actor_of(self.people["nora"])
        assert nora is not None
        with opened(nora):
            return str(begin_blank(name=self.word("book"), by=nora).public_id)

    def case(self, *, closed: bool = False) -> Case:
        """A new case of the north that an alert opened; its versions are 1, or 2 when closed."""
        north, by = self.cast.north.pk, system("test", agency_id=self.cast.north.pk)
        number = next(self.numbers)
        about = {"entity_kind": "host", "entity": f"ws-{number}", "rule": "r", "rule_name": "A rule", "fingerprint": f"{number:064}"}
        with scope.agency(north, actor="test"):
            case = open_case(agency_id=north, title=f"Case {number}", severity="high", at=by.now(), by=by, reason="A test.", **about)
        if closed:
            with opened(self.cast.lee):
                close(number=case.number, version=1, disposition="undetermined", reason="A test.", by=self.cast.lee)
        return case

    def task(self) -> tuple[Case, str]:
        """A case at version 2 with a task; the task's ref."""
        case = self.case()
        with opened(self.cast.lee):
            add_task(number=case.number, version=1, title="Look", by=self.cast.lee)
            return case, case.tasks.get().ref

    def line(self) -> tuple[Case, str]:
        """A case and the ref of its first, internal line."""
        case = self.case()
        with opened(self.cast.lee):
            return case, case.timeline.get().ref

    def letter(self) -> str:
        """A fresh dead letter."""
        self.api("north_key").send("/api/v1/alerts", [{"nobody": self.word()}])
        with scope.floor(None, actor="test"):
            return str(Receipt.objects.filter(state="dead").latest("id").public_id)

    def signer(self) -> str:
        """The id of a new signer."""
        with scope.floor(None):
            signer, _ = trust_signer(name=self.word("press"), pem=new_pem(), by=system("test"))
        return str(signer.public_id)

    def another_policy(self) -> str:
        """What the north does not ask of signatures now."""
        with scope.floor(None):
            asked = requirement_of(self.cast.north.pk)
        return "none" if asked == "valid" else "valid"

    def approval(self) -> Approval:
        """A fresh approval that waits for the floor's vote."""
        case, north = self.case(), self.cast.north.pk
        facts = {"severity": "high", "hosts": [case.entity], "number": case.number, "title": case.title}
        with scope.agency(north, actor="test"):
            (run,) = start_matching_runs(agency_id=north, subject=case.subject, facts=facts, by=system("test", agency_id=north))
        sweeping.sweep(names=RUN_CHORES, rounds=5)
        with scope.floor(None, actor="test"):
            return Approval.objects.select_related("run").get(run=run)

    def isolated(self, *, lasts: bool = False) -> tuple[str, UndoPlan]:
        """An ended run that isolated a host, and what would be taken back; with `lasts` that ends by itself in a day."""
        one, now = self.approval(), datetime.now(UTC)
        with scope.floor(None, actor="test"):
            StepAttempt.objects.filter(pk=one.attempt_id).update(state="ok", ended_at=now)
            Approval.objects.filter(pk=one.pk).update(state="approved", decided_at=now)
            Run.objects.filter(pk=one.run_id).update(state="done", waits_for="", ended_at=now)
            undo, due = register(StepAttempt.objects.get(pk=one.attempt_id), now), now + timedelta(days=1)
            if lasts:
                Undo.objects.filter(pk=undo.pk).update(due_at=due)
                Timer.objects.create(
                    agency_id=undo.agency_id, run_id=one.run_id, frame_id=one.frame_id, purpose=f"undo:{undo.public_id}", due_at=due
                )
        with opened(self.cast.lee):
            return str(one.run.public_id), plan_for(str(one.run.public_id), self.cast.lee)

    def broken(self) -> Approval:
        """A fresh approval whose glass Lee broke."""
        one = self.approval()
        with opened(self.cast.lee):
            return break_glass(
                approval=str(one.public_id), hash=one.hash, target=one.rendered["targets"][0], reason="Now.", by=self.cast.lee
            )

    def question(self) -> StepAttempt:
        """A step of a run that waits for a person's answer."""
        case, north = self.case(), self.cast.north.pk
        with scope.agency(north, actor="test"):
            run = start_run(
                agency_id=north, subject=case.subject, book="asking", variables={}, why="A test", by=system("t", agency_id=north)
            )
        sweeping.sweep(names=RUN_CHORES, rounds=5)
        with scope.floor(None, actor="test"):
            return StepAttempt.objects.select_related("run").get(run=run, kind="manual")

    def other_mode(self, slug: str) -> str:
        """A mode that the rule does not have."""
        with scope.floor(None, actor="test"):
            return "shadow" if TriggerRule.objects.get(slug=slug).mode == "live" else "live"

    def movable(self) -> tuple[Run, str]:
        """A run that waits, with a newer version of its book, and the preview of a move to it."""
        steps, name = {"start": START, "first": manual("Call them", on_completion="end"), "end": END}, self.word("book")
        for time in ("2026-11-24T00:00:00.000Z", "2026-11-25T00:00:00.000Z"):
            with scope.floor(None, actor="test"):
                publish(slug=name, document=book(steps, start="start", name=name) | {"modified": time}, by=system("test"))
            if time.startswith("2026-11-24"):
                case, north = self.case(), self.cast.north.pk
                with scope.agency(north, actor="test"):
                    by = system("test", agency_id=north)
                    run = start_run(agency_id=north, subject=case.subject, book=name, variables={}, why="A test", by=by)
                sweeping.sweep(names=RUN_CHORES, rounds=5)
        with opened(self.cast.lee):
            return run, move_of(str(run.public_id), self.cast.lee).preview

    def forkable(self) -> tuple[Run, int]:
        """A run that waits, and the number of an event with which a step of it ended."""
        step = self.question()
        with opened(self.cast.lee):
            answer(step=str(step.public_id), answer="yes", reason="Called.", by=self.cast.lee)
            run = Run.objects.get(pk=step.run_id)
            return run, run.last_event

    def suppression(self) -> str:
        """A suppression of Lee's."""
        case = self.case()
        with opened(self.cast.lee):
            until = self.cast.lee.now() + timedelta(days=3)
            suppress(number=case.number, version=1, until=until, reason="Noise.", by=self.cast.lee)
            return str(Suppression.objects.latest("id").public_id)

    def parked(self) -> int:
        """A delivery that waits for a decision."""
        self.case()
        with scope.floor(None, actor="test"):
            one = Delivery.objects.filter(agency=self.cast.north, state="open").latest("id")
            Delivery.objects.filter(pk=one.pk).update(state="parked")
            return int(one.pk)

    def agency(self) -> Agency:
        """A prospective agency."""
        slug = self.word("agency")
        with opened(self.cast.ada):
            return register_agency(slug=slug, name=slug, acronym=slug.upper(), by=self.cast.ada)

    def person(self) -> Person:
        """Somebody without a role."""
        with opened(self.cast.ada):
            return add_person(email=f"{self.word('p')}@watchfloor.example", name="Some One", by=self.cast.ada)

    def inactive(self) -> Person:
        """Somebody who was deactivated."""
        somebody = self.person()
        with opened(self.cast.ada):
            return deactivate(person=somebody.public_id, by=self.cast.ada)

    def membership(self) -> Membership:
        """A role of somebody new."""
        somebody = self.person()
        with opened(self.cast.ada):
            return grant(person=somebody.public_id, role="auditor", agency=None, by=self.cast.ada)

    def key(self) -> str:
        """The prefix of a fresh key."""
        with opened(self.cast.ada):
            return create_sensor_key(agency="north", name=self.word("key"), by=self.cast.ada)[0].prefix

    def token(self) -> str:
        """The prefix of a fresh token of Ada's."""
        with opened(self.cast.ada):
            return create_token(email=self.people["ada"].email, by=self.cast.ada)[0].prefix

    def consent(self) -> str:
        """A standing consent of the north's liaison."""
        with opened(self.cast.nia):
            return str(give_consent(actions=["endpoint.isolate"], note="A test", by=self.cast.nia).public_id)

    def before_the_call_tree(self) -> None:
        """Somebody stands in it already."""
        with opened(self.cast.ada):
            set_call_tree(slug="north", contacts=[{"name": self.word(), "phone": "1", "out_of_hours": True}], by=self.cast.ada)

    def before_preferences(self) -> None:
        """Nia likes it light, and speaks for no agency in particular."""
        set_preferences(by=self.cast.nia, theme="light")

    def before_choosing(self) -> None:
        """Nia, who speaks for both agencies in this play, speaks for the south."""
        choose_agency(slug="south", by=self.cast.nia)


def set_up(cast: Cast) -> Stage:
    """The north and the south with law, library, connector and consent; Nora, and Nia for both agencies."""
    with scope.floor(None, actor="test"):
        load_facts(by=system("test"))
        publish_library(by=system("test"))
        publish(slug="asking", document=ASKING, by=system("test"))
        product = {"base_url": "http://127.0.0.1:9", "named_networks": ["127.0.0.1/32"]}
        connect(agency_id=cast.north.pk, kind="endpoint", name="EDR", by=cast.ada, **product)
        nora = add_person(email="nora@watchfloor.example", name="Nora Hill", password=PASSWORD, by=cast.ada)
        grant(person=nora.public_id, role="analyst", agency="north", by=cast.ada)
        grant(person=cast.people["nia"].public_id, role="liaison", agency="south", by=cast.ada)
        token = create_token(email=nora.email, by=cast.ada)[1]
    with scope.agency(cast.north.pk, actor="test"):
        give_consent(actions=["endpoint.isolate"], note="Agreed", by=cast.nia)
    sweeping.sweep(rounds=50)
    return Stage(cast, {**cast.tokens, "nora": token}, {**cast.people, "nora": nora})


@dataclass(frozen=True)
class Asked:
    """One call, ready to be made as often as one likes."""

    path: str
    body: dict[str, Any]
    version: int | None = None


Make = Callable[[Stage], Asked]


def send(client: ApiClient, asked: Asked, key: str, **more: Any) -> Any:
    """The call by the API, under an idempotency key; `more` members make it another body."""
    return client.send(asked.path, {**asked.body, **more}, version=asked.version, key=key)


def crashes_of(commits: int) -> list[int]:
    """At which of a call's commits to crash: at each by command, in CI at the first and the last two, where something is done."""
    every = range(1, commits + 1)
    return list(every) if FACTOR > 1 else sorted({1, *every[-2:]})


def new_key() -> str:
    return str(uuid4())


def soon() -> str:
    return (datetime.now().astimezone() + timedelta(days=2)).isoformat()


def as_read(answer: Any) -> Any:
    """The JSON of an answer."""
    return orjson.loads(answer.content)
