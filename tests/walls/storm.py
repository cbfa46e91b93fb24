"""A storm of random scopes over a small pool: planned from a seed, driven by threads and by async tasks, each scope checked from inside."""

import asyncio
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from asgiref.sync import sync_to_async
from django.db import DatabaseError, InterfaceError, OperationalError, ProgrammingError, connection, transaction

from tenants.isolation import scope
from tenants.isolation.once import once
from tenants.isolation.scope import CENTRAL, LOBBY, TENANT, NoScope, Scope, current
from tenants.models import CallTreeContact

POOL = 4
THREADS = 6
TASKS = 24  # async tasks at once, over threads of the loop

WHO = "SELECT current_user, COALESCE(current_setting('app.agency', true), ''), COALESCE(current_setting('app.actor', true), '')"
ROWS = f"{WHO}, (SELECT array_agg(DISTINCT agency_id) FROM tenants_calltreecontact)"
ADD = """INSERT INTO tenants_calltreecontact (agency_id, name, title, phone, email, "order", out_of_hours)
VALUES (%s, %s, '', '1', '', 1, false)"""

KINDS = {"tenant": 40, "floor": 20, "narrow": 12, "lobby": 10, "once": 8, "none": 7, "every": 3}
STEPS = {"look": 30, "orm": 18, "write": 14, "foreign": 8, "back": 12, "kept": 10, "throw": 4, "kill": 1}
ENOUGH = 20
CANCELLED = 0.06  # share of the async tasks


class Thrown(Exception):
    """What a storm throws in the middle of a scope."""


@dataclass(frozen=True)
class Plan:
    """One scope: what it is, what happens in it, and whether a thread or a task opens it. The same for the same seed and number."""

    n: int
    kind: str
    agency: int
    narrow: frozenset[int]
    steps: tuple[str, ...]
    task: bool
    cancel: bool

    @property
    def actor(self) -> str:
        """A name of its own, so that a scope left behind by another shows."""
        return f"storm:{self.n}"

    @property
    def wanted(self) -> tuple[str, str, str]:
        """What PostgreSQL must say inside: role, agency, actor."""
        role = {"tenant": TENANT, "once": TENANT, "lobby": LOBBY}.get(self.kind, CENTRAL)
        return role, str(self.agency) if role == TENANT else "", self.actor

    @property
    def may_see(self) -> frozenset[int] | None:
        """The agencies whose rows the manager may show; None is all."""
        return {"tenant": frozenset({self.agency}), "narrow": self.narrow}.get(self.kind)

    def open(self) -> AbstractContextManager[Any]:
        """The scope itself."""
        if self.kind == "tenant":
            return scope.agency(self.agency, actor=self.actor)
        if self.kind == "lobby":
            return scope.lobby(self.actor)
        if self.kind == "every":
            return scope.every_agency(reason="the storm looks across", actor=self.actor)
        return scope.floor(self.narrow if self.kind == "narrow" else None, actor=self.actor)


def planned(seed: int, n: int, agencies: list[int]) -> Plan:
    """The n-th scope of a seed."""
    dice = random.Random(f"{seed}:{n}")
    narrow = frozenset(dice.sample(agencies, dice.randint(1, 2)))
    steps = tuple(dice.choices(list(STEPS), list(STEPS.values()), k=dice.randint(1, 2)))
    kind = dice.choices(list(KINDS), list(KINDS.values()))[0]
    return Plan(n, kind, dice.choice(agencies), narrow, steps, task=dice.random() < 0.5, cancel=dice.random() < CANCELLED)


@dataclass
class Storm:
    """A storm at work, and what was seen of it."""

    agencies: list[int]
    killer: Any  # a connection of the owner, who may end others
    seen: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    committed: set[str] = field(default_factory=set)
    unsure: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, what: str) -> None:
        with self.lock:
            self.seen[what] += 1

    def fault(self, what: str, plan: Plan, said: object) -> None:
        """What must never happen."""
        with self.lock:
            self.seen[what] += 1
            self.faults.append(f"{what} in scope {plan.n} ({plan.kind}, {', '.join(plan.steps)}): {said}")

    def run(self, plan: Plan) -> None:
        """One scope from beginning to end, on this thread. A storm that has found enough is over."""
        if len(self.faults) > ENOUGH:
            return
        self.count(plan.kind)
        if current.get() is not None:
            self.fault("left", plan, f"a scope was open before: {current.get()}")
        written: list[str] = []
        try:
            {"none": self._without, "once": self._once}.get(plan.kind, self._inside)(plan, written)
        except Thrown:
            self.count("thrown")
        except (OperationalError, InterfaceError) as error:
            self.count("connections lost")
            with self.lock:
                self.unsure.update(written)
            if "kill" not in plan.steps:
                self.fault("lost without a kill", plan, error)
        except Exception as error:
            self.fault("unforeseen", plan, repr(error))
        else:
            with self.lock:
                self.committed.update(written)
        if current.get() is not None:
            self.fault("left", plan, f"the scope stays open: {current.get()}")
        if connection.connection is not None:
            self.fault("left", plan, "the thread keeps its connection")

    def _inside(self, plan: Plan, written: list[str]) -> None:
        with plan.open():
            self._look(plan)
            for step in plan.steps:
                getattr(self, f"_{step}")(plan, written)
            self._look(plan)

    def _look(self, plan: Plan, *_: object) -> None:
        """What PostgreSQL says of itself, and whose rows it gives to raw SQL."""
        with connection.cursor() as cursor:
            cursor.execute(WHO if plan.kind == "lobby" else ROWS)
            said = cursor.fetchone()
        self._check(plan, said)

    def _check(self, plan: Plan, said: Any) -> None:
        self.count("looks")
        if said[:3] != plan.wanted:
            self.fault("crossings", plan, f"wanted {plan.wanted}, PostgreSQL says {said[:3]}")
        if plan.wanted[0] == TENANT and set(said[3] or ()) - {plan.agency}:
            self.fault("crossings", plan, f"agency {plan.agency} sees rows of {said[3]}")

    def _orm(self, plan: Plan, written: list[str]) -> None:
        try:
            got = set(CallTreeContact.objects.values_list("agency_id", flat=True).distinct())
        except NoScope:
            if plan.kind != "lobby":
                raise
            self.count("refused")
            return
        if plan.kind == "lobby":
            self.fault("without", plan, f"the lobby was given rows of {got}")
        if plan.may_see is not None and got - plan.may_see:
            self.fault("crossings", plan, f"the manager gave rows of {got}, {set(plan.may_see)} were in scope")

    def _insert(self, plan: Plan, agency: int, tag: str) -> str:
        name = f"{agency}:{plan.n}:{tag}"
        with connection.cursor() as cursor:
            cursor.execute(ADD, [agency, name])
        return name

    def _write(self, plan: Plan, written: list[str]) -> None:
        if plan.kind != "lobby":
            written.append(self._insert(plan, plan.agency, f"write{len(written)}"))

    def _foreign(self, plan: Plan, written: list[str]) -> None:
        """A row of another agency: refused by the policy, and in the lobby for want of any right; the scope goes on."""
        if plan.kind not in ("tenant", "lobby"):
            return
        other = next(one for one in self.agencies if one != plan.agency)
        try:
            with transaction.atomic():
                self._insert(plan, other, "foreign")
        except ProgrammingError:
            self.count("refused")
        else:
            self.fault("crossings", plan, f"wrote a row of {other}")
        self._look(plan)

    def _back(self, plan: Plan, written: list[str]) -> None:
        """Two savepoints that are thrown away."""
        try:
            with transaction.atomic(), transaction.atomic():
                if plan.kind != "lobby":
                    self._insert(plan, plan.agency, "back")
                raise Thrown
        except Thrown:
            self.count("rolled back")
        self._look(plan)

    def _kept(self, plan: Plan, written: list[str]) -> None:
        """A savepoint that is kept, with one in it that is not."""
        with transaction.atomic():
            self._write(plan, written)
            self._back(plan, written)

    def _throw(self, plan: Plan, written: list[str]) -> None:
        raise Thrown

    def _kill(self, plan: Plan, written: list[str]) -> None:
        """The server ends this connection; whatever comes next in the scope fails."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (pid,) = cursor.fetchone()
        with self.lock:
            self.killer.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
            self.seen["killed"] += 1

    def _once(self, plan: Plan, written: list[str]) -> None:
        wanted = Scope(TENANT, agency=plan.agency, actor=plan.actor)
        if "foreign" in plan.steps:
            other = next(one for one in self.agencies if one != plan.agency)
            try:
                once(wanted, (ADD, (plan.agency, f"{plan.agency}:{plan.n}:back")), (ADD, (other, f"{other}:{plan.n}:foreign")))
            except DatabaseError:
                self.count("refused")
            else:
                self.fault("crossings", plan, f"wrote a row of {other}")
        self._check(plan, once(wanted, (ROWS, ()))[0])

    def _without(self, plan: Plan, written: list[str]) -> None:
        """No scope: refused by the manager, by the wrapper, and, around both, by PostgreSQL."""
        asked: list[Callable[[], Any]] = [
            lambda: list(CallTreeContact.objects.all()),
            lambda: connection.cursor().execute("SELECT count(*) FROM tenants_calltreecontact"),
            lambda: _bare("SELECT agency_id FROM tenants_calltreecontact"),
        ]
        try:
            for ask in asked:
                try:
                    self.fault("without", plan, f"was given {ask()}")
                except (NoScope, psycopg.errors.InsufficientPrivilege):
                    self.count("refused")
            said = _bare(WHO)
            if said[0][0] != connection.settings_dict["USER"] or said[0][1:] != ("", ""):
                self.fault("left", plan, f"a connection from the pool says {said}")
        finally:
            connection.close()


def _bare(sql: str) -> list[Any]:
    """A statement past our own wrapper."""
    connection.ensure_connection()
    return connection.connection.execute(sql).fetchall()  # type: ignore[no-any-return]


@contextmanager
def small_pool(size: int = POOL) -> Iterator[None]:
    """Every thread's connections come from one pool of this size."""
    connection.close()
    connection.settings_dict["OPTIONS"]["pool"] = {"min_size": size, "max_size": size, "timeout": 5}
    try:
        yield
    finally:
        connection.close()
        connection.close_pool()
        del connection.settings_dict["OPTIONS"]["pool"]


def drive(storm: Storm, plans: list[Plan]) -> None:
    """All plans at once: half by threads, half by async tasks under a running loop, some of them cancelled on the way."""
    with ThreadPoolExecutor(THREADS + 1) as threads:
        ours = [plan for plan in plans if not plan.task]
        loop = threads.submit(asyncio.run, _tasks(storm, [plan for plan in plans if plan.task]))
        for done in [loop, *(threads.submit(_several, storm, ours[n::THREADS]) for n in range(THREADS))]:
            done.result()


def _several(storm: Storm, plans: list[Plan]) -> None:
    for plan in plans:
        storm.run(plan)


async def _tasks(storm: Storm, plans: list[Plan]) -> None:
    places = asyncio.Semaphore(TASKS)
    with ThreadPoolExecutor(THREADS) as workers:
        await asyncio.gather(*(_task(storm, plan, places, workers) for plan in plans))


async def _task(storm: Storm, plan: Plan, places: asyncio.Semaphore, workers: ThreadPoolExecutor) -> None:
    async with places:
        # Most on threads of their own, some on the one thread that Django keeps for what must stay together.
        sensitive = plan.n % 8 == 0
        call = sync_to_async(storm.run, thread_sensitive=sensitive, executor=None if sensitive else workers)
        task = asyncio.ensure_future(call(plan))
        if plan.cancel:
            await asyncio.sleep((plan.n % 5) / 2000)
            task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            storm.count("cancelled")
        if current.get() is not None:
            storm.fault("left", plan, f"the task keeps a scope: {current.get()}")


def pooled_states() -> list[tuple[str, str, str]]:
    """Who each connection of the pool believes to be, all of them taken at once."""
    pool = connection.pool
    taken = [pool.getconn() for _ in range(POOL)]
    try:
        return [one.execute(WHO).fetchone() for one in taken]
    finally:
        for one in taken:
            pool.putconn(one)


def stored() -> dict[str, int]:
    """The agency of every row that the storm wrote, by the row's name."""
    with scope.floor(None):
        rows = CallTreeContact.objects.filter(name__contains=":").values_list("name", "agency_id")
        return dict(rows)
