"""Many sockets that drop, come back and read slowly: each must end with the last count of every topic it joined, and hear no other.

Usage: python -m tests.falls.sockets [--sockets N] [--seconds N] [--seed N] [--rate N]
"""

import argparse
import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from tests.falls.instance import Instance, end_well, say
from tests.falls.sending import Notebook, Stream
from tests.falls.stage import Stage, set_the_stage

AGENCIES = 5
SLOW_SHARE = 0.05
ASPECTS = ("queue", "intake", "approvals", "scorecard")
QUIET_WITHIN = 30.0  # seconds after the last change until every socket must have heard of it

# By (agency's slug or "", topic): the count that the floor sees, and the one that the agency itself does.
Counts = Mapping[tuple[str, str], tuple[int, int]]


@dataclass
class Listener:
    """One reader with one page open: what it may hear, and what it heard."""

    session: str
    agency: str  # "" for the floor
    topics: tuple[str, ...]
    foreign: tuple[str, ...]
    slow: bool
    chance: random.Random
    heard: dict[str, int] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)  # joins, drops, cuts, words, strangers

    def take(self, text: str | bytes) -> None:
        """What the service said: the answer to a join, or a word about a topic."""
        said = json.loads(text)
        self.seen["words"] += 1
        if "joined" in said:
            self.seen["joins"] += 1
            told: dict[str, int] = said["joined"]
            self.seen["strangers"] += len(set(told) - set(self.topics)) + len(set(self.foreign) - set(said["refused"]))
        else:
            told = {said["topic"]: said["n"]}
            self.seen["strangers"] += said["topic"] not in self.topics
        self.heard.update(told)

    def expected(self, counts: Counts) -> dict[str, int]:
        """Where its topics stand in the database, as it may know it."""
        wanted = {}
        for topic in self.topics:
            owner = topic.split(".")[1] if topic.startswith("agency.") else self.agency
            n, told = counts.get((owner, topic), (0, 0))
            wanted[topic] = told if self.agency else n
        return wanted

    def lacking(self, counts: Counts) -> list[str]:
        """The topics whose last count it has not heard."""
        return [topic for topic, n in self.expected(counts).items() if self.heard.get(topic) != n]


def audience(stage: Stage, sockets: int, seed: int) -> list[Listener]:
    """So many readers: one in five on the floor, the others liaisons of all agencies in turn. One in twenty reads slowly."""
    slugs = list(stage.keys)
    readers = []
    for n in range(sockets):
        own = "" if n % 5 == 0 else slugs[n % len(slugs)]
        stranger = slugs[(n + 1) % len(slugs)]
        mine = [own] if own else slugs
        readers.append(
            Listener(
                session=stage.sessions[own] if own else stage.analyst_session,
                agency=own,
                topics=(*(f"agency.{slug}.{aspect}" for slug in mine for aspect in ASPECTS), "standings"),
                foreign=(f"agency.{stranger}.queue", "agency.nobody.queue") if own else ("agency.nobody.queue", "run.nothing"),
                slow=n % round(1 / SLOW_SHARE) == 1,
                chance=random.Random(f"{seed}:{n}"),
            )
        )
    return readers


class Hall:
    """All readers at once, until the changes are over and everybody was left to read in peace."""

    def __init__(self, port: int, cookie: str, readers: Sequence[Listener]) -> None:
        self.port, self.cookie, self.readers = port, cookie, readers
        self.calm, self.over = asyncio.Event(), asyncio.Event()

    async def hold(self, stir: Callable[[], None], counts: Callable[[], Counts]) -> tuple[Counts, float]:
        """Seat everybody, run `stir` in a thread, then wait until all have heard the last counts. Returns these, and the seconds waited."""
        tasks = [asyncio.create_task(self._sit(one)) for one in self.readers]
        try:
            while not all(one.seen["joins"] for one in self.readers):
                await asyncio.sleep(0.2)
                await self._no_one_failed(tasks)
            await asyncio.to_thread(stir)
            self.calm.set()
            began = time.monotonic()
            while True:
                last = await asyncio.to_thread(counts)
                if not any(one.lacking(last) for one in self.readers) or time.monotonic() - began > QUIET_WITHIN:
                    return last, time.monotonic() - began
                await asyncio.sleep(0.5)
        finally:
            self.over.set()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _no_one_failed(self, tasks: Sequence["asyncio.Task[None]"]) -> None:
        for task in tasks:
            if task.done():
                await task

    async def _sit(self, one: Listener) -> None:
        await asyncio.sleep(one.chance.uniform(0, 2))
        while not self.over.is_set():
            headers = {"Cookie": f"{self.cookie}={one.session}"}
            try:
                wire = await connect(
                    f"ws://127.0.0.1:{self.port}/ws/live/",
                    origin=f"http://127.0.0.1:{self.port}",  # type: ignore[arg-type]
                    additional_headers=headers,
                    max_queue=1 if one.slow else 16,
                    open_timeout=30,
                    proxy=None,
                )
            except (OSError, WebSocketException, TimeoutError):
                one.seen["refusals"] += 1
                await asyncio.sleep(one.chance.uniform(0.5, 2))
                continue
            await self._read(one, wire)

    async def _read(self, one: Listener, wire: ClientConnection) -> None:
        """Join, and read until the line drops: by our own doing, or because the service cut it."""
        leaves_at = time.monotonic() + one.chance.uniform(2, 15)
        try:
            await wire.send(json.dumps({"join": [*one.topics, *one.foreign]}))
            while True:
                if not self.calm.is_set() and time.monotonic() > leaves_at:
                    one.seen["drops"] += 1
                    wire.transport.abort()
                    return
                try:
                    one.take(await asyncio.wait_for(wire.recv(), 1))
                except TimeoutError:
                    continue
                if one.slow and not self.calm.is_set():
                    await asyncio.sleep(one.chance.uniform(2, 6))
        except WebSocketException:
            one.seen["cuts"] += 1
            await asyncio.sleep(one.chance.uniform(0.1, 1))
        except asyncio.CancelledError:
            wire.transport.abort()
            raise


COUNTS = "SELECT COALESCE(a.slug, ''), t.topic, t.n, t.told FROM live_topiccount t LEFT JOIN tenants_agency a ON a.id = t.agency_id"


def counted(rows: Sequence[tuple[Any, ...]]) -> Counts:
    """The rows of COUNTS."""
    return {(slug, topic): (n, told) for slug, topic, n, told in rows}


def figures(readers: Sequence[Listener], last: Counts) -> dict[str, int]:
    """What happened to all of them. `lacking` and `strangers` are the faults."""
    seen: Counter[str] = Counter()
    for one in readers:
        seen.update(one.seen)
    told = {name: seen[name] for name in ("joins", "drops", "cuts", "refusals", "words", "strangers")}
    return {
        "sockets": len(readers),
        "slow": sum(one.slow for one in readers),
        "topics": sum(len(one.topics) for one in readers),
        **told,
        "lacking": sum(len(one.lacking(last)) for one in readers),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, kind, default in (("sockets", int, 1000), ("seconds", float, 60), ("seed", int, 1), ("rate", float, 10)):
        parser.add_argument(f"--{name}", type=kind, default=default)
    given = parser.parse_args()
    end_well()
    with Instance("sockets") as instance:
        stage = set_the_stage(instance, AGENCIES, "http://127.0.0.1:9")
        readers = audience(stage, given.sockets, given.seed)

        def stir() -> None:
            notebook = Notebook(instance.home / "taken.txt")
            stream = Stream(instance.url, stage.keys, notebook, seed=given.seed, rate=given.rate, case_every=10**9, lines=2)
            time.sleep(given.seconds)
            stream.finish()

        async def all_of_it() -> tuple[Counts, float]:
            hall = Hall(instance.port, "watchfloor_session", readers)
            return await hall.hold(stir, lambda: counted(instance.rows(COUNTS)))

        last, waited = asyncio.run(all_of_it())
    found = figures(readers, last)
    for name, value in found.items():
        say(f"{name:<12}{value:>9}")
    say(
        f"all had heard the last counts {waited:.1f} s after the last change"
        if not found["lacking"]
        else "some have not heard the last counts"
    )
    say(json.dumps(found))
    return 1 if found["lacking"] or found["strangers"] or not sum(n for n, _ in last.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
