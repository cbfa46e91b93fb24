"""Kills every part of the service in a seeded order under a steady stream of alerts with playbooks, and judges what is left.

Usage: python -m tests.falls.chaos [--kills N] [--seed N] [--seconds N] [--rate N]
[--servers embedded|real]; the environment's KILLS, SEED, SECONDS, RATE do too.
"""

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import psycopg

from tests.falls.instance import Instance, end_well, place_for, say, until
from tests.falls.judging import Promised, Verdict, judge, unfinished
from tests.falls.killing import Killer, kinds_of, order_of
from tests.falls.real import RealServers
from tests.falls.sending import Notebook, Stream, Voter
from tests.falls.stage import set_the_stage
from tests.playbooks.endpoint_product import EndpointProduct, endpoint_product

AGENCIES = 6
CASE_EVERY = 25  # alerts; that one's playbook isolates a host
DONE_WITHIN = 60.0  # seconds after the last kill


@dataclass
class Work:
    """A service under load: the sensors, the analyst, the product outside, and what was promised to them."""

    instance: Instance
    product: EndpointProduct
    stream: Stream
    voter: Voter
    taken: Notebook
    votes: Notebook

    def promised(self) -> Promised:
        """What the service took so far."""
        alerts = frozenset((slug, key, receipt) for slug, key, _, receipt in self.taken.lines())
        return Promised(alerts, frozenset(one for (one,) in self.votes.lines()))

    def settle(self, began: float, within: float = DONE_WITHIN) -> tuple[Verdict, float]:
        """End the stream, wait until the work is done or the time is over, and judge. `began` is the monotonic time of the last fall."""
        still = self.stream.finish(within)
        left: Counter[str] = Counter()

        def done() -> bool:
            nonlocal left
            try:
                left = unfinished(self.instance.rows)
            except psycopg.Error:
                return False
            if os.environ.get("VERBOSE"):
                say(f"{time.monotonic() - began:6.1f} s after the last fall: {dict(left)}")
            return not left

        until(done, max(0.0, began + within - time.monotonic()), 0.5)
        took = time.monotonic() - began
        self.voter.finish()
        verdict = judge(self.promised(), self.instance.rows, self.product.isolations.values())
        # What was open when the time was over counts, also when it is done a moment later.
        verdict.unfinished = left + Counter({"alerts not taken": still} if still else {})
        for command in self.commands():
            checked = self.instance.manage(*command)
            if checked.returncode != 0:
                verdict.add(verdict.lost, " ".join(command), [((checked.stdout + checked.stderr)[-500:], 1)])
        return verdict, took

    def commands(self) -> list[tuple[str, ...]]:
        """The product's own proofs: the seals fit, and the scorecards follow from the journal alone."""
        month = time.strftime("%Y-%m", time.gmtime())
        return [("verify_journal",), *(("replay_scorecard", "--agency", slug, "--period", month) for slug in self.stream.keys)]


@contextmanager
def work_on(instance: Instance, *, seed: int, rate: float, agencies: int = AGENCIES) -> Iterator[Work]:
    """Set the stage and begin the stream."""
    with endpoint_product() as product:
        product.server.handle_error = lambda *_: None  # type: ignore[method-assign]  # whoever calls it may be killed while it does
        stage = set_the_stage(instance, agencies, product.address)
        taken, votes = Notebook(instance.home / "taken.txt"), Notebook(instance.home / "votes.txt")
        stream = Stream(instance.url, stage.keys, taken, seed=seed, rate=rate, case_every=CASE_EVERY)
        yield Work(instance, product, stream, Voter(instance.url, stage.analyst_token, votes), taken, votes)
        stream.finish(0)


def tell(verdict: Verdict, took: float, work: Work) -> None:
    """What happened, in lines for people."""
    seconds = time.monotonic() - work.stream.began
    orders = len(work.product.orders())
    say(f"answers to the sensors: {', '.join(f'{count} x {answer}' for answer, count in sorted(work.stream.answers.items()))}")
    say(f"{verdict.accepted} alerts taken in {seconds:.0f} s, {verdict.isolations} hosts isolated by {orders} orders")
    say(f"all work done {took:.1f} s after the last fall" if not verdict.unfinished else f"work left {took:.1f} s after the last fall")
    for line in verdict.report():
        say(line)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, kind, default in (("kills", int, 20), ("seed", int, 1), ("seconds", float, 90), ("rate", float, 30)):
        parser.add_argument(f"--{name}", type=kind, default=kind(os.environ.get(name.upper()) or default))
    parser.add_argument("--servers", choices=("embedded", "real"), default=os.environ.get("SERVERS") or "embedded")
    given = parser.parse_args()
    end_well()
    load = f"{given.rate:.0f} alerts/s, one in {CASE_EVERY} with a playbook"
    say(f"chaos: {given.kills} kills in {given.seconds:.0f} s, seed {given.seed}, {load}")
    servers = RealServers(place_for("servers")) if given.servers == "real" else nullcontext()
    with servers as real, Instance("chaos", given=real) as instance, work_on(instance, seed=given.seed, rate=given.rate) as work:
        killer = Killer(order_of(kinds_of(instance, given.seed), given.kills, given.seed), given.seconds)
        last = killer.run()
        verdict, took = work.settle(last)
        for line in killer.table():
            say(line)
        tell(verdict, took, work)
    say(json.dumps({"kills": len(killer.falls), **verdict.figures()}))
    return 0 if verdict.sound else 1


if __name__ == "__main__":
    sys.exit(main())
