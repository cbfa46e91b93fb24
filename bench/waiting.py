"""What a hundred thousand waiting runs cost: a worker's memory and its steps a second with them, as ratios to those without."""

from collections.abc import Iterator
from statistics import median
from typing import Any

from django.db import models

from bench import engine

WAITING, ROUNDS = 100_000, 3
BOOK = "asks-people"
TABLES = ("run", "frame", "stepattempt")


def figures(waiting: int = WAITING, rounds: int = ROUNDS) -> Iterator[dict[str, Any]]:
    """Both by one worker, the middle of `rounds` each. Makes and drops a database of its own."""
    engine.django_up()
    with engine.database() as name:
        books = engine.stage()
        without = [engine.steps_a_second(name, books["control"], 1, 0, engine.RUNS) for _ in range(rounds)]
        size = _seed(name, books["control"][1], waiting)
        beside = [engine.steps_a_second(name, books["control"], 1, 0, engine.RUNS) for _ in range(rounds)]
    for at, what, unit in ((0, "control steps sharing a commit", "1/s"), (1, "memory of a worker at most", "MB")):
        before, after = median(one[at] for one in without), median(one[at] for one in beside)
        yield {"figure": f"engine, {what}, no run waiting", "value": before, "unit": unit, "ratio": 1.0, "to": "itself"}
        said = f"engine, {what}, {waiting:,} runs waiting"
        yield {"figure": said, "value": after, "unit": unit, "ratio": after / before, "to": "none waiting"}
    yield {"figure": "a waiting run in PostgreSQL, indexes included", "value": size / waiting, "unit": "bytes", "ratio": None, "to": ""}


def _seed(database: str, agencies: list[int], waiting: int) -> int:
    """Copies of one run that waits for a person, by one statement a table and agency. Returns the bytes that they take."""
    from django.db import connection

    from playbooks.models import Frame, Run, StepAttempt
    from playbooks.operations.publishing import publish
    from playbooks.operations.starting import start_run
    from tenants.actors import system
    from tenants.isolation import scope
    from tenants.journal.sweeping import sweep

    with scope.floor(None, actor="system:bench"):
        publish(slug=BOOK, document=engine.book_of(BOOK, _manual), by=system("bench"))
    before = _bytes()
    for agency in agencies:
        by = system("bench", agency_id=agency)
        with scope.agency(agency, actor=by.name):
            start_run(agency_id=agency, subject="bench:one", book=BOOK, variables={}, why="Measured", by=by)
        while sweep(names=("runs",)):
            pass
        with scope.agency(agency, actor=by.name), connection.cursor() as cursor:
            one = Run.objects.get(subject="bench:one")
            if one.state != "waiting":
                raise RuntimeError(f"the run to copy is {one.state}")
            count, marked = waiting // len(agencies), {"subject": "'waiting:' || n"}
            copied = _copying(Run, marked, "CROSS JOIN generate_series(1, %s) n WHERE t.id = %s")
            cursor.execute(copied, [count, one.pk])
            run = "JOIN playbooks_run r ON r.agency_id = t.agency_id AND r.subject LIKE 'waiting:%%' WHERE t.run_id = %s"
            cursor.execute(_copying(Frame, {"run_id": "r.id"}, run), [one.pk])
            # Of one frame a run, it is the run's own.
            frame = run.replace("WHERE", "JOIN playbooks_frame f ON f.agency_id = r.agency_id AND f.run_id = r.id WHERE")
            cursor.execute(_copying(StepAttempt, {"run_id": "r.id", "frame_id": "f.id"}, frame), [one.pk])
    with scope.floor(None, actor="system:bench"), connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ANALYZE playbooks_{table}")
    return _bytes() - before


def _copying(model: type[models.Model], changed: dict[str, str], which: str) -> str:
    """A statement that copies rows of a table: every column, but what is `changed` and what each row has of its own."""
    own = {"public_id": "gen_random_uuid()", **changed}
    names = [one.attname for one in model._meta.concrete_fields if not one.primary_key]
    picked = ", ".join(own.get(name, f"t.{name}") for name in names)
    table = model._meta.db_table
    return f"INSERT INTO {table} ({', '.join(names)}) SELECT {picked} FROM {table} t {which}"


def _bytes() -> int:
    from django.db import connection

    from tenants.isolation import scope

    with scope.floor(None, actor="system:bench"), connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_total_relation_size(to_regclass('playbooks_' || n)))::bigint FROM unnest(%s::text[]) n", [list(TABLES)]
        )
        return int(cursor.fetchone()[0])


def _manual(number: int, following: str) -> dict[str, Any]:
    commands = [{"type": "manual", "command": "Look at it"}]
    return {"type": "action", "name": "Look", "agent": engine.agent(), "commands": commands, "on_completion": following}
