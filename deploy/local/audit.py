"""Asks the advisory services about every locked package, and fails plainly when none can be reached: nothing passes unaudited.

Usage, with the environment's Python: audit.py
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from bootstrap import UV, npm
from places import PYTHON, ROOT, say

LOCKS = ("requirements.txt", "requirements-test.txt", "deploy/local/audit.txt", "deploy/local/fuzz.txt", "deploy/local/node.txt")
PIN = ROOT / "deploy" / "local" / "audit.txt"
SECONDS = 20
# What each service must answer before it is believed to be one: a mirror may answer without advisories.
SERVICES = {
    "pypi": ("https://pypi.org/pypi/django/5.2.0/json", b'"vulnerabilities"'),
    "osv": ("https://api.osv.dev/v1/vulns/GHSA-8x94-hmjh-97hq", b'"affected"'),
}
UNAUDITED = 3


def reachable() -> str | None:
    """The first service that answers as one, or None; says why the others do not."""
    for name, (address, sign) in SERVICES.items():
        try:
            with urllib.request.urlopen(address, timeout=SECONDS) as answer:
                if sign in answer.read():
                    return name
            say(f"audit: {name} answers, but without advisories")
        except (urllib.error.URLError, OSError, ValueError) as error:
            say(f"audit: {name} cannot be reached ({error})")
    return None


def python_packages() -> int:
    """Audit the locks of Python packages: 0 fine, 1 advisories, UNAUDITED when nobody could be asked."""
    service = reachable()
    if service is None:
        return UNAUDITED
    with tempfile.TemporaryDirectory(prefix="watchfloor-audit-") as folder:
        run([str(UV), "pip", "install", "-q", "--python", str(PYTHON), "--target", folder, "--require-hashes", "-r", str(PIN)])
        worst = 0
        for lock in LOCKS:
            say(f"audit: {lock}, by {service}")
            options = ["--strict", "--disable-pip", "--require-hashes", "--progress-spinner", "off", "-s", service, "-r", str(ROOT / lock)]
            worst = max(worst, run([str(PYTHON), "-m", "pip_audit", *options], PYTHONPATH=folder))
    return 1 if worst else 0


def front_end() -> int:
    """Audit the front end's lock with npm: 0 fine, 1 advisories, UNAUDITED when its registry has none to give."""
    with tempfile.TemporaryDirectory(prefix="watchfloor-audit-") as folder:
        place = Path(folder)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(ROOT / name, place / name)
        command = [*npm(place), "audit", "--package-lock-only", "--json"]
        told = subprocess.run(command, cwd=place, capture_output=True, text=True, env={**os.environ, "UV_SYSTEM_CERTS": "1"})
    try:
        found = json.loads(told.stdout or "{}")
        counted = found["metadata"]["vulnerabilities"]
    except (ValueError, KeyError, TypeError):
        say(f"audit: npm's registry gives no advisories ({(told.stderr or told.stdout).strip()[:200]})")
        return UNAUDITED
    say(f"audit: package-lock.json, {counted['total']} advisories")
    return 1 if counted["total"] else 0


def run(command: list[str], **more: str) -> int:
    return subprocess.run(command, cwd=ROOT, env={**os.environ, "UV_SYSTEM_CERTS": "1", **more}).returncode


def main() -> int:
    """Both audits; the exit code is 0 only when both were made and found nothing."""
    outcomes = {"Python packages": python_packages(), "front end": front_end()}
    words = {
        0: "audited, nothing found",
        1: "audited, advisories found",
        UNAUDITED: "NOT AUDITED: no advisory service can be reached from here",
    }
    for what, code in outcomes.items():
        say(f"{what}: {words[code]}")
    return max(outcomes.values())


if __name__ == "__main__":
    sys.exit(main())
