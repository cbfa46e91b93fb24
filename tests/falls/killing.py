"""What is killed, how, and when it counts as back: one row a kind, so that other servers are other rows."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psycopg
import redis

from tests.falls.instance import Instance, alive, say, send, until

GIVEN = ("postgres", "redis", "rabbitmq")  # servers that others start, where the instance works on given ones
BACK_WITHIN = 60.0  # seconds; one that takes longer is named in the table


@dataclass(frozen=True)
class Kind:
    """One way to fall. `fall` says whether there was something to hit; `back` whether it works again since a Unix time."""

    name: str
    fall: Callable[[], bool]
    back: Callable[[float], bool]


def kill(one: Instance, name: str) -> bool:
    """SIGKILL a process of the instance, once it is there, and see it gone."""
    pid = one.pid(name)
    gone = send(pid, signal.SIGKILL) and until(lambda: not alive(pid), 10, 0.02)
    if one.given and name in GIVEN:
        one.bring_up()
    return gone


def kill_a_backend(one: Instance, chance: random.Random) -> bool:
    """SIGKILL one session of PostgreSQL that works for us; the server ends all others and recovers."""
    sql = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY pid"
    pids: list[int] = []

    def look() -> bool:
        try:
            pids[:] = [row[0] for row in one.rows(sql)]
        except psycopg.Error:
            return False
        return bool(pids)

    return until(look, 30) and send(chance.choice(pids), signal.SIGKILL)


def restart_postgres(one: Instance) -> bool:
    """An orderly stop that ends every session, and a start."""
    pid = one.pid("postgres")
    if not (send(pid, signal.SIGINT) and until(lambda: not alive(pid), 30, 0.02)):
        return False
    if one.given:
        one.bring_up()
        return True

    # The supervisor leaves down what ended orderly, until it is asked; it may not have seen the end yet.
    def asked() -> bool:
        one.bring_up()
        return one.noted("postgres") is not None

    return until(asked, 30, 0.5)


def flush_redis(one: Instance) -> bool:
    """FLUSHALL, once it answers."""
    if not until(one.redis_answers, 30):
        return False
    try:
        with one.redis() as client:
            client.flushall()
    except redis.RedisError:
        return False
    return True


def kinds_of(one: Instance, seed: int) -> tuple[Kind, ...]:
    """The ways to fall of an instance. Its supervisor starts again what was killed, the script of given servers those."""
    chance = random.Random(seed)
    kinds = (
        Kind("web (with the sockets)", lambda: kill(one, "web"), lambda at: one.web_answers()),
        Kind("worker", lambda: kill(one, "worker"), one.work_moves_since),
        Kind("beat", lambda: kill(one, "beat"), lambda at: one.noted("beat") is not None),
        Kind("redis", lambda: kill(one, "redis"), lambda at: one.redis_answers()),
        Kind("redis FLUSHALL", lambda: flush_redis(one), one.work_moves_since),
        Kind("postgres", lambda: kill(one, "postgres"), lambda at: one.postgres_answers()),
        Kind("postgres session", lambda: kill_a_backend(one, chance), lambda at: one.postgres_answers()),
        Kind("postgres restart", lambda: restart_postgres(one), lambda at: one.postgres_answers()),
    )
    return (*kinds, Kind("rabbitmq", lambda: kill(one, "rabbitmq"), one.rabbitmq_answers)) if one.given else kinds


def order_of(kinds: Sequence[Kind], kills: int, seed: int) -> list[Kind]:
    """Every kind equally often (one more at most), in an order that the seed gives."""
    chance = random.Random(seed)
    order: list[Kind] = []
    while len(order) < kills:
        some = list(kinds)
        chance.shuffle(some)
        order += some
    return order[:kills]


@dataclass
class Fall:
    """One kill: when (seconds since the first), and how long until it worked again (None: not within a minute)."""

    kind: str
    at: float
    back_after: float | None = None


class Killer:
    """Makes things fall one after the other, evenly over `seconds`; the way back is watched beside it."""

    def __init__(self, order: Sequence[Kind], seconds: float) -> None:
        self.order, self.gap = order, seconds / max(len(order), 1)
        self.falls: list[Fall] = []
        self.watchers: list[threading.Thread] = []

    def run(self) -> float:
        """Returns the monotonic time of the last kill."""
        began = last = time.monotonic()
        for number, kind in enumerate(self.order, start=1):
            time.sleep(max(0.0, began + (number - 0.5) * self.gap - time.monotonic()))
            if not kind.fall():
                raise SystemExit(f"kill {number}: there was no {kind.name} to hit within its time")
            last = time.monotonic()
            fall = Fall(kind.name, last - began)
            self.falls.append(fall)
            watcher = threading.Thread(target=self._watch, args=(kind, fall, last, time.time()), daemon=True)
            watcher.start()
            self.watchers.append(watcher)
            if os.environ.get("VERBOSE"):
                say(f"{fall.at:6.1f} s  {kind.name}")
        return last

    def _watch(self, kind: Kind, fall: Fall, began: float, at: float) -> None:
        if until(lambda: kind.back(at), BACK_WITHIN, 0.05):
            fall.back_after = time.monotonic() - began

    def table(self) -> list[str]:
        """A line a kind: kills, and the median and longest way back in seconds."""
        for watcher in self.watchers:
            watcher.join(BACK_WITHIN + 5)
        lines = [f"{'kind':<24}{'kills':>6}{'back after: median':>20}{'longest':>10}"]
        for name in dict.fromkeys(fall.kind for fall in self.falls):
            times = [fall.back_after for fall in self.falls if fall.kind == name]
            known = sorted(one for one in times if one is not None)
            middle = f"{known[len(known) // 2]:.1f} s" if known else "-"
            longest = f"{known[-1]:.1f} s" if len(known) == len(times) else f"over {BACK_WITHIN:.0f} s"
            lines.append(f"{name:<24}{len(times):>6}{middle:>20}{longest:>10}")
        return lines
