"""Runs the tests on servers of their own, or the linters, or takes the pictures.

Usage, with the environment's Python: check.py test|lint|pictures|mutations [ARGUMENT FOR PYTEST OR THE MUTATIONS...]
"""

import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from places import PYTHON, ROOT, VENV, say, tests_var, var
from servers import Servers

BROWSER = "tests/browser"
PICTURES = "tests/browser/test_pictures.py"
# What a test run does beside pytest: it starts a service of its own and kills it, and it takes guards away.
KILLS = ["-m", "tests.falls.chaos", "--kills", "20", "--seed", "1", "--seconds", "75", "--rate", "20"]
UNDER_PLAYBOOKS = ["-m", "tests.falls.playbooks", "--kills", "6", "--runs", "16", "--workers", "3", "--seconds", "8", "--within", "120"]
MUTATIONS = ["-m", "tests.mutations"]
# Exit codes of pytest: somebody stopped it; it found no test.
INTERRUPTED = 2
NO_TESTS = 5


@dataclass(frozen=True)
class Outcome:
    """What one pytest process did."""

    code: int
    passed: int = 0
    failed: int = 0
    skipped: int = 0


@contextmanager
def servers_of_tests() -> Iterator[None]:
    """The tests' own servers; those that were up before stay up."""
    tests_var()
    servers = Servers(for_tests=True)
    started = servers.up()
    try:
        yield
    finally:
        if started:
            servers.down()
            say("servers: down")


def test(arguments: list[str]) -> int:
    """The main suite on three processes, since much of it waits, the browser's in one of its own for its event loop, kills, mutations."""
    started = time.monotonic()
    with servers_of_tests():
        if arguments:
            return pytest("chosen", arguments).code
        main = pytest("main", ["-n", "3", "--dist", "worksteal", f"--ignore={BROWSER}", "tests"])
        browser = Outcome(0)
        if main.code == INTERRUPTED:
            return main.code
        if any((ROOT / BROWSER).glob("test_*.py")):
            say("browser tests")
            browser = pytest("browser", [f"--ignore={PICTURES}", BROWSER], {"DJANGO_ALLOW_ASYNC_UNSAFE": "1"})
        others = [stage("twenty kills", KILLS)]
        # Much of the kills under playbooks is waiting for leases to run out.
        with ThreadPoolExecutor(1) as aside:
            killed = aside.submit(stage, "workers killed under playbooks", UNDER_PLAYBOOKS)
            others += [stage("guards taken away", MUTATIONS), killed.result()]
    done = [main, browser, *others]
    passed, failed, skipped = (sum(getattr(one, x) for one in done) for x in ("passed", "failed", "skipped"))
    say(f"all of it took {time.monotonic() - started:.0f} s")
    say(f"{passed} passed, {failed} failed, {skipped} skipped")
    if browser.skipped:
        say(f"browser tests skipped: {browser.skipped} (no Chromium here)")
    return next((one.code for one in done if one.code not in (0, NO_TESTS)), main.code)


def stage(name: str, arguments: list[str]) -> Outcome:
    """A proof that is a program of its own: it passes or fails as one."""
    say(name)
    began = time.monotonic()
    code = subprocess.run([str(PYTHON), *arguments], cwd=ROOT).returncode
    say(f"{name}: {'passed' if code == 0 else f'failed ({code})'} after {time.monotonic() - began:.0f} s")
    return Outcome(code, passed=int(code == 0), failed=int(code != 0))


def pytest(name: str, arguments: list[str], extra: dict[str, str] | None = None) -> Outcome:
    report = var() / f"{name}.xml"
    report.unlink(missing_ok=True)
    command = [str(PYTHON), "-m", "pytest", f"--junit-xml={report}", *arguments]
    code = subprocess.run(command, cwd=ROOT, env={**os.environ, **(extra or {})}).returncode
    return counted(code, report)


def counted(code: int, report: Path) -> Outcome:
    """The figures of pytest's own report; none when it did not come so far as to write one."""
    if not report.exists():
        return Outcome(code)
    total = failed = skipped = 0
    for suite in ElementTree.parse(report).iter("testsuite"):
        total += int(suite.get("tests", 0))
        failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped += int(suite.get("skipped", 0))
    return Outcome(code, total - failed - skipped, failed, skipped)


def pictures(arguments: list[str]) -> int:
    """Screenshots of every page, in both themes and widths, into docs/pictures."""
    with servers_of_tests():
        return pytest("pictures", [PICTURES, *arguments], {"DJANGO_ALLOW_ASYNC_UNSAFE": "1", "BROWSER": "required"}).code


def mutations(arguments: list[str]) -> int:
    """Every guard taken away, one at a time, and the test that notices."""
    with servers_of_tests():
        return subprocess.run([str(PYTHON), *MUTATIONS, *arguments], cwd=ROOT).returncode


def lint() -> int:
    """Every linter at once; what failed is shown whole."""
    started = time.monotonic()
    scripts = VENV / "bin"
    commands = {
        "ruff": [str(scripts / "ruff"), "check", "."],
        "format": [str(scripts / "ruff"), "format", "--check", "."],
        "imports": [str(scripts / "lint-imports")],
        "types": [str(scripts / "mypy")],
        "dangers": [
            str(scripts / "bandit"),
            "-q",
            "-r",
            "-c",
            "pyproject.toml",
            "--severity-level",
            "medium",
            "tenants",
            "playbooks",
            "soc",
        ],
        # Without a server this only warns that it could not ask which migrations were applied.
        "migrations": [str(PYTHON), "-W", "ignore", "manage.py", "makemigrations", "--check", "--dry-run"],
    }
    running = {
        name: subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for name, command in commands.items()
    }
    bad = []
    for name, process in running.items():
        output, _ = process.communicate()
        say(f"{name}: {'fine' if process.returncode == 0 else 'not fine'}")
        if process.returncode != 0:
            bad.append(name)
            say(output)
    say(f"lint: {'failed: ' + ', '.join(bad) if bad else 'fine'} ({time.monotonic() - started:.0f} s)")
    return 1 if bad else 0


if __name__ == "__main__":
    what, *rest = sys.argv[1:] or ["test"]
    doors = {"test": lambda: test(rest), "lint": lint, "pictures": lambda: pictures(rest), "mutations": lambda: mutations(rest)}
    sys.exit(doors[what]())
