"""The whole service as `make run` starts it: kept up, ended on purpose, and gone without a trace."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("web", "sockets", "worker", "beat", "redis", "postgres")
WITHOUT = (
    "DATABASE_URL",
    "REDIS_URL",
    "BROKER_URL",
    "DATABASE_OWNER_URL",
    "TEST_DATABASE",
    "DJANGO_SETTINGS_MODULE",
    "MAKELEVEL",
    "WATCHFLOOR_PROCESS",
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(true, what: str, seconds: float = 60) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


class Service:
    """An instance of its own, empty, in a folder of its own."""

    def __init__(self, home: Path) -> None:
        self.home, self.port, self.said = home, free_port(), home / "said.txt"
        home.mkdir(exist_ok=True)
        kept = {name: value for name, value in os.environ.items() if name not in WITHOUT}
        self.environment = {**kept, "WATCHFLOOR_VAR": str(home), "PORT": str(self.port), "DEMO": "0"}
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        with open(self.said, "wb") as output:
            return subprocess.Popen(
                [sys.executable, "deploy/local/supervise.py"], cwd=ROOT, env=self.environment, stdout=output, stderr=output
            )

    def text(self) -> str:
        return self.said.read_text()

    def pid(self, name: str) -> int:
        return int((self.home / "run" / f"{name}.pid").read_text())

    def pids(self) -> list[int]:
        return [self.pid(name) for name in NAMES]

    def until_ready(self) -> None:
        until(lambda: "ready http" in self.text() or self.process.poll() is not None, "it never became ready", 240)
        assert f"ready http://localhost:{self.port}" in self.text(), self.text()

    def answers(self) -> bool:
        try:
            return urllib.request.urlopen(f"http://localhost:{self.port}/readyz", timeout=2).status == 200
        except OSError:
            return False


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def service(tmp_path):
    tmp_path.chmod(0o755)
    made = Service(tmp_path / "instance")
    yield made
    if made.process.poll() is None:
        made.process.send_signal(signal.SIGINT)
        made.process.wait(60)


def test_the_service_is_kept_up_ended_on_purpose_and_gone_without_a_trace(service):
    service.until_ready()
    assert service.pid("web") == service.pid("sockets")
    before = {name: service.pid(name) for name in NAMES}

    # Killed: each is up again, within five seconds once its turn has come.
    for name in ("worker", "redis", "postgres", "web"):
        os.kill(before[name], signal.SIGKILL)

    def all_up() -> bool:
        try:
            return all(service.pid(name) != before[name] and alive(service.pid(name)) for name in ("worker", "redis", "postgres", "web"))
        except FileNotFoundError:
            return False

    until(all_up, "a killed child stayed down", 15)
    until(service.answers, "the site did not come back")

    # Ended on purpose: it stays down, it is named, the rest goes on.
    os.kill(service.pid("beat"), signal.SIGTERM)
    until(lambda: "beat: ended on purpose" in service.text(), "nobody named the one that was ended")
    time.sleep(1)
    assert not (service.home / "run" / "beat.pid").exists()
    assert service.answers()

    # Asked for, it comes up again.
    service.process.send_signal(signal.SIGUSR1)
    until(lambda: (service.home / "run" / "beat.pid").exists() and alive(service.pid("beat")), "it did not come up again", 15)

    # Ctrl-C: nothing is left.
    running = [service.pid(name) for name in NAMES if name != "beat"]
    service.process.send_signal(signal.SIGINT)
    assert service.process.wait(60) == 0
    assert not [pid for pid in running if alive(pid)]
    assert not list((service.home / "run").glob("*.pid"))

    # A second start finds what is there and makes nothing anew, and a killed supervisor takes everything with it.
    service.process = service.start()
    service.until_ready()
    assert "creating the cluster" not in service.text()
    running = service.pids()
    service.process.kill()
    service.process.wait()
    until(lambda: not any(alive(pid) for pid in running), "a child outlived its killed supervisor", 20)


def test_a_taken_port_is_said_in_words(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        environment = {**os.environ, "WATCHFLOOR_VAR": str(tmp_path / "instance"), "PORT": str(port)}
        result = subprocess.run(
            [sys.executable, "deploy/local/supervise.py"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=30
        )
    assert result.returncode == 1
    assert f"Port {port} is taken" in result.stderr
    assert not (tmp_path / "instance" / "postgres").exists()
