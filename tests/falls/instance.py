"""One instance of the whole service for a proof that hurts it: its own folder, ports, servers; gone without a trace afterwards."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psycopg
import redis

if TYPE_CHECKING:
    from tests.falls.real import RealServers

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / "deploy" / "local"
CHILDREN = ("web", "worker", "beat", "redis", "postgres")
# Of whoever starts us: the instance has servers of its own.
POWERFUL = ("DATABASE_ADMIN_URL", "DATABASE_BACKUP_URL")
NOT_OURS = (*POWERFUL, "TEST_DATABASE", "DJANGO_SETTINGS_MODULE", "WATCHFLOOR_PROCESS", "WATCHFLOOR_ENV", "SECRET_KEY")
SERVERS = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "BROKER_URL")
UP_WITHIN = 180.0  # seconds, migrations included


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def place_for(name: str) -> Path:
    """A folder that only this process uses."""
    return Path(os.environ.get("WATCHFLOOR_VAR") or ROOT / "var").resolve() / "falls" / f"{name}-{os.getpid()}"


def say(text: str) -> None:
    """One line of progress, at once."""
    print(text, flush=True)


def until(true: Callable[[], bool], seconds: float, pause: float = 0.1) -> bool:
    """Whether something became true within so many seconds."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


def end_well() -> None:
    """Whoever asks this process to end lets it clean up first."""

    def stop(*_: object) -> None:
        raise SystemExit("stopped")

    for sign in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(sign, stop)


class Instance:
    """`with Instance("chaos") as one`: the service is ready inside. Its servers are embedded ones of its own, or the `given`."""

    def __init__(
        self, name: str, *, given: "RealServers | None" = None, prepare: Callable[[Path], None] | None = None, **settings: str
    ) -> None:
        self.home = place_for(name)
        self.given, self.prepare = given, prepare
        self.port = free_port()
        self.said = self.home / "said.txt"
        left_out = NOT_OURS if given else (*NOT_OURS, *SERVERS)
        kept = {key: value for key, value in os.environ.items() if key not in left_out}
        # MAKELEVEL ties the supervisor to this process: it ends with us, however we end.
        own = {"WATCHFLOOR_VAR": str(self.home), "PORT": str(self.port), "DEMO": "0", "TRICKLE": "0", "MAKELEVEL": "1"}
        self.environment = {**kept, "LOG_LEVEL": "WARNING", **own, **settings}
        self.more: list[subprocess.Popen[bytes]] = []
        self.process: subprocess.Popen[bytes] | None = None

    # Up and down

    def __enter__(self) -> "Instance":
        self.home.mkdir(parents=True)
        try:
            if self.prepare:
                self.prepare(self.home)
            with open(self.said, "wb") as output:
                command = [sys.executable, str(LOCAL / "supervise.py")]
                self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=output, stderr=output)
            ready = until(lambda: "ready http" in self.said.read_text() or self.process.poll() is not None, UP_WITHIN)  # type: ignore[union-attr]
            if not ready or self.process.poll() is not None:
                raise SystemExit(f"the instance did not come up:\n{self.said.read_text()}")
        except BaseException:
            self.down()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.down()

    def down(self) -> None:
        """End every process by its id and remove the folder."""
        pids = [pid for name in CHILDREN if (pid := self.noted(name))]
        for child in self.more:
            child.send_signal(signal.SIGCONT)
            child.kill()
            child.wait()
        for pid in pids:
            send(pid, signal.SIGCONT)
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                for pid in pids:
                    send(pid, signal.SIGKILL)
        if os.environ.get("KEEP_LOGS"):
            shutil.copytree(self.home / "log", Path(os.environ["KEEP_LOGS"]) / self.home.name, dirs_exist_ok=True)
        shutil.rmtree(self.home, ignore_errors=True)

    # Its processes

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def noted(self, name: str) -> int | None:
        """The id noted for a process, when it lives."""
        for home in (self.home, self.given.folder) if self.given else (self.home,):
            try:
                pid = int((home / "run" / f"{name}.pid").read_text())
            except (OSError, ValueError):
                continue
            if alive(pid):
                return pid
        return None

    def pid(self, name: str) -> int:
        """The same, waiting for one that is just starting. Raises TimeoutError."""
        found: list[int] = []

        def look() -> bool:
            if pid := self.noted(name):
                found.append(pid)
            return bool(found)

        if not until(look, 90):
            raise TimeoutError(f"{name} is down:\n{self.said.read_text()[-2000:]}")
        return found[-1]

    def bring_up(self) -> None:
        """See to it that a server which was stopped or killed is started: given ones by their script, others by the supervisor."""
        assert self.process is not None
        if self.given:
            threading.Thread(target=self.given.up_again).start()
        else:
            self.process.send_signal(signal.SIGUSR1)

    def start_another_worker(self, *prefix: str, **environment: str) -> subprocess.Popen[bytes]:
        """A second worker process beside the supervised one."""
        command = [*prefix, str(ROOT / ".venv/bin/celery"), "-A", "soc.celery", "worker", "--without-gossip", "--without-mingle"]
        more = {**self.environment, "PYTHONPATH": str(ROOT), "WATCHFLOOR_PROCESS": "worker", **environment}
        with open(self.home / "log" / "another.log", "ab") as output:
            child = subprocess.Popen([*command, "-n", "another@%h"], cwd=ROOT, env=more, stdout=output, stderr=output)
        self.more.append(child)
        return child

    # Its servers

    def known(self) -> dict[str, Any]:
        known: dict[str, Any] = json.loads((self.home / "servers.json").read_text())
        return known

    @property
    def owner_url(self) -> str:
        """A login that sees every row and every session: the server's superuser, in the service's database."""
        if self.given:
            database = urlsplit(os.environ["DATABASE_URL"]).path
            return urlsplit(os.environ["DATABASE_ADMIN_URL"])._replace(path=database).geturl()
        known = self.known()
        return f"postgresql://postgres:{known['admin_password']}@127.0.0.1:{known['postgres_port']}/{known['database']}"

    def rows(self, sql: str, *given: Any) -> list[tuple[Any, ...]]:
        """One query on a connection of its own. Raises psycopg.Error while the server is away."""
        with psycopg.connect(self.owner_url, connect_timeout=2, autocommit=True) as one:
            return one.execute(sql.encode(), given or None).fetchall()

    def redis(self) -> "redis.Redis":
        """A client of the instance's Redis."""
        if self.given:
            return redis.Redis.from_url(os.environ["REDIS_URL"], socket_timeout=2)
        known = self.known()
        return redis.Redis(port=known["redis_port"], password=known["redis_password"], socket_timeout=2)

    # Whether it works

    def web_answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def postgres_answers(self) -> bool:
        try:
            return bool(self.rows("SELECT 1"))
        except psycopg.Error:
            return False

    def redis_answers(self) -> bool:
        try:
            with self.redis() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def rabbitmq_answers(self, at: float) -> bool:
        """Whether a given broker takes connections."""
        place = urlsplit(os.environ["BROKER_URL"])
        try:
            with socket.create_connection((place.hostname or "", place.port or 0), timeout=2) as wire:
                wire.sendall(b"AMQP\x00\x00\x09\x01")
                return bool(wire.recv(8))
        except OSError:
            return False

    def work_moves_since(self, at: float) -> bool:
        """Whether a worker has done anything since this Unix time."""
        sql = "SELECT greatest((SELECT max(settled_at) FROM cases_receipt), (SELECT max(done_at) FROM tenants_delivery)) > to_timestamp(%s)"
        try:
            return bool(self.rows(sql, at)[0][0])
        except psycopg.Error:
            return False

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A management command of this instance."""
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        return subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True)


def alive(pid: int) -> bool:
    """Whether a process of this id runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def send(pid: int, sign: signal.Signals) -> bool:
    """Send a signal to a process of ours; False when it is gone already."""
    try:
        os.kill(pid, sign)
    except ProcessLookupError:
        return False
    return True
