"""Reads the systemd units of this folder and starts what they start, for a machine or a container without systemd.

What deploy/production/check.py proves is thereby what an operator installs: the same commands, settings and secrets as files.
"""

import os
import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

import processes
from places import ROOT

HERE = Path(__file__).resolve().parent
UNITS = HERE / "units"
SHARED = UNITS / "watchfloor-.service.d" / "production.conf"
INSTALLED = "/opt/watchfloor"


@dataclass(frozen=True)
class Place:
    """Where one deployment's files lie: `etc` holds NAME.env and the secrets, `state` what it writes."""

    name: str
    etc: Path
    state: Path

    @property
    def secrets(self) -> Path:
        return self.etc / self.name


class Unit:
    """One unit of one deployment, with the drop-in that all share."""

    def __init__(self, name: str, place: Place) -> None:
        self.name, self.place = name, place
        self.entries: list[tuple[str, str]] = []
        for file in (UNITS / f"watchfloor-{name}@.service", SHARED):
            self.entries += entries(file.read_text())

    def values(self, key: str) -> list[str]:
        """Every value of a key, in order, its paths those of this machine."""
        return [
            value.replace(INSTALLED, str(ROOT)).replace("/etc/watchfloor", str(self.place.etc))
            for name, value in self.entries
            if name == key
        ]

    def expand(self, text: str) -> str:
        """The specifiers that the units use."""
        known = {"i": self.place.name, "p": f"watchfloor-{self.name}", "S": str(self.place.state), "d": str(self.credentials), "%": "%"}
        return re.sub(r"%(.)", lambda found: known.get(found[1], found[0]), text)

    @property
    def credentials(self) -> Path:
        """The folder of secrets that systemd would make for the time the unit runs."""
        return self.place.state / "credentials" / f"{self.name}-{self.place.name}"

    def environment(self) -> dict[str, str]:
        """Nothing of ours leaks in: the path, and what the unit and its files say."""
        found = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        found |= read_environment(self.place.etc / f"{self.place.name}.env")
        for line in self.values("Environment"):
            found |= dict(word.split("=", 1) for word in shlex.split(self.expand(line)))
        return found

    def hand_over_secrets(self) -> None:
        self.credentials.mkdir(parents=True, exist_ok=True)
        for line in self.values("LoadCredential"):
            name, _, source = self.expand(line).partition(":")
            with open(os.open(self.credentials / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(Path(source).read_text())

    def command(self, line: str) -> list[str]:
        environment = self.environment()
        filled = re.sub(r"\$\{(\w+)\}", lambda found: environment[found[1]], self.expand(line))
        return shlex.split(filled)

    def run_first(self, key: str) -> None:
        """Run what comes before (`ExecStartPre`), or what a oneshot is (`ExecStart`). Raises SystemExit with its words when it fails."""
        self.hand_over_secrets()
        (self.place.state / f"watchfloor-{self.place.name}").mkdir(parents=True, exist_ok=True)
        for line in self.values(key):
            result = subprocess.run(self.command(line), cwd=ROOT, env=self.environment(), capture_output=True, text=True)
            if result.returncode != 0:
                raise SystemExit(f"{self.name} of {self.place.name}: {line}\n{result.stdout}{result.stderr}")

    def start(self) -> subprocess.Popen[bytes]:
        """Start it as a child that ends with us."""
        self.run_first("ExecStartPre")
        (line,) = self.values("ExecStart")
        return processes.start(
            ["/usr/bin/env", "-C", str(ROOT), *self.command(line)], log=f"{self.name}-{self.place.name}", environment=self.environment()
        )


def entries(text: str) -> list[tuple[str, str]]:
    """`Key=value` lines of a unit file, in order."""
    lines = (line.strip() for line in text.splitlines())
    return [(key, value) for key, _, value in (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))]


def read_environment(file: Path) -> dict[str, str]:
    """An environment file as systemd reads ours: NAME=value a line, comments aside."""
    return dict(entries(file.read_text()))


def verify(folder: Path) -> str:
    """What `systemd-analyze verify` finds wrong with the units, their paths those of this machine; nothing when all is well."""
    target = folder / "units"
    for file in UNITS.rglob("*"):
        if file.is_file():
            copy = target / file.relative_to(UNITS)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(file.read_text().replace(INSTALLED, str(ROOT)))
    names = [f"{path.name.replace('@', '@' + instance)}" for path in sorted(target.glob("*@.*")) for instance in ("floor", "agencies")]
    result = subprocess.run(
        ["systemd-analyze", "verify", *[str(target / name) for name in names]],
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{target}:"},
        capture_output=True,
        text=True,
    )
    return (result.stdout + result.stderr).strip() or ("" if result.returncode == 0 else f"exit code {result.returncode}")
