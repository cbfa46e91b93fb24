"""Kills workers at random under runs of every class of effect, wipes Redis and restarts PostgreSQL meanwhile, and judges what is left.

Usage: python -m tests.falls.playbooks [--kills N] [--runs N] [--workers N] [--seed N] [--seconds N] [--servers embedded|real]
"""

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.falls.agreeing import STEPS as MADE
from tests.falls.agreeing import Seen, judge, look, read_requests, table, told
from tests.falls.instance import ROOT, Instance, alive, end_well, free_port, place_for, say, send, until
from tests.falls.judging import UNFINISHED, Verdict
from tests.falls.killing import Killer, Kind, kinds_of
from tests.falls.playbook_stage import shape_of
from tests.falls.real import RealServers
from tests.falls.shapes import STEPS, Shape, shapes

STAGE = "tests.falls.playbook_stage"
STARTED_BY = 0.8  # of the time of the kills: by then all runs have begun
SERVERS_FALL = ("redis FLUSHALL", "redis", "postgres restart", "postgres")  # in the middle, in this order
PATIENCE = 2.0  # seconds that a kill waits for a worker with a run in hand
BUSY = "SELECT DISTINCT split_part(lease_owner, ':', 2) FROM playbooks_run WHERE state = 'running' AND lease_until > now()"
IN_HAND = "SELECT id, fence FROM playbooks_run WHERE state = 'running' AND split_part(lease_owner, ':', 2) = %s"
CALLING = """
SELECT count(*) FROM playbooks_stepattempt a JOIN playbooks_run r ON r.id = a.run_id
WHERE a.state = 'started' AND a.kind = 'http' AND r.id = ANY(%s)
"""
STILL = "SELECT count(*) FROM playbooks_run r JOIN (SELECT unnest(%s::bigint[]) AS id, unnest(%s::bigint[]) AS fence) was USING (id, fence)"
STILL += " WHERE r.state = 'running'"
OPEN = "SELECT state, waits_for, count(*) FROM playbooks_run WHERE ended_at IS NULL GROUP BY 1, 2 ORDER BY 1, 2"
MOVING = """
SELECT count(*) FROM playbooks_run WHERE state IN ('ready', 'running') OR (state = 'waiting' AND waits_for NOT IN ('person', 'run'))
"""
DOUBTS = "SELECT public_id::text, effect_key FROM playbooks_stepattempt WHERE state = 'unknown' AND effect_class = 'unsafe'"


@dataclass
class Victim:
    """One worker to kill: any of those that have a run in hand, or after a while any at all. It is made good when others hold its runs."""

    one: Instance
    names: Sequence[str]
    chance: random.Random
    ids: list[int] = field(default_factory=list)
    fences: list[int] = field(default_factory=list)
    calls: int = 0
    name: str = ""

    def fall(self) -> bool:
        working: list[str] = []

        def work() -> bool:
            with contextlib.suppress(psycopg.Error):  # PostgreSQL may just be coming up
                busy = {int(pid) for (pid,) in self.one.rows(BUSY)}
                working[:] = [name for name in self.names if self.one.noted(name) in busy]
            return bool(working)

        until(work, PATIENCE, 0.1)
        self.name = self.chance.choice(working or list(self.names))
        pid = self.one.pid(self.name)
        with contextlib.suppress(psycopg.Error):
            held = self.one.rows(IN_HAND, str(pid))
            self.ids, self.fences = [number for number, _ in held], [fence for _, fence in held]
            self.calls = int(self.one.rows(CALLING, self.ids)[0][0]) if held else 0
        return send(pid, signal.SIGKILL) and until(lambda: not alive(pid), 10, 0.02)

    def back(self, at: float) -> bool:
        if not self.ids:
            return self.one.noted(self.name) is not None
        try:
            return int(self.one.rows(STILL, self.ids, self.fences)[0][0]) == 0
        except psycopg.Error:
            return False

    @property
    def said(self) -> str:
        return "worker in a call" if self.calls else "worker with runs" if self.ids else "worker, idle"


def order_for(one: Instance, names: Sequence[str], kills: int, seed: int) -> tuple[list[Kind], dict[int, Victim]]:
    """The kills of workers, and the falls of servers spread over the middle half of them."""
    servers = {kind.name: kind for kind in kinds_of(one, seed)}
    places = {round(kills * (0.25 + 0.5 * n / (len(SERVERS_FALL) - 1))): servers[name] for n, name in enumerate(SERVERS_FALL)}
    chance, order, victims = random.Random(seed), [], {}
    for number in range(kills):
        if number in places:
            order.append(places[number])
        victim = Victim(one, names, chance)
        victims[len(order)] = victim
        order.append(Kind("worker", victim.fall, victim.back))
    return order, victims


@dataclass
class Work:
    """The service, the counting product, and the runs that were promised so far."""

    instance: Instance
    port: int
    requests: Path
    started: Path
    starter: subprocess.Popen[bytes]

    def promised(self) -> dict[str, tuple[str, Shape]]:
        some = list(shapes(self.port))
        lines = [line.split() for line in self.started.read_text().splitlines()]
        return {line[0]: (line[1], shape_of(int(line[0]), some)) for line in lines if len(line) == 3}

    def seen(self) -> Seen:
        return look(self.promised(), read_requests(self.requests), self.instance.rows)

    def comes_to_rest(self, within: float) -> bool:
        """Whether every run is over or waits for a person (or for a run that does)."""

        def rest() -> bool:
            try:
                if os.environ.get("VERBOSE"):
                    say(str(self.instance.rows(OPEN)))
                return int(self.instance.rows(MOVING)[0][0]) == 0
            except psycopg.Error:
                return False

        return until(rest, within, 1.0)

    def answer(self) -> int:
        """A person says of each unsafe step in doubt what the product knows of it. Returns how many there were."""
        time.sleep(2)  # whatever a dead worker had sent is done by now
        doubts = self.instance.rows(DOUBTS)
        happened = {one.key for one in read_requests(self.requests) if one.did}
        given = json.dumps([(step, "yes" if key in happened else "no") for step, key in doubts])
        done = subprocess.run(command("answer"), cwd=ROOT, env=environment(self.instance), input=given, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"the answers were not taken\n{done.stdout[-1000:]}{done.stderr[-2000:]}")
        return len(doubts)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", STAGE, *arguments]


def environment(instance: Instance) -> dict[str, str]:
    return {**instance.environment, "DJANGO_SETTINGS_MODULE": "soc.settings"}


@contextmanager
def work_on(instance: Instance, *, runs: int, seconds: float, seed: int) -> Iterator[Work]:
    """The product stands, the books are published, and the first run begins."""
    port, requests, started = free_port(), instance.home / "requests.jsonl", instance.home / "started.txt"
    product = subprocess.Popen([sys.executable, "-m", "tests.falls.counting", str(port), str(requests), str(seed)], cwd=ROOT)
    starter = None
    try:
        with open(started, "wb") as out:
            starting = command("start", str(port), str(runs), str(seconds * STARTED_BY))
            starter = subprocess.Popen(starting, cwd=ROOT, env=environment(instance), stdout=out)
        if not until(lambda: "made" in started.read_text() or starter.poll() is not None, 120) or starter.poll() not in (None, 0):
            raise SystemExit("the stage could not be set")
        yield Work(instance, port, requests, started, starter)
    finally:
        for one in (starter, product):
            if one is not None:
                one.kill()
                one.wait()


def settle(work: Work, within: float) -> tuple[Verdict, Seen, dict[str, float]]:
    """Wait until nothing moves, judge; let people answer until all is over, and judge again. Each may take `within` seconds."""
    began = time.monotonic()
    if work.starter.wait(within) != 0:
        raise SystemExit("the runs were not all started")
    rested = work.comes_to_rest(within)
    first, rest = judge(work.seen(), over=False), time.monotonic() - began
    waited = work.instance.rows("SELECT count(*) FROM playbooks_run WHERE depth = 0 AND ended_at IS NULL")[0][0]
    ends, answered = time.monotonic() + within, 0
    while rested and time.monotonic() < ends:
        some = work.answer()
        if not some:
            break
        answered += some
        work.comes_to_rest(ends - time.monotonic())
    seen = work.seen()
    verdict = judge(seen, over=True)
    for name, counted in (("unfinished", first.unfinished), ("lost", first.lost), ("twice", first.twice)):
        # What was wrong before anybody answered counts, also when it is right afterwards.
        getattr(verdict, name).update(
            {f"{fault} (before the answers)": n for fault, n in counted.items() if fault not in getattr(verdict, name)}
        )
    verdict.named += [one for one in first.named if one not in verdict.named]
    _settle_the_rest(work, verdict)
    return verdict, seen, {"rest": round(rest, 1), "waited": waited, "answered": answered}


def _settle_the_rest(work: Work, verdict: Verdict) -> None:
    """Each run made its twenty steps, the facts are delivered, and the seals of the journal and the logs of the runs fit."""
    some: dict[str, int] = dict(work.instance.rows(MADE))  # type: ignore[arg-type]
    wrong = [(f"{subject}: {steps} steps, not {STEPS}", 1) for subject, steps in some.items() if steps != STEPS]
    verdict.add(verdict.lost, "runs of another length", wrong)
    names = ("deliveries open or parked", "journal not sealed")
    if not until(lambda: all(not work.instance.rows(UNFINISHED[name])[0][0] for name in names), 60, 0.5):
        verdict.unfinished.update({name: int(work.instance.rows(UNFINISHED[name])[0][0]) for name in names})
    for proof in ("verify_journal", "verify_runs"):
        checked = work.instance.manage(proof)
        if checked.returncode != 0:
            verdict.add(verdict.lost, proof, [((checked.stdout + checked.stderr)[-500:], 1)])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, kind, default in (("kills", int, 200), ("runs", int, 600), ("workers", int, 6), ("seed", int, 1), ("seconds", float, 600)):
        parser.add_argument(f"--{name}", type=kind, default=default)
    parser.add_argument("--within", type=float, default=240, help="seconds after the last kill, and again for people's answers")
    parser.add_argument("--servers", choices=("embedded", "real"), default="embedded")
    given = parser.parse_args()
    end_well()
    say(f"chaos of playbooks: {given.kills} kills in {given.seconds:.0f} s, {given.workers} workers, {given.runs} runs, seed {given.seed}")
    names = ["worker", *(f"worker{n}" for n in range(2, given.workers + 1))]
    servers = RealServers(place_for("playbook-servers")) if given.servers == "real" else nullcontext()
    with (
        servers as real,
        Instance("playbooks", given=real, WORKERS=str(given.workers)) as instance,
        work_on(instance, runs=given.runs, seconds=given.seconds, seed=given.seed) as work,
    ):
        order, victims = order_for(instance, names, given.kills, given.seed)
        killer = Killer(order, given.seconds)
        killer.run()
        verdict, seen, figures = settle(work, given.within)
        for number, victim in victims.items():
            killer.falls[number].kind = victim.said
        lines = table(seen)
        for line in [*killer.table(), *told(lines), *verdict.report()]:
            say(line)
    hit = sum(bool(one.ids) for one in victims.values())
    say(f"quiet {figures['rest']} s after the last kill, {hit} of {len(victims)} kills hit runs in hand")
    say(f"{figures['waited']:.0f} runs waited for a person about an unsafe step, {figures['answered']:.0f} answers")
    classes = {kind: {name: getattr(line, name) for name in line.__dataclass_fields__} for kind, line in lines.items()}
    counts = {"kills": len(victims), "kills_with_runs_in_hand": hit, "runs": verdict.accepted, "there": verdict.stored, **figures}
    faults = {name: sum(getattr(verdict, name).values()) for name in ("lost", "twice", "unfinished")}
    say(json.dumps({**counts, **faults, "classes": classes}))
    return 0 if verdict.sound and verdict.accepted == given.runs else 1


if __name__ == "__main__":
    sys.exit(main())
