"""The stage of the engine: a subject of its own, the first book of the library, a connected product."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings

from playbooks import catalogue
from playbooks.catalogue import RunContext, register_action, register_subject
from playbooks.library import BOOKS, TRIGGERS, text_of
from playbooks.models import Approval, Run
from playbooks.operations.connecting import connect
from playbooks.operations.consenting import give_consent
from playbooks.operations.publishing import publish, set_trigger
from playbooks.operations.starting import start_matching_runs
from playbooks.queries.moments import state_at, verify_run
from playbooks.trail import told
from tenants.actors import Actor, system
from tenants.errors import Conflict
from tenants.isolation import scope
from tenants.journal import sweeping
from tests.playbooks.endpoint_product import EndpointProduct, endpoint_product

CHORES = ("timers", "approvals", "runs")


@dataclass
class Things:
    """A subject that knows nothing of cases: what was done to it is a list."""

    done: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    refuse: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)

    def perform(self, verb: str) -> Callable[[RunContext, dict[str, str]], dict[str, str]]:
        def act(context: RunContext, args: dict[str, str]) -> dict[str, str]:
            if verb in self.refuse:
                raise Conflict(f"{verb} does not fit.")
            self.done.append((verb, context.subject, args))
            return {"number": context.subject}

        return act


@pytest.fixture
def things() -> Iterator[Things]:
    """The subject `case`, played by a list instead of the cases."""
    kept = dict(catalogue._actions), dict(catalogue._subjects)
    one = Things()
    for verb in ("note", "task", "contain"):
        register_action(f"case.{verb}", one.perform(verb), verb)
    register_subject(
        "case",
        find=lambda number, reader: f"case:{number.removeprefix('T-')}" if number.startswith("T-") else None,
        describe=lambda subjects: {s: {"number": s.replace("case:", "T-"), "title": f"Thing {s}", "severity": "high"} for s in subjects},
        readable=lambda subjects, reader: {s for s in subjects if s not in one.hidden or not reader.speaks_for_an_agency},
    )
    yield one
    catalogue._actions.clear()
    catalogue._actions.update(kept[0])
    catalogue._subjects.clear()
    catalogue._subjects.update(kept[1])


@pytest.fixture
def product() -> Iterator[EndpointProduct]:
    """A fake of the endpoint product."""
    with endpoint_product() as one:
        yield one


@dataclass
class Stage:
    """Two agencies with the library, a connector each, and the verbs that tests use."""

    cast: Any
    product: EndpointProduct
    things: Things
    tampered: bool = False  # the logs of its runs are no longer what the engine wrote

    def start(self, subject: str = "case:1", agency: str = "north", by: Actor | None = None, **facts: Any) -> Run:
        """A run by the trigger rule."""
        one = getattr(self.cast, agency)
        given = {"severity": "high", "hosts": ["ws-1.north.example"], "number": "T-1", "title": "Malware", "entity_kind": "host", **facts}
        with scope.agency(one.pk):
            runs = start_matching_runs(agency_id=one.pk, subject=subject, facts=given, by=by or system("test", agency_id=one.pk))
            assert len(runs) == 1
            return runs[0]

    def work(self) -> int:
        """Everything that is due."""
        return sweeping.sweep(names=CHORES, rounds=50)

    def run(self, one: Run) -> Run:
        """The run as it is stored now."""
        with scope.floor(None):
            return Run.objects.get(pk=one.pk)

    def approval(self, one: Run) -> Approval:
        """Its latest approval."""
        with scope.floor(None):
            return Approval.objects.filter(run=one).order_by("-id").first()


@pytest.fixture
def stage(cast: Any, product: EndpointProduct, things: Things, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """The stage with the malware book; north gave standing consent, south did not.

    Rows are committed: mark tests django_db(transaction=True).
    """
    monkeypatch.setenv("SECRET_EDR", "the-secret-of-the-product")
    monkeypatch.setattr(settings, "STORM_SECONDS", 0)  # each subject has a run of its own, whatever host it is about
    with scope.floor(None):
        publish(slug="malware-on-a-host", document=json.loads(text_of(BOOKS["malware-on-a-host"])), by=system("library"))
        for trigger in TRIGGERS:
            set_trigger(trigger=trigger, by=system("library"))
        for agency in (cast.north, cast.south):
            connect(
                agency_id=agency.pk,
                kind="endpoint",
                name=f"{agency.acronym} EDR",
                base_url=product.address,
                named_networks=["127.0.0.1/32"],
                secret_name="edr",
                by=cast.ada,
            )
    with scope.agency(cast.north.pk):
        give_consent(actions=["endpoint.isolate"], note="Agreed on joining", by=cast.nia)
    one = Stage(cast, product, things)
    yield one
    if not one.tampered:
        check_logs()


def check_logs() -> None:
    """The log of every run that a test made is whole, and folding it gives the variables that the run holds."""
    with scope.floor(None):
        for run in Run.objects.all():
            assert verify_run(run).fault == ""
            kept = {name: told(run.variables, name) for name in run.variables}
            assert {name: json.loads(value) for name, value in state_at(run).variables.items()} == {
                n: json.loads(v) for n, v in kept.items() if v
            }
