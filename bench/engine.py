"""How many durable steps the engine makes in a second, beside bare Celery tasks on the same broker: `python -m bench.engine`."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_DNS, UUID, uuid5

from celery import Celery

ROOT = Path(__file__).resolve().parent.parent
TASKS, RUNS, STEPS, AGENCIES = 3000, 150, 20, 4
QUEUE = "bench-engine"
# The book, how many steps share a commit at most (0: as the product has it), by how many workers, and what is said of it.
FIGURES = (
    ("control", 1, (1, 2, 4), "control steps, a commit each"),
    ("control", 0, (1, 2, 4), "control steps sharing a commit"),
    ("call", 0, (1, 2, 4), "calls answered at once, a commit each"),
    ("local", 0, (2,), "actions on the subject, a transaction each"),
)

celery = Celery("bench", broker=os.environ.get("BENCH_BROKER"))
celery.conf.update(task_default_queue=QUEUE, worker_hijack_root_logger=False, broker_transport_options={"global_keyprefix": f"{QUEUE}:"})


@celery.task(name="bench.engine.nothing", ignore_result=True)
def nothing() -> None:
    """The bare task that engines are compared with."""


def figures(runs: int = RUNS, tasks: int = TASKS) -> Iterator[dict[str, Any]]:
    """The engine by one, two and four workers as ratios to Celery's no-op tasks, of which the better of two runs counts: before and after.

    Makes and drops a database of its own.
    """
    django_up()
    bare, measured = _bare_tasks(tasks), []
    with database() as name:
        books = stage()
        for book, together, crews, said in FIGURES:
            for workers in crews:
                crew = f"{workers} worker{'s' if workers > 1 else ''}"
                measured.append((f"engine, {said}, {crew}", steps_a_second(name, books[book], workers, together, runs)[0]))
    bare = max(bare, _bare_tasks(tasks))
    yield _line("celery no-op tasks, prefork 2, end to end", bare, bare)
    yield from (_line(said, value, bare) for said, value in measured)


def _line(figure: str, value: float, bare: float) -> dict[str, Any]:
    return {"figure": figure, "value": round(value, 1), "unit": "1/s", "ratio": round(value / bare, 2), "to": "celery no-op"}


def django_up() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "soc.settings")
    import django

    django.setup()
    from django.conf import settings

    from playbooks import products
    from playbooks.catalogue import register_action
    from playbooks.products import Outcome, Product, ProductAction
    from playbooks.states import EffectClass

    register_action("bench.nothing", lambda context, arguments: {}, "Nothing")
    nothing_at_all = ProductAction(
        "bench.call", "Nothing", "POST", "/nothing", EffectClass.KEYED, lambda answer, rendered: Outcome("ok"), lambda parts: "Nothing."
    )
    products.register(Product("bench", "Bench", (nothing_at_all,)))
    os.environ["BENCH_BROKER"] = settings.CELERY["broker_url"]
    celery.conf.update(broker_url=settings.CELERY["broker_url"])


def _bare_tasks(count: int) -> float:
    """Tasks a second from the first `delay` until the queue is empty."""
    command = [sys.executable, "-m", "celery", "-A", "bench.engine", "worker", "-P", "prefork", "-c", "2", "-l", "warning"]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat", "-n", f"{QUEUE}@%h"]
    worker = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        with celery.connection_for_write() as connection:
            broker: Any = connection.default_channel.client  # type: ignore[attr-defined]
            for some in (20, count):  # the first ones find out that the worker is there
                began = time.monotonic()
                for _ in range(some):
                    nothing.delay()
                _until(lambda: not (broker.llen(QUEUE) or broker.hlen("unacked")))
            return count / (time.monotonic() - began)
    finally:
        os.killpg(worker.pid, signal.SIGTERM)
        worker.wait()


def _until(done: Callable[[], bool], seconds: float = 120) -> None:
    ends = time.monotonic() + seconds
    while not done():
        if time.monotonic() > ends:
            raise RuntimeError(f"not done within {seconds:.0f} s")
        time.sleep(0.005)


@contextmanager
def database() -> Iterator[str]:
    from django.db import connection

    was = connection.settings_dict["NAME"]
    connection.settings_dict["TEST"]["NAME"] = "bench_engine"
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield name
    finally:
        connection.creation.destroy_test_db(was, verbosity=0)


def stage() -> dict[str, tuple[str, list[int]]]:
    """Agencies and a book of each kind; the slug of each with the agencies that it runs for."""
    from playbooks.operations.connecting import connect
    from playbooks.operations.publishing import publish
    from tenants.actors import system
    from tenants.isolation import scope
    from tenants.operations.agencies import register_agency

    by = system("bench")
    with scope.floor(None, actor=by.name):
        agencies = [register_agency(slug=f"a{n}", name=f"Agency {n}", acronym=f"A{n}", by=by, invented=True).pk for n in range(AGENCIES)]
        for slug, step in BOOKS.items():
            publish(slug=slug, document=book_of(slug, step), by=by)
        for agency in agencies:
            connect(agency_id=agency, kind="bench", name="Bench", base_url="http://127.0.0.1:9", named_networks=["127.0.0.1/32"], by=by)
    return {slug: (slug, agencies) for slug in BOOKS}


def _question(number: int, following: str) -> dict[str, Any]:
    ways = {"on_true": step_id("end", number), "on_completion": following}
    return {"type": "if-condition", "name": "Is it?", "condition": "__a__:value = 'b'", **ways}


def _action(number: int, following: str) -> dict[str, Any]:
    commands = [{"type": "local-action", "command": "bench.nothing"}]
    return {"type": "action", "name": "Nothing", "agent": agent(), "commands": commands, "on_completion": following}


def _call(number: int, following: str) -> dict[str, Any]:
    commands = [{"type": "http-api", "command": "POST /nothing HTTP/1.1"}]
    return {"type": "action", "name": "Call", "agent": agent(), "commands": commands, "on_completion": following}


BOOKS = {"control": _question, "call": _call, "local": _action}


def agent() -> str:
    return f"security-category--{uuid5(NAMESPACE_DNS, 'bench')}"


def step_id(kind: str, number: int) -> str:
    return f"{kind}--{UUID(int=uuid5(NAMESPACE_DNS, f'{kind}{number}').int, version=4)}"


def book_of(name: str, step: Callable[[int, str], dict[str, Any]]) -> dict[str, Any]:
    """A start, an end, and STEPS - 2 steps of a kind between them."""
    kind = step(0, "")["type"]
    ids = [*(step_id(kind, number) for number in range(STEPS - 2)), step_id("end", STEPS)]
    workflow = {ids[number]: step(number, ids[number + 1]) for number in range(STEPS - 2)}
    workflow |= {step_id("start", 0): {"type": "start", "on_completion": ids[0]}, ids[-1]: {"type": "end"}}
    workflow |= {one["on_true"]: {"type": "end"} for one in workflow.values() if "on_true" in one}
    return {
        "type": "playbook",
        "spec_version": "cacao-2.0",
        "id": f"playbook--{uuid5(NAMESPACE_DNS, name)}",
        "name": name,
        "created_by": f"identity--{uuid5(NAMESPACE_DNS, 'bench')}",
        "created": "2026-01-01T00:00:00.000Z",
        "modified": "2026-01-01T00:00:00.000Z",
        "workflow_start": step_id("start", 0),
        "workflow": workflow,
        "playbook_variables": {"__a__": {"type": "string", "value": "a"}},
        "agent_definitions": {agent(): {"type": "security-category", "name": "Bench", "category": ["bench"]}},
    }


def steps_a_second(database: str, book: tuple[str, list[int]], workers: int, together: int, runs: int) -> tuple[float, float]:
    """Steps a second that so many worker processes make of runs that stand in line, and the memory that one needed at most, in MB."""
    from playbooks.models import Run, StepAttempt
    from playbooks.operations.starting import start_run
    from tenants.actors import system
    from tenants.isolation import scope

    slug, agencies = book
    with scope.floor(None, actor="system:bench"):
        last = Run.objects.order_by("-id").values_list("id", flat=True).first() or 0
    crew = [_worker(database, together) for _ in range(workers)]
    for one in crew:  # only then is there work, so that none of it is done before the time begins
        assert one.stdout is not None and one.stdout.readline() == "ready\n"
    for number in range(runs):
        agency = agencies[number % len(agencies)]
        with scope.agency(agency, actor="system:bench"):
            by = system("bench", agency_id=agency)
            start_run(agency_id=agency, subject=f"bench:{number}", book=slug, variables={}, why="Measured", by=by)
    began = time.monotonic()
    for one in crew:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    ended = [one.wait(timeout=600) for one in crew]
    seconds = time.monotonic() - began
    memory = max(float(one.stdout.read()) for one in crew if one.stdout is not None) if not any(ended) else 0.0
    with scope.floor(None, actor="system:bench"):
        made = StepAttempt.objects.filter(run_id__gt=last).count()
        open_runs = Run.objects.filter(id__gt=last).exclude(state="done").count()
    if any(ended) or open_runs or made != runs * STEPS:
        raise RuntimeError(f"{slug}: {open_runs} runs are not done, {made} steps of {runs * STEPS} were made, workers ended with {ended}")
    return made / seconds, memory


def _worker(database: str, together: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bench.engine", "--work", database, str(together)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _work(database: str, together: int) -> None:
    """A worker process: ready, wait for the word, sweep until no run waits."""
    django_up()
    from django.db import connection

    from playbooks.engine import performing, walking
    from playbooks.products import Answer
    from tenants.journal.sweeping import sweep

    connection.settings_dict["NAME"] = database
    performing.send = lambda *request, **limits: Answer(200, {})  # the engine is measured, not a product
    if together:
        walking.MOST_TOGETHER = together
    sweep(names=("runs",), agency_id=0)  # connected, and all is imported
    print("ready", flush=True)
    sys.stdin.readline()
    while sweep(names=("runs",)):
        pass
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, flush=True)
    os._exit(0)  # the sweep has ended; an orderly end of the interpreter is not measured


if __name__ == "__main__":
    if "--work" in sys.argv:
        _work(sys.argv[2], int(sys.argv[3]))
    else:
        for line in figures():
            print(json.dumps(line), flush=True)
