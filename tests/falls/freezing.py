"""What is worse than a kill: frozen processes, a clock that is an hour ahead, a full disk, a wiped broker; the judge looks at all of it.

Usage: python -m tests.falls.freezing [--only frozen|clock|broker|data|wal ...] [--seed N] [--rate N]. `clock` needs Debian's
libfaketime; `data` and `wal` (PostgreSQL's tables or its log on a file system of 64 MB) need root.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from tests.falls.chaos import Work, tell, work_on
from tests.falls.instance import LOCAL, ROOT, Instance, end_well, say, send, until
from tests.falls.killing import flush_redis

LONGER_THAN_A_LEASE = 40.0  # seconds; the engine's lease is 30
FULL_FOR = 15.0
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"

# Under libfaketime an absolute sleep on the untouched monotonic clock is refused by the system.
SLEEP_ANOTHER_WAY = "import threading, time\ntime.sleep = lambda seconds: threading.Event().wait(seconds) and None\n"

# What is done, and then what was seen of it.
Act = tuple[str, Callable[[Work], str]]


def freeze(one: Instance, pid: int, seconds: float) -> str:
    """SIGSTOP for a while; it goes on whatever happens here. Returns what the others did meanwhile."""
    waits, began = 0, time.time()
    send(pid, signal.SIGSTOP)
    try:
        for _ in range(int(seconds)):
            time.sleep(1)
            with contextlib.suppress(psycopg.Error):
                waits = max(waits, one.rows("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")[0][0])
        done = one.rows("SELECT count(*) FROM tenants_delivery WHERE done_at > to_timestamp(%s)", began)[0][0]
    finally:
        send(pid, signal.SIGCONT)
    return f"{done} deliveries meanwhile, at most {waits} sessions behind its locks"


def a_worker_in_a_call(work: Work) -> str:
    """The worker that is calling the product is frozen for longer than its lease; the other takes its run and asks first."""
    one = work.instance
    one.start_another_worker()
    sql = "SELECT r.lease_owner, s.effect_key FROM playbooks_run r JOIN playbooks_stepattempt s ON s.run_id = r.id"
    sql += " WHERE r.state = 'running' AND s.state = 'started' AND s.rendered ->> 'action' = 'endpoint.isolate'"
    found: list[tuple[str, str]] = []

    def look() -> bool:
        called = set(work.product.orders())
        found[:] = [row for row in one.rows(sql) if row[1] in called]
        return bool(found)

    work.product.hold = 4.0
    if not until(look, 60, 0.05):
        return "NOT SEEN: no call was under way"
    owner, key = found[0]
    began = work.product.orders().count(key)
    work.product.hold = 0.0  # for whoever calls next; the frozen one's call still takes its time
    meanwhile = freeze(one, int(owner.split(":")[1]), LONGER_THAN_A_LEASE)
    time.sleep(5)
    logs = "".join((one.home / "log" / name).read_text(errors="replace") for name in ("worker.log", "another.log"))
    again = work.product.orders().count(key) - began
    return f"{logs.count('fenced off')} times fenced off, {again} further orders under its key; {meanwhile}"


def the_web_process(work: Work) -> str:
    """The web process stands still for a quarter of a minute."""
    freeze(work.instance, work.instance.pid("web"), 15)
    return f"answers again: {until(work.instance.web_answers, 30)}"


def a_session_of_postgres(work: Work) -> str:
    """A session that is in the middle of a transaction stands still for longer than a lease, with whatever it has locked."""
    sql = "SELECT pid, query FROM pg_stat_activity WHERE backend_type = 'client backend' AND xact_start IS NOT NULL"
    sql += " AND pid <> pg_backend_pid()"
    found: list[tuple[int, str]] = []

    def look() -> bool:
        found[:] = work.instance.rows(sql)
        return bool(found)

    if not until(look, 30, 0.01):
        return "NOT SEEN: no transaction was open"
    return freeze(work.instance, found[0][0], LONGER_THAN_A_LEASE)


def a_worker_an_hour_ahead(work: Work) -> str:
    """A second worker lives an hour ahead while the first is stopped, so that the work is its own; then the first alone again."""
    one = work.instance
    if not Path(FAKETIME).exists():
        return "NOT SEEN: libfaketime is missing (apt-get install libfaketime)"
    (one.home / "ahead").mkdir()
    (one.home / "ahead" / "sitecustomize.py").write_text(SLEEP_ANOTHER_WAY)
    fake = {"LD_PRELOAD": FAKETIME, "FAKETIME": "+1h", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}
    ahead = one.start_another_worker(**fake, PYTHONPATH=f"{one.home / 'ahead'}:{ROOT}")
    log = one.home / "log" / "another.log"
    if not until(lambda: "clock is wrong" in log.read_text(errors="replace"), 60):
        return "NOT SEEN: it did not notice that its clock is wrong"
    time.sleep(15)  # its first sweep
    meanwhile = freeze(one, one.pid("worker"), 30)
    if meanwhile.startswith("0 "):
        return "NOT SEEN: it did no work while the other stood still"
    time.sleep(5)
    ahead.kill()
    ahead.wait()
    one.more.remove(ahead)
    future = one.rows("SELECT count(*) FROM tenants_entry WHERE at > now() + interval '5 minutes'")[0][0]
    late = one.rows("SELECT count(*) FROM playbooks_approval WHERE state = 'lapsed'")[0][0]
    return f"{future} facts in the future, {late} approvals lapsed before their time; {meanwhile}"


def redis_is_flushed(work: Work) -> str:
    """FLUSHALL under load."""
    return f"flushed: {flush_redis(work.instance)}"


def the_queue_is_deleted(work: Work) -> str:
    """The doorbell's queue, its bindings and whatever the sockets keep are deleted one by one, again and again."""
    deleted = 0
    with work.instance.redis() as client:
        for _ in range(100):
            for name in client.scan_iter():
                deleted += int(client.delete(name))  # type: ignore[arg-type]
            time.sleep(0.05)
    return f"{deleted} keys deleted"


def a_full_disk(place: Path) -> Callable[[Work], str]:
    """Fill the small file system to its last byte, wait for refusals, give the space back."""

    def act(work: Work) -> str:
        ballast = place / "ballast"
        before = work.stream.answers.copy()
        fill(ballast)

        def refused() -> int:
            return work.stream.answers["503"] - before["503"]

        def push() -> bool:
            with contextlib.suppress(psycopg.Error):  # a new file of the log is what does not fit
                work.instance.rows("SELECT pg_switch_wal()")
            fill(ballast)
            return refused() > 0

        seen = until(push, 90, 0.5)
        time.sleep(FULL_FOR)
        count = refused()
        ballast.unlink()
        began, taken = time.monotonic(), work.stream.answers["202"]
        back = until(lambda: work.stream.answers["202"] > taken + 5, 60)
        again = f"takes alerts again after {time.monotonic() - began:.1f} s" if back else "NOT SEEN: it took no alerts again"
        return f"{count} x 503 while full, {again}" if seen else "NOT SEEN: it was never full"

    return act


def fill(file: Path) -> None:
    """Write until nothing fits any more."""
    try:
        with open(file, "ab", buffering=0) as out:
            for size in (1 << 20, 4096):
                while True:
                    try:
                        if not out.write(bytes(size)):
                            break
                    except OSError:
                        break
    except OSError:
        return


def on_a_small_disk(part: str) -> Callable[[Path], None]:
    """Make the instance's cluster, and put `part` of it on a file system of 64 MB."""

    def prepare(home: Path) -> None:
        environment = {**os.environ, "WATCHFLOOR_VAR": str(home)}
        for what in ("up", "down"):
            subprocess.run([sys.executable, str(LOCAL / "servers.py"), what], env=environment, check=True, capture_output=True)
        small, data = home / "small", home / "postgres" / "data"
        small.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m,mode=755", "tmpfs", str(small)], check=True)
        subprocess.run(["cp", "-a", str(data / part), str(small / part)], check=True)
        shutil.rmtree(data / part)
        (data / part).symlink_to(small / part)

    return prepare


def prove(
    name: str, acts: list[Act], given: argparse.Namespace, prepare: Callable[[Path], None] | None = None
) -> tuple[dict[str, int], bool]:
    """One instance, one stream, these acts one after the other, and the judge. Returns its figures, and whether all was seen and sound."""
    instance = Instance(name, prepare=prepare)
    seen = []
    try:
        with instance, work_on(instance, seed=given.seed, rate=given.rate) as work:
            time.sleep(5)
            for title, act in acts:
                said = act(work)
                seen.append(not said.startswith("NOT SEEN"))
                say(f"{title:<44}{said}")
            began = time.monotonic()
            verdict, took = work.settle(began)
            tell(verdict, took, work)
    finally:
        if (instance.home / "small").is_mount():
            subprocess.run(["umount", "-l", str(instance.home / "small")], check=True)
        shutil.rmtree(instance.home, ignore_errors=True)
    return verdict.figures(), verdict.sound and all(seen)


def parts(given: argparse.Namespace) -> dict[str, Callable[[], tuple[dict[str, int], bool]]]:
    frozen: list[Act] = [
        ("a worker frozen in a call for 40 s", a_worker_in_a_call),
        ("the web process frozen for 15 s", the_web_process),
        ("a session of PostgreSQL frozen for 40 s", a_session_of_postgres),
    ]
    broker: list[Act] = [("redis FLUSHALL", redis_is_flushed), ("every key of Redis deleted for 5 s", the_queue_is_deleted)]

    def disk(part: str, title: str) -> tuple[dict[str, int], bool]:
        def act(work: Work) -> str:
            return a_full_disk(work.instance.home / "small")(work)

        return prove(f"disk-{part}", [(title, act)], given, on_a_small_disk(part))

    return {
        "frozen": lambda: prove("frozen", frozen, given),
        "clock": lambda: prove("clock", [("one worker's clock an hour ahead", a_worker_an_hour_ahead)], given),
        "broker": lambda: prove("broker", broker, given),
        "data": lambda: disk("base", "PostgreSQL's tables on a full disk of 64 MB"),
        "wal": lambda: disk("pg_wal", "PostgreSQL's log on a full disk of 64 MB"),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=["frozen", "clock", "broker", "data", "wal"])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=10)
    given = parser.parse_args()
    end_well()
    whole: dict[str, int] = {}
    good = True
    for name in given.only:
        say(f"-- {name}")
        figures, sound = parts(given)[name]()
        good = good and sound
        for key, value in figures.items():
            whole[key] = whole.get(key, 0) + value
    say(json.dumps({"falls": given.only, **whole}))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
