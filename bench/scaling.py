"""A simulation of the queueing behind docs/scaling.md: which station fills up first, and what more machines bring.

`python -m bench.scaling [--seconds N] [--seed N] [--times 1,10,100]`. Every demand is a time on one core of the machine that
docs/performance.md measured; change one with `--demand NAME=MILLISECONDS`.
"""

import argparse
import random
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import simpy

ALERTS_PER_SECOND = 100.0  # the rated load: all agencies together
PAGES_PER_SECOND = 12.0  # sixty analysts and a hundred liaisons, whose pages ask again when the bell rings
OPENS_A_CASE = 0.05
STEPS_A_RUN = 12
CALLS_A_RUN = 2
CALL_SECONDS = 0.05
AGENCIES = 150
# The largest agency brings almost a fifth of everything, as large departments do.
WEIGHTS = [1 / rank for rank in range(1, AGENCIES + 1)]
MOST_EVENTS = 400_000


@dataclass(frozen=True)
class Demands:
    """Milliseconds of one core, in Python and in PostgreSQL, for one of each."""

    intake_web: float = 0.87
    intake_database: float = 0.55
    group_worker: float = 1.2
    group_database: float = 0.8
    case_worker: float = 14.0
    case_database: float = 6.0
    step_worker: float = 0.5
    step_database: float = 0.5
    page_web: float = 45.0
    page_database: float = 15.0
    commit: float = 0.1


@dataclass(frozen=True)
class Layout:
    """Cores by station. `shared` puts everything on the same cores; `shards` splits the database by agency."""

    name: str
    web: int
    worker: int
    database: int
    shards: int = 1
    replicas: int = 0
    shared: bool = False

    @property
    def cores(self) -> int:
        """What it costs, in cores."""
        return self.web if self.shared else self.web + self.worker + (self.shards + self.replicas) * self.database


LAYOUTS = (
    Layout("one machine of 2 cores", 2, 2, 2, shared=True),
    Layout("one machine of 32 cores", 10, 10, 12),
    Layout("6 web and 6 worker machines, one database and 2 replicas", 48, 48, 32, replicas=2),
    Layout("the same, database in 8 shards by agency", 96, 128, 16, shards=8, replicas=2),
)


@dataclass
class Station:
    """Some cores, and how long they were busy (seconds)."""

    name: str
    resource: simpy.Resource
    busy: float = 0.0

    def utilization(self, seconds: float) -> float:
        """Share of the cores' time that was used."""
        return self.busy / (self.resource.capacity * seconds)


@dataclass
class Outcome:
    """What one layout did under one load."""

    answered: list[float] = field(default_factory=list)
    finished: list[float] = field(default_factory=list)
    begun: int = 0


class Floor:
    """One layout under one load."""

    def __init__(self, layout: Layout, demands: Demands, times: float, seed: int) -> None:
        self.env = simpy.Environment()
        self.layout, self.demands, self.times = layout, demands, times
        self.random = random.Random(seed)
        self.outcome = Outcome()
        self.shares = np.cumsum(WEIGHTS) / sum(WEIGHTS)
        self.stations: list[Station] = []
        if layout.shared:
            cores = self._station("cores", layout.web)
            self.web = self.worker = cores
            self.databases, self.readers = [cores], [cores]
        else:
            self.web, self.worker = self._station("web", layout.web), self._station("worker", layout.worker)
            self.databases = [self._station(f"database {n + 1}", layout.database) for n in range(layout.shards)]
            self.readers = [self._station(f"replica {n + 1}", layout.database) for n in range(layout.replicas)] or self.databases
        self.logs = [self._station(f"log {n + 1}", 1) for n in range(layout.shards)]

    def _station(self, name: str, cores: int) -> Station:
        station = Station(name, simpy.Resource(self.env, cores))
        self.stations.append(station)
        return station

    def run(self, seconds: float) -> None:
        """Let alerts and readers come for so long."""
        self.env.process(self._arrivals(ALERTS_PER_SECOND * self.times, self._alert))
        self.env.process(self._arrivals(PAGES_PER_SECOND * self.times, self._page))
        self.env.run(until=seconds)

    def _arrivals(self, rate: float, what: Any) -> Generator[Any, Any, None]:
        while True:
            yield self.env.timeout(self.random.expovariate(rate))
            agency = int(np.searchsorted(self.shares, self.random.random()))
            self.env.process(what(agency))

    def _use(self, station: Station, milliseconds: float) -> Generator[Any, Any, None]:
        with station.resource.request() as turn:
            yield turn
            took = self.random.expovariate(1000 / milliseconds)
            yield self.env.timeout(took)
            station.busy += took

    def _write(self, agency: int, milliseconds: float) -> Generator[Any, Any, None]:
        shard = agency % self.layout.shards
        yield from self._use(self.databases[shard], milliseconds)
        yield from self._use(self.logs[shard], self.demands.commit)

    def _alert(self, agency: int) -> Generator[Any, Any, None]:
        began, d = self.env.now, self.demands
        self.outcome.begun += 1
        yield from self._use(self.web, d.intake_web)
        yield from self._write(agency, d.intake_database)
        self.outcome.answered.append(self.env.now - began)
        yield from self._use(self.worker, d.group_worker)
        yield from self._write(agency, d.group_database)
        if self.random.random() < OPENS_A_CASE:
            yield from self._use(self.worker, d.case_worker)
            yield from self._write(agency, d.case_database)
            for step in range(STEPS_A_RUN):
                yield from self._use(self.worker, d.step_worker)
                yield from self._write(agency, d.step_database)
                if step < CALLS_A_RUN:
                    yield self.env.timeout(CALL_SECONDS)
        self.outcome.finished.append(self.env.now - began)

    def _page(self, agency: int) -> Generator[Any, Any, None]:
        yield from self._use(self.web, self.demands.page_web)
        yield from self._use(self.readers[agency % len(self.readers)], self.demands.page_database)


def percentile(values: list[float], share: int) -> float:
    """In milliseconds; infinite when nothing came to its end."""
    return float(np.percentile(values, share)) * 1000 if values else float("inf")


def rows(demands: Demands, times: list[float], seconds: float, seed: int) -> Iterator[str]:
    """The table: a line for each layout and load."""
    yield f"{'layout':58} {'cores':>5} {'times':>5} {'busiest':>18} {'answer p50/p99 ms':>18} {'done p50/p99 ms':>20} {'undone':>7}"
    for load in times:
        for layout in LAYOUTS:
            floor = Floor(layout, demands, load, seed)
            # So many events say enough; a hundred times the load needs less time for them.
            lasting = min(seconds, MOST_EVENTS / (ALERTS_PER_SECOND * load * 12))
            floor.run(lasting)
            out = floor.outcome
            busiest = max(floor.stations, key=lambda s: s.utilization(lasting))
            undone = 1 - len(out.finished) / max(1, out.begun)
            answers = f"{percentile(out.answered, 50):.1f} / {percentile(out.answered, 99):.1f}"
            done = f"{percentile(out.finished, 50):.1f} / {percentile(out.finished, 99):.1f}"
            full = f"{busiest.name} {busiest.utilization(lasting):.0%}"
            yield f"{layout.name:58} {layout.cores:>5} {load:>5g} {full:>18} {answers:>18} {done:>20} {undone:>7.1%}"


def capacities(demands: Demands) -> Iterator[str]:
    """Alerts per second at which each station of a layout is full, from the demands alone: the bound that no queue can beat."""
    d = demands
    runs = OPENS_A_CASE * STEPS_A_RUN
    pages = PAGES_PER_SECOND / ALERTS_PER_SECOND
    web = d.intake_web + pages * d.page_web
    worker = d.group_worker + OPENS_A_CASE * d.case_worker + runs * d.step_worker
    writes = d.intake_database + d.group_database + OPENS_A_CASE * d.case_database + runs * d.step_database
    reads = pages * d.page_database
    log = d.commit * (2 + OPENS_A_CASE + runs)
    yield f"ms of a core for one alert with all that follows: web {web:.2f}, worker {worker:.2f}, writes {writes:.2f}, reads {reads:.2f}"
    for layout in LAYOUTS:
        if layout.shared:
            yield f"{layout.name}: {1000 * layout.cores / (web + worker + writes + reads):,.0f} alerts/s (all on the same cores)"
            continue
        shard = max(sum(WEIGHTS[first :: layout.shards]) for first in range(layout.shards)) / sum(WEIGHTS)
        database = writes + (0 if layout.replicas else reads)
        bounds = {
            "web": 1000 * layout.web / web,
            "worker": 1000 * layout.worker / worker,
            "the fullest database": 1000 * layout.database / (database * shard),
            "its log": 1000 / (log * shard),
        }
        first = min(bounds, key=lambda name: bounds[name])
        yield f"{layout.name}: {', '.join(f'{n} {b:,.0f}/s' for n, b in bounds.items())}; first full: {first}"


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--times", default="1,10,100")
    parser.add_argument("--demand", action="append", default=[], metavar="NAME=MS")
    given = parser.parse_args()
    changes = {name: float(value) for name, _, value in (item.partition("=") for item in given.demand)}
    if unknown := set(changes) - {f.name for f in fields(Demands)}:
        parser.error(f"unknown demand {', '.join(sorted(unknown))}; there are {', '.join(f.name for f in fields(Demands))}")
    demands = replace(Demands(), **changes)
    print("\n".join(capacities(demands)), "\n")
    for row in rows(demands, [float(x) for x in given.times.split(",")], given.seconds, given.seed):
        print(row)


if __name__ == "__main__":
    main()
