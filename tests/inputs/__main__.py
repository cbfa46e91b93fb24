"""Hostile input at length, with its table: a line a role with the number of cases and the answers by status.

Usage, while the tests' servers are up: python -m tests.inputs [--cases 100000] [--seed 1] [--jobs 2]
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SUITE = "tests/inputs/test_hostile_input.py"


def main() -> int:
    """Run the suite, print what each role met; pytest's exit code."""
    parse = argparse.ArgumentParser(description=__doc__)
    parse.add_argument("--cases", type=int, default=100_000, help="of all roles together")
    parse.add_argument("--seed", type=int, default=1)
    parse.add_argument("--jobs", type=int, default=2)
    asked = parse.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="watchfloor-inputs-") as folder:
        report = Path(folder) / "report.xml"
        command = [
            sys.executable,
            "-m",
            "pytest",
            SUITE,
            "-q",
            "--tb=line",
            "--show-capture=no",
            f"--junit-xml={report}",
            "-n",
            str(asked.jobs),
        ]
        environment = {**os.environ, "CASES": str(asked.cases), "SEED": str(asked.seed)}
        code = subprocess.run(command, cwd=ROOT, env=environment).returncode
        rows = [one.get("value", "") for one in ElementTree.parse(report).iter("property") if one.get("name") == "hostile input"]
    print("\nrole          cases  answers by status")
    print("\n".join(rows))
    count, verdict = sum(int(row[11:20]) for row in rows), "FAILED" if code else "all held"
    print(f"{count} cases in {time.monotonic() - began:.0f} s, seed {asked.seed}: {verdict}")
    return code


if __name__ == "__main__":
    sys.exit(main())
