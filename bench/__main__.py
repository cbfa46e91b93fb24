"""Every figure in one run, side by side, with the machine's load: `python -m bench [GROUP ...] [--cases 1000,10000] [--seconds 6]`."""

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

from bench import engine, intake, latency, pages, sockets, waiting, waking, weight
from bench.floor import Floor, standing

Figures = Iterator[dict[str, Any]]

GROUPS: dict[str, Callable[[Floor, argparse.Namespace], Figures]] = {
    "intake": lambda floor, asked: intake.figures(floor, asked.seconds),
    "latency": lambda floor, asked: latency.figures(floor),
    "engine": lambda floor, asked: engine.figures(),
    "waking": lambda floor, asked: waking.figures(floor),
    "waiting": lambda floor, asked: waiting.figures(),
    "sockets": lambda floor, asked: sockets.figures(floor, [int(n) for n in asked.listeners.split(",")]),
    "weight": lambda floor, asked: weight.figures(floor),
    "pages": lambda floor, asked: pages.figures(floor, [int(n) for n in asked.cases.split(",")], asked.alerts_a_case),
}


def main() -> None:
    """Run the groups asked for, a line a figure as it comes, and all as JSON at the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("groups", nargs="*", choices=[[], *GROUPS], help="all when none is named")
    parser.add_argument("--cases", default="1000,10000,100000,200000", help="sizes of the floor for the pages")
    parser.add_argument("--alerts-a-case", type=int, default=pages.ALERTS_A_CASE, help="alerts for each case of those floors")
    parser.add_argument("--listeners", default="500,1000", help="sockets that hear one message")
    parser.add_argument("--seconds", type=float, default=6.0, help="of load for each figure of the intake")
    asked = parser.parse_args()
    found = []
    with standing() as floor:
        print(f"{'figure':<72} {'value':>12} {'unit':<10} {'ratio':>8}  to  (load)", flush=True)
        for group in asked.groups or GROUPS:
            began = time.monotonic()
            for one in GROUPS[group](floor, asked):
                found.append(one)
                ratio = "" if one["ratio"] is None else f"{one['ratio']:.2f}"
                load = os.getloadavg()[0]
                print(f"{one['figure']:<72} {one['value']:>12,.1f} {one['unit']:<10} {ratio:>8}  {one['to']}  ({load:.1f})", flush=True)
            print(f"-- {group}: {time.monotonic() - began:.0f} s", flush=True)
    for one in found:
        print(json.dumps({**one, "value": round(one["value"], 2), "ratio": one["ratio"] and round(one["ratio"], 3)}))


if __name__ == "__main__":
    main()
