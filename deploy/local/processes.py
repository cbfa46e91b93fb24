"""Starting, finding and ending the processes of one instance; their ids stand in `run/*.pid`."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from places import var

LAUNCH = Path(__file__).with_name("launch.py")
BIG_LOG = 10_000_000  # bytes


def start(
    command: list[str],
    *,
    log: str,
    tether: str | None = "SIGTERM",
    identity: str | None = None,
    environment: dict[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program in a process group of its own, its output in `log/<log>.log`.

    `tether` is the signal it gets when this process dies (None: it outlives us); `identity` as launch.py takes it.
    """
    options: list[str] = []
    if identity:
        options += ["--as", identity]
    if tether:
        options += ["--tether", f"{tether}:{os.getpid()}"]
    if options:
        command = [sys.executable, "-S", str(LAUNCH), *options, "--", *command]
    with open_log(log) as output:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, env=environment)


def open_log(name: str):
    """The log file, appended to; an old large one is put aside once."""
    path = var() / "log" / f"{name}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > BIG_LOG:
        path.replace(path.with_suffix(".log.1"))
    return open(path, "ab")


def tail(name: str, lines: int = 8) -> str:
    """The end of a log, for a message about what went wrong."""
    path = var() / "log" / f"{name}.log"
    if not path.exists():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


def note_pid(name: str, pid: int) -> None:
    """Write `run/<name>.pid` in one step, so that a reader never sees half a number."""
    folder = var() / "run"
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f".{name}.pid"
    fresh.write_text(f"{pid}\n")
    fresh.replace(folder / f"{name}.pid")


def forget_pid(name: str) -> None:
    (var() / "run" / f"{name}.pid").unlink(missing_ok=True)


def noted_pid(name: str) -> int | None:
    """The process id noted under this name, when that process is alive."""
    return noted_pid_in(var(), name)


def noted_pid_in(home: Path, name: str) -> int | None:
    """The same for another instance's folder."""
    try:
        pid = int((home / "run" / f"{name}.pid").read_text())
    except (OSError, ValueError):
        return None
    return pid if alive(pid) else None


def alive(pid: int) -> bool:
    """Whether a process of this id runs (one that has ended and was not collected yet does not)."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        if sys.platform.startswith("linux"):
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def end(pid: int, *, sign: signal.Signals = signal.SIGTERM, patience: float = 10.0, child: subprocess.Popen | None = None) -> None:
    """Ask a process to end, and after `patience` seconds end it."""
    for attempt in (sign, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, attempt)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if (child.poll() is not None) if child else not alive(pid):
                return
            time.sleep(0.05)
