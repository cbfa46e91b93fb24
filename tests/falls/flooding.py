"""Far more than the rated load: every sensor at ten times, then one at fifty while the others keep to theirs. Refused, never broken.

Usage: python -m tests.falls.flooding [--rated N] [--seconds N] [--seed N]
The rated load is what a key may send (INTAKE_RATE, here `--rated` alerts a second); it is set so low that sensors, service and
database fit on one small machine together. Latency is counted from the moment at which a sensor meant to send.
"""

import argparse
import json
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.falls.instance import Instance, end_well, say, until
from tests.falls.sending import Line, planned
from tests.falls.stage import Stage, set_the_stage

AGENCIES = 6
ALLOWED = ("202", "429", "503")
LINES = 3  # connections of one sensor: it does not wait for one answer before it sends the next
MEMORY_SLACK = 1.10
WARM_UP = 10.0  # seconds, before anything is measured


@dataclass
class Phase:
    """How many times its rated load each agency sends, and what came of it."""

    name: str
    times: Mapping[str, float]
    answers: Counter[str] = field(default_factory=Counter)
    taken: dict[str, list[float]] = field(default_factory=dict)  # seconds until a 202, by agency
    memory: dict[str, list[float]] = field(default_factory=dict)  # MB, sampled each second

    def p99(self, slugs: Sequence[str]) -> float:
        """Milliseconds within which 99 of 100 alerts of these agencies were taken."""
        all_of_them = sorted(one for slug in slugs for one in self.taken.get(slug, ()))
        return 1000 * statistics.quantiles(all_of_them, n=100)[98] if len(all_of_them) > 1 else float("nan")


class Sensor:
    """One agency's sensor at a steady rate; what is refused is not sent again."""

    def __init__(self, url: str, slug: str, key: str, rate: float, phase: Phase, seed: int, until_then: float) -> None:
        self.url, self.slug, self.key, self.rate, self.phase, self.seed, self.until_then = url, slug, key, rate, phase, seed, until_then
        self.guard, self.number, self.began = threading.Lock(), 0, time.monotonic()
        self.threads = [threading.Thread(target=self._send_on, daemon=True) for _ in range(LINES)]
        for thread in self.threads:
            thread.start()

    def _send_on(self) -> None:
        line = Line(self.url)
        while True:
            with self.guard:
                self.number += 1
                number, due = self.number, self.began + self.number / self.rate
            if due > self.until_then:
                return
            time.sleep(max(0.0, due - time.monotonic()))
            one = planned(self.seed, number, (self.slug,), case_every=10**9)
            answer = line.call("POST", "/api/v1/alerts", self.key, one.alert, f"{self.phase.name}-{self.slug}-{number}")
            status = str(answer[0]) if answer else "no answer"
            with self.guard:
                self.phase.answers[status] += 1
                if status == "202":
                    self.phase.taken.setdefault(self.slug, []).append(time.monotonic() - due)


def memory_of(pid: int) -> float:
    """Resident memory of a process in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def run(phase: Phase, instance: Instance, stage: Stage, rated: float, seconds: float, seed: int) -> Phase:
    """All sensors of the phase at once."""
    ends = time.monotonic() + seconds
    sensors = [Sensor(instance.url, slug, key, rated * phase.times[slug], phase, seed, ends) for slug, key in stage.keys.items()]
    while time.monotonic() < ends:
        for name in ("web", "worker"):
            phase.memory.setdefault(name, []).append(memory_of(instance.pid(name)))
        time.sleep(1)
    for sensor in sensors:
        for thread in sensor.threads:
            thread.join(30)
    return phase


def flat(samples: Sequence[float]) -> bool:
    """Whether the last third of a flood needs no more memory than its first third did."""
    third = max(1, len(samples) // 3)
    return max(samples[-third:]) <= max(samples[:third]) * MEMORY_SLACK


def faults(quiet: Phase, floods: Sequence[Phase], others: Sequence[str]) -> list[str]:
    """What breaks the promise: another answer than 202, 429, 503; memory that grows; others who wait twice as long."""
    found = [
        f"{one.name}: {count} x {answer}" for one in (quiet, *floods) for answer, count in one.answers.items() if answer not in ALLOWED
    ]
    found += [f"{one.name}: {name} grew" for one in floods for name, samples in one.memory.items() if not flat(samples)]
    found += [f"{one.name}: nothing was refused" for one in floods if not one.answers["429"]]
    last = floods[-1]
    if not last.p99(others) < 2 * quiet.p99(others):
        found.append(f"{last.name}: the others' p99 is {last.p99(others):.0f} ms, quiet {quiet.p99(others):.0f} ms")
    return found


def tell(phase: Phase, others: Sequence[str]) -> None:
    answers = ", ".join(f"{count} x {answer}" for answer, count in sorted(phase.answers.items()))
    memory = ", ".join(f"{name} {samples[0]:.0f} to {samples[-1]:.0f} MB" for name, samples in phase.memory.items())
    say(f"{phase.name:<28}{answers:<42}others' p99 {phase.p99(others):6.0f} ms   {memory}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, kind, default in (("rated", float, 2), ("seconds", float, 60), ("seed", int, 1)):
        parser.add_argument(f"--{name}", type=kind, default=default)
    given = parser.parse_args()
    end_well()
    with Instance("flood", INTAKE_RATE=str(round(given.rated)), INTAKE_BURST=str(round(given.rated) * 2)) as instance:
        stage = set_the_stage(instance, AGENCIES, "http://127.0.0.1:9")
        slugs = list(stage.keys)
        flooder, others = slugs[0], slugs[1:]
        say(f"rated load: {given.rated:g} alerts/s a key, {AGENCIES} keys; {given.seconds:.0f} s a phase")

        def phase(name: str, seconds: float, all_at: float, one_at: float) -> Phase:
            made = Phase(name, {**dict.fromkeys(others, all_at), flooder: one_at})
            return run(made, instance, stage, given.rated, seconds, given.seed)

        # Just below the rated load: a bucket that is filled at the same pace refuses by chance.
        phase("warm-up", WARM_UP, 0.9, 0.9)
        quiet = phase("quiet", given.seconds, 0.9, 0.9)
        floods = [
            phase("all at ten times", given.seconds, 10, 10),
            phase("ten times, one at fifty", given.seconds, 10, 50),
            phase("one at fifty times", given.seconds, 0.9, 50),
        ]
        for one in (quiet, *floods):
            tell(one, others)
        pending = "SELECT count(*) FROM cases_receipt WHERE state = 'pending'"
        done = until(lambda: instance.rows(pending)[0][0] == 0, 60, 1)
        taken = sum(one.answers["202"] for one in floods)
    found = [*faults(quiet, floods, others), *([] if done else ["alerts were still waiting a minute later"])]
    for fault in found:
        say(fault)
    figures = {
        "taken": taken,
        "refused": sum(one.answers["429"] + one.answers["503"] for one in floods),
        "quiet_p99_ms": round(quiet.p99(others), 1),
        "others_p99_ms": round(floods[-1].p99(others), 1),
        "faults": len(found),
    }
    say(json.dumps(figures))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
