"""How soon a run goes on when its approval is given: from the last vote's beginning until the approved step has started.

Runs as a script of the floor (`bench.waking`): reads {"runs": n}, prints the seconds.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

from bench.floor import Floor

RUNS, APART, PATIENCE = 120, 0.1, 30.0
COLD = 5  # the first ones


def figures(floor: Floor) -> Iterator[dict[str, Any]]:
    """p50, p95 and the longest, with two workers of the product, in ms; as a part of the second in which a run must go on."""
    name = floor.fresh("waking")
    with floor.worker(name), floor.worker(name):
        times = sorted(floor.script("bench.waking", {"runs": RUNS}, database=name))
    for said, value in (("p50", times[len(times) // 2]), ("p95", times[int(len(times) * 0.95)]), ("the longest", times[-1])):
        yield {
            "figure": f"approval to the next step, {said} of {len(times)}",
            "value": value * 1000,
            "unit": "ms",
            "ratio": value,
            "to": "1 s",
        }


def _book(agent: str, extension: str) -> dict[str, Any]:
    """An action on the case that asks for approval, and an end."""
    from bench.engine import step_id

    asked = {
        "type": "action",
        "name": "Write it down",
        "agent": agent,
        "commands": [{"type": "local-action", "command": "case.note"}],
        "step_extensions": {extension: {"arguments": {"text": "Approved"}, "approval": {"title": "Write it down"}}},
        "on_completion": step_id("end", 0),
    }
    ids = step_id("start", 0), step_id("action", 0)
    return {
        "type": "playbook",
        "spec_version": "cacao-2.0",
        "id": f"playbook--{uuid5(NAMESPACE_DNS, 'waking')}",
        "name": "Waking",
        "created_by": f"identity--{uuid5(NAMESPACE_DNS, 'bench')}",
        "created": "2026-01-01T00:00:00.000Z",
        "modified": "2026-01-01T00:00:00.000Z",
        "workflow_start": ids[0],
        "workflow": {ids[0]: {"type": "start", "on_completion": ids[1]}, ids[1]: asked, step_id("end", 0): {"type": "end"}},
        "agent_definitions": {agent: {"type": "security-category", "name": "The case", "category": ["ticketing"]}},
    }


def wake(runs: int) -> list[float]:
    """Start so many runs, let the floor vote, and then the agency, one run after another. Returns seconds."""
    from bench.engine import agent
    from playbooks.definition.graph import EXTENSION
    from playbooks.models import Approval, StepAttempt
    from playbooks.operations.publishing import publish
    from playbooks.operations.starting import start_run
    from playbooks.operations.voting import vote
    from soc.cases.operations.opening import open_case
    from tenants.actors import system
    from tenants.gates.identifying import actor_of
    from tenants.gates.opening import opened
    from tenants.isolation import scope
    from tenants.operations.agencies import move_agency, register_agency
    from tenants.operations.people import add_person, grant

    by = system("bench")
    with scope.floor(None, actor=by.name):
        agency = register_agency(slug="waking", name="Waking", acronym="WAK", by=by, invented=True).pk
        move_agency(slug="waking", state="onboarding", version=1, by=by)
        move_agency(slug="waking", state="live", version=2, by=by)
        people = [add_person(email=f"{role}@bench.example", name=role, password=None, by=by) for role in ("analyst", "liaison")]
        grant(person=people[0].public_id, role="analyst", agency=None, by=by)
        grant(person=people[1].public_id, role="liaison", agency="waking", by=by)
        publish(slug="waking", document=_book(agent(), EXTENSION), by=by)
    with scope.agency(agency, actor=by.name):
        for number in range(runs + COLD):
            case = open_case(agency_id=agency, title=f"Case {number}", severity="low", at=by.now(), by=by, reason="Measured.")
            start_run(agency_id=agency, subject=case.subject, book="waking", variables={}, why="Measured.", by=by)
    with scope.lobby():
        analyst, liaison = (actor_of(person) for person in people)
    assert analyst is not None and liaison is not None

    def asked() -> list[tuple[Any, ...]]:
        with scope.floor(None, actor=by.name):
            return list(Approval.objects.filter(state="open").order_by("id").values_list("public_id", "hash", "attempt_id"))

    _until(lambda: len(asked()) == runs + COLD)
    times, given = [], asked()
    for approval, seen, _ in given:
        with opened(analyst):
            vote(approval=str(approval), hash=seen, vote="approve", reason="Measured.", by=analyst)
    for approval, seen, attempt in given:
        time.sleep(APART)
        began = time.perf_counter()
        with opened(liaison):
            vote(approval=str(approval), hash=seen, vote="approve", reason="Measured.", by=liaison)

        def started(attempt: int = attempt) -> bool:
            with scope.agency(agency, actor=by.name):
                return bool(StepAttempt.objects.filter(pk=attempt, started_at__isnull=False).exists())

        _until(started)
        times.append(time.perf_counter() - began)
    return times[COLD:]


def _until(true: Any) -> None:
    ends = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > ends:
            raise SystemExit(f"nothing came of it in {PATIENCE:g} s")
        time.sleep(0.002)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "soc.settings")
    import django

    django.setup()
    print(json.dumps(wake(json.load(sys.stdin)["runs"])))
