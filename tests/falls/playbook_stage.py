"""Who stands on a floor whose playbooks are going to be hurt: agencies joined to the counting product, its books, runs at a steady pace.

Runs as a command of the instance: `python -m tests.falls.playbook_stage start|answer`, JSON in, a line for whatever was promised out.
"""

import json
import sys
import time
from typing import Any

from tests.falls.shapes import Shape, shapes

# kind, path of the product's part, and what its POST is
PARTS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("http", "/read", {}),
    ("http", "/idempotent", {}),
    ("http", "/keyed", {"effect": "keyed"}),
    ("http", "/verifiable", {"effect": "verifiable", "lookup": "/orders/{key}"}),
    ("http", "/unsafe", {}),
    ("openc2", "/openc2", {}),
)
AGENCIES = 6


def shape_of(number: int, some: list[Shape]) -> Shape:
    """The book of a run."""
    return some[number % len(some)]


def make(port: int) -> list[int]:
    """Live agencies with every part of the product, and the books. Returns the agencies' numbers."""
    from playbooks.operations.connecting import connect
    from playbooks.operations.publishing import publish
    from tenants.actors import system
    from tenants.isolation import scope
    from tenants.operations.agencies import move_agency, register_agency
    from tenants.operations.people import add_person, grant

    by, made = system("falls"), []
    with scope.floor(None, actor=by.name):
        person = add_person(email="ana@watchfloor.example", name="Ana Diaz", password=None, by=by)
        grant(person=person.public_id, role="analyst", agency=None, by=by)
        for n in range(1, AGENCIES + 1):
            slug = f"agency-{n}"
            made.append(register_agency(slug=slug, name=f"Agency {n}", acronym=f"AG{n}", by=by, invented=True).pk)
            move_agency(slug=slug, state="onboarding", version=1, by=by)
            move_agency(slug=slug, state="live", version=2, by=by)
        for shape in shapes(port):
            for slug, document in shape.documents:
                publish(slug=slug, document=document, by=by)
    for agency in made:
        with scope.agency(agency, actor=by.name):
            for kind, path, more in PARTS:
                base = f"http://127.0.0.1:{port}{path}"
                about: dict[str, Any] = {"kind": kind, "name": path[1:], "base_url": base, "named_networks": ["127.0.0.1/32"], **more}
                connect(agency_id=agency, by=by, **about)
    return made


def start_all(port: int, runs: int, seconds: float) -> None:
    """So many runs, evenly over the time, each on a case of its own; one that may have been started is looked for first."""
    from django.db import Error, connections

    agencies, some, began = make(port), list(shapes(port)), time.monotonic()
    print("made", flush=True)
    for number in range(1, runs + 1):
        time.sleep(max(0.0, began + (number - 1) * seconds / runs - time.monotonic()))
        while True:
            try:
                run, case = start_one(number, agencies[number % len(agencies)], shape_of(number, some).slug)
                break
            except Error:  # PostgreSQL is down or just coming up
                connections.close_all()
                time.sleep(0.3)
        print(number, run, case, flush=True)


def start_one(number: int, agency: int, book: str) -> tuple[str, int]:
    """The run of that number, begun now unless it was. Returns its outside id and its case."""
    from playbooks.models import Run
    from playbooks.operations.starting import start_run
    from soc.cases.operations.opening import open_case
    from tenants.actors import system
    from tenants.isolation import scope

    by = system("falls", agency_id=agency)
    with scope.agency(agency, actor=by.name):
        known = Run.objects.filter(variables__contains={"__no__": str(number)}, depth=0).first()
        if known is None:
            case = open_case(agency_id=agency, title=f"Case {number}", severity="low", at=by.now(), by=by, reason="A test.")
            known = start_run(agency_id=agency, subject=case.subject, book=book, variables={"no": number}, why="A test.", by=by)
        return str(known.public_id), int(known.subject.partition(":")[2])


def answer_all(given: list[tuple[str, str]]) -> None:
    """The analyst's answers to steps in doubt."""
    from playbooks.operations.answering import answer
    from tenants.gates.identifying import actor_of
    from tenants.gates.opening import opened
    from tenants.isolation import scope
    from tenants.models import Person

    with scope.lobby():
        person = actor_of(Person.objects.get(email="ana@watchfloor.example"))
    assert person is not None
    for step, said in given:
        with opened(person):
            answer(step=step, answer=said, reason="The product says so.", by=person)
        print(step, said, flush=True)


if __name__ == "__main__":
    import django

    django.setup()
    if sys.argv[1] == "start":
        start_all(int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
    else:
        answer_all(json.load(sys.stdin))
