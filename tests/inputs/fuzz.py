"""Coverage-guided fuzzing of every parser: an uncaught exception, or over one second of processor time, is a failure.

Usage: python -m tests.inputs.fuzz all|TARGET [--seconds 600] [--jobs 1]. The fuzzer is installed into a folder of its own
under var/, so that neither the product nor its tests depend on it.
"""

import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "var" / "fuzz"
PIN = ROOT / "deploy" / "local" / "fuzz.txt"
DATA = ROOT.parent / "shared" / "data"
MOST_SECONDS = 1.0
MOST_BYTES = 65_536


def installed() -> Path:
    """The folder that holds the fuzzer; fetched once, its hashes checked."""
    place = HOME / "packages"
    if not (place / "atheris").exists():
        uv = str(Path(sys.executable).parent / "uv")
        command = [uv, "pip", "install", "-q", "--python", sys.executable, "--target", str(place), "--require-hashes", "-r", str(PIN)]
        subprocess.run(command, check=True, env={**os.environ, "UV_SYSTEM_CERTS": "1"})
    return place


def set_up() -> None:
    """Django, for those parsers that live beside models."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()


def names() -> list[str]:
    """Every target."""
    set_up()
    from tests.inputs.parsers import PARSERS

    return list(PARSERS)


def seeds_of(parser: Any, place: Path) -> None:
    """Write what a target is fed at first into its corpus."""
    place.mkdir(parents=True, exist_ok=True)
    files = sorted(path for path in DATA.glob(parser.files) if path.is_file()) if parser.files and DATA.exists() else []
    for at, seed in enumerate([*parser.seeds, *(path.read_bytes()[:MOST_BYTES] for path in files)]):
        (place / f"seed-{at}").write_bytes(seed)


def run_one(name: str, seconds: int) -> None:
    """Fuzz one target in this process; it ends the process."""
    import atheris

    with atheris.instrument_imports(include=["playbooks", "soc", "tenants"]):
        set_up()
        from tests.inputs.parsers import PARSERS
    parser = PARSERS[name]
    corpus = HOME / "corpus" / name
    seeds_of(parser, corpus)

    def once(data: bytes) -> None:
        began = time.process_time()
        parser.run(data)
        spent = time.process_time() - began
        if spent > MOST_SECONDS:
            raise RuntimeError(f"{name} took {spent:.1f} s of processor time for {len(data)} bytes")

    options = [
        f"-max_total_time={seconds}",
        f"-max_len={MOST_BYTES}",
        "-timeout=60",
        "-rss_limit_mb=2048",
        f"-artifact_prefix={HOME}/{name}-",
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus)], once)
    atheris.Fuzz()


def run_child(name: str, seconds: int) -> tuple[str, int, str]:
    """Fuzz one target in a process of its own; its name, exit code, and last words."""
    path = os.pathsep.join([str(ROOT), str(installed())])
    told = subprocess.run(
        [sys.executable, "-m", "tests.inputs.fuzz", name, "--seconds", str(seconds), "--here"],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, errors="replace",
    )  # fmt: skip
    (HOME / f"{name}.log").write_text(told.stdout + told.stderr)
    lines = (told.stdout + told.stderr).splitlines()
    done = next((line for line in reversed(lines) if line.startswith("Done ")), "")
    fault = next((line for line in lines if "Error" in line or "Exception" in line or "took" in line), "")
    return name, told.returncode, done if told.returncode == 0 else fault or lines[-1]


def main() -> int:
    """Fuzz, print a line a target, and say by the exit code whether all held."""
    parse = argparse.ArgumentParser(description=__doc__)
    parse.add_argument("target")
    parse.add_argument("--seconds", type=int, default=600, help="for each target")
    parse.add_argument("--jobs", type=int, default=1, help="targets at once")
    parse.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    asked = parse.parse_args()
    if asked.here:
        run_one(asked.target, asked.seconds)
        return 0
    wanted = names() if asked.target == "all" else [asked.target]
    installed()
    bad = 0
    with ThreadPoolExecutor(asked.jobs) as some:
        for name, code, said in some.map(lambda name: run_child(name, asked.seconds), wanted):
            bad += code != 0
            print(f"{name:<16} {'held  ' if code == 0 else 'FAILED'}  {said}", flush=True)
    print(f"{len(wanted)} parsers, {asked.seconds} s each: {bad} failed. Logs and inputs are in {HOME.relative_to(ROOT)}.")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
