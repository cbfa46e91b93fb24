"""An open case of each agency, and looking at what is stored."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from soc.cases.models import Case, Observable, Technique, TimelineEntry
from soc.cases.operations.noting import add_task, note
from soc.cases.operations.opening import open_case
from soc.cases.operations.releasing import release
from soc.clocks.operations.loading import load_facts
from tenants.actors import Actor, system
from tenants.isolation import scope
from tests.cast import Cast


@dataclass(frozen=True)
class Stored:
    """Everything that a verb may move, as it is stored."""

    case: dict[str, Any]
    rows: tuple[Any, ...]
    clocks: tuple[Any, ...]
    entries: int


@pytest.fixture
def rules(cast: Cast, central: Callable[[], Any]) -> None:
    """The rules of clocks, as they are loaded at a start."""
    with central():
        load_facts(by=system("test"))


@pytest.fixture
def open_one(cast: Cast, rules: None) -> Callable[..., Case]:
    """`open_one(agency=..., severity="high", title="...")`: a case, as the intake opens one."""

    def make(
        agency: Any = None, severity: str = "high", title: str = "Rubeus ticket request on BRT-WS-2291", at: Any = None, **more: Any
    ) -> Case:
        agency = agency or cast.north
        by = system("test", agency_id=agency.pk)
        with scope.agency(agency.pk, actor="test"):
            return open_case(
                agency_id=agency.pk, title=title, severity=severity, at=at or by.now(), by=by, reason="A test opened it.", **more
            )

    return make


@pytest.fixture
def case(open_one: Callable[..., Case]) -> Case:
    """A case of north, severity high, whose entity is a host."""
    return open_one(entity_kind="host", entity="brt-ws-2291", rule="rubeus", fingerprint="f" * 64)


@pytest.fixture
def do(in_scope: Callable[[Actor], Any]) -> Callable[..., Case]:
    """`do(claim, case, cast.ana)`: a verb in its actor's scope, at the version that the case has (or `version=`)."""

    def call(verb: Callable[..., Case], case: Case, by: Actor, **asked: Any) -> Case:
        with in_scope(by):
            version = asked.pop("version") if "version" in asked else Case.objects.get(pk=case.pk).version
            return verb(number=case.number, version=version, by=by, **asked)

    return call


@pytest.fixture
def stored(central: Callable[[], Any]) -> Callable[[Case], Stored]:
    """`stored(case)`: what there is, to compare before and after."""
    from soc.cases.models import Note, Task
    from soc.clocks.models import Clock
    from tenants.models import Entry

    def look(case: Case) -> Stored:
        with central():
            rows = [
                tuple(m.objects.filter(case_id=case.pk).order_by("id").values()) for m in (Note, Observable, Task, Technique, TimelineEntry)
            ]
            return Stored(
                case=Case.objects.filter(pk=case.pk).values().get(),
                rows=tuple(rows),
                clocks=tuple(Clock.objects.filter(subject=case.subject).order_by("id").values()),
                entries=Entry.objects.filter(subject=case.subject).count(),
            )

    return look


@pytest.fixture
def full(cast: Cast, case: Case, do: Callable[..., Case], central: Callable[[], Any]) -> Case:
    """A case with an internal and a released row of each kind."""
    do(note, case, cast.ana, text="Internal note, canary-note.")
    do(note, case, cast.ana, text="Released note.", visibility="released")
    do(add_task, case, cast.ana, title="Internal task, canary-task")
    do(add_task, case, cast.ana, title="Released task")
    with central():
        same = {"agency_id": case.agency_id, "case": case, "created_at": case.opened_at}
        Observable.objects.create(**same, kind="address", value="198.51.100.9")
        Observable.objects.create(**same, kind="domain", value="released.example")
        Technique.objects.create(**same, technique="T1003.001")
        Technique.objects.create(**same, technique="T1558.003")
        items = [
            case.tasks.get(title="Released task").ref,
            Observable.objects.get(value="released.example").ref,
            Technique.objects.get(technique="T1558.003").ref,
            TimelineEntry.objects.filter(case=case).order_by("id").first().ref,
        ]
    do(release, case, cast.ana, items=items)
    return case
