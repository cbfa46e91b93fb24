"""Runs the whole service in the foreground: servers, migrations, demo floor, web, worker, beat; keeps them up; ends them all."""

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import launch
import processes
from places import MANAGE, PYTHON, ROOT, VENV, say, var
from servers import Servers, is_free

ANSWERS_WITHIN = 60.0  # seconds
# Twice as long after each quick death, so that a broken child does not eat the machine.
PAUSES = (0.0, 0.5, 1.0, 2.0, 4.0)
QUICK = 10.0


@dataclass
class Child:
    """One process that we keep up. `names` are those of its pid files; `start` brings it up."""

    names: tuple[str, ...]
    start: Callable[[], subprocess.Popen[bytes]]
    ending: signal.Signals = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    quick_deaths: int = 0
    due: float | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.names[0]

    def bring_up(self) -> None:
        """Start it and write its number down under each of its names."""
        self.started, self.due = time.monotonic(), None
        self.process = self.start()
        for name in self.names:
            processes.note_pid(name, self.process.pid)

    def forget(self) -> None:
        for name in self.names:
            processes.forget_pid(name)


@dataclass(frozen=True)
class Helper:
    """A management command that runs beside the service when it exists and is wanted."""

    name: str
    command: tuple[str, ...]
    wanted: Callable[[], bool]


def wants(name: str) -> bool:
    return os.environ.get(name, "1").lower() not in ("0", "no", "false", "off")


HELPERS = (
    Helper("stand_in", ("stand_in_product",), lambda: wants("DEMO")),
    Helper("trickle", ("trickle",), lambda: wants("DEMO") and wants("TRICKLE")),
)


class Stop(Exception):
    """Someone asked us to end."""


class Supervisor:
    """The one process in the foreground."""

    def __init__(self) -> None:
        self.port = int(os.environ.get("PORT") or 8000)
        self.own_servers = not os.environ.get("DATABASE_URL")
        self.servers = Servers()
        self.children: list[Child] = []

    # The way up

    def run(self) -> int:
        """Everything in order, then watch until told to end."""
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sign, self.asked_to_stop)
        signal.signal(signal.SIGUSR1, self.asked_to_bring_up)
        if os.environ.get("MAKELEVEL"):
            launch.tie(signal.SIGTERM, os.getppid())
        self.claim_the_place()
        try:
            self.go_up()
            self.watch()
        except Stop:
            say("stopping")
        finally:
            for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(sign, signal.SIG_IGN)
            self.go_down()
        return 0

    def asked_to_stop(self, *_: object) -> None:
        raise Stop

    def asked_to_bring_up(self, *_: object) -> None:
        """SIGUSR1: what somebody ended on purpose comes up again."""
        for child in self.children:
            if child.process is None and child.due is None:
                child.due = time.monotonic()

    def claim_the_place(self) -> None:
        """One service an instance, one an address."""
        if (other := processes.noted_pid("supervisor")) and other != os.getpid() and is_a_supervisor(other):
            raise SystemExit(f"Watchfloor already runs here (process {other}). Stop it first, or set WATCHFLOOR_VAR for another instance.")
        # What a killed supervisor left behind is just ending.
        deadline = time.monotonic() + 10
        while processes.noted_pid("web") and not is_free(self.port) and time.monotonic() < deadline:
            time.sleep(0.1)
        if not is_free(self.port):
            raise SystemExit(f"Port {self.port} is taken by another program. Choose another: make run PORT={self.port + 1}")
        processes.note_pid("supervisor", os.getpid())

    def go_up(self) -> None:
        if self.own_servers:
            self.start_servers()
        else:
            say("servers: those of DATABASE_URL, REDIS_URL and BROKER_URL")
        self.migrate()
        known = self.commands()
        demo = wants("DEMO") and os.environ.get("WATCHFLOOR_ENV", "development") != "production"
        if demo and "build_demo_floor" in known:
            self.build_demo_floor()
        self.start_service(known, with_helpers=demo)
        self.wait_until_ready()
        # Commands in another terminal find this service by it.
        (var() / "run" / "port").write_text(str(self.port))
        say(f"logs: {var() / 'log'}")
        say(f"ready http://localhost:{self.port}")
        if demo:
            say_sign_ins()

    def migrate(self) -> None:
        """Bring the database to this code's form. Asking Django takes seconds, so an embedded one remembers its last answer."""
        present = digest_of_migrations()
        if self.own_servers and self.servers.state.get("migrated") == present:
            return
        say("migrations: applying what is new")
        self.manage("migrate", "--noinput", "-v", "0")
        if self.own_servers:
            self.servers.state["migrated"] = present
            self.servers.save()

    def build_demo_floor(self) -> None:
        """Once for an instance; the command itself looks again where we do not remember."""
        state = self.servers.state
        if self.own_servers and state.get("demo") and (var() / "demo.json").exists():
            return
        self.manage("build_demo_floor", shown=True)
        if self.own_servers:
            state["demo"] = True
            self.servers.save()

    def start_servers(self) -> None:
        servers = self.servers
        servers.prepare()
        servers.down()  # what an earlier instance left up would not end with us
        postgres = Child(("postgres",), lambda: servers.start_postgres(tether=True), ending=signal.SIGINT)
        redis = Child(("redis",), lambda: servers.start_redis(tether=True))
        for child, port in ((postgres, "postgres_port"), (redis, "redis_port")):
            say(f"{child.name}: starting on port {servers.state[port]}")
            self.children.append(child)
            child.bring_up()
        servers.make_roles()

    def start_service(self, known: set[str], *, with_helpers: bool) -> None:
        scripts = VENV / "bin"
        web = [str(PYTHON), "-m", "uvicorn", "soc.asgi:application", "--host", "127.0.0.1", "--port", str(self.port)]
        web += ["--no-access-log", "--log-config", str(Path(__file__).with_name("uvicorn.json")), "--lifespan", "off"]
        web += ["--timeout-graceful-shutdown", "3"]
        celery = [str(scripts / "celery"), "-A", "soc.celery"]
        (var() / "beat").mkdir(parents=True, exist_ok=True)
        beat = [*celery, "beat", "--pidfile", "", "--schedule", str(var() / "beat" / "schedule")]
        worker = [*celery, "worker", "--without-gossip", "--without-mingle", "-n"]
        more = [f"worker{number}" for number in range(2, int(os.environ.get("WORKERS") or 1) + 1)]
        plan = [
            (("web", "sockets"), "web", web),
            *(((name,), "worker", [*worker, f"{name}@%h"]) for name in ("worker", *more)),
            (("beat",), "beat", beat),
        ]
        if with_helpers:
            plan += [
                ((helper.name,), "command", [str(PYTHON), str(MANAGE), *helper.command])
                for helper in HELPERS
                if helper.wanted() and helper.command[0] in known
            ]
        say(f"starting {', '.join('web and sockets' if names[0] == 'web' else names[0] for names, _, _ in plan)}")
        for names, kind, command in plan:
            child = Child(names, self.starter(names[0], kind, command))
            self.children.append(child)
            child.bring_up()

    def starter(self, log: str, kind: str, command: list[str]) -> Callable[[], subprocess.Popen[bytes]]:
        environment = {**self.environment(), "WATCHFLOOR_PROCESS": kind}
        return lambda: processes.start(command, log=log, environment=environment)

    def environment(self) -> dict[str, str]:
        return {**os.environ, "PORT": str(self.port), "WATCHFLOOR_VAR": str(var()), "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}

    def manage(self, *arguments: str, shown: bool = False) -> None:
        """Run a management command; one that fails ends the start with its own words."""
        command = [str(PYTHON), str(MANAGE), *arguments]
        result = subprocess.run(
            command,
            cwd=ROOT,
            # What it prints is progress for people; of its log lines only troubles are news.
            env={**self.environment(), "LOG_LEVEL": "WARNING"},
            stdout=None if shown else subprocess.PIPE,
            stderr=None if shown else subprocess.STDOUT,
        )
        if result.returncode != 0:
            said = (result.stdout or b"").decode(errors="replace")
            raise SystemExit(f"manage.py {arguments[0]} failed.\n{said}")

    def commands(self) -> set[str]:
        """Our own management commands, by their files: asking Django takes a second."""
        return {path.stem for path in ROOT.glob("*/**/management/commands/*.py") if ".venv" not in path.parts}

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + ANSWERS_WITHIN
        while time.monotonic() < deadline:
            web = next(child for child in self.children if child.name == "web")
            if web.process is None or web.process.poll() is not None:
                break
            if answers(self.port):
                return
            time.sleep(0.1)
        raise SystemExit(f"The web process does not answer. The end of its log:\n{processes.tail('web', 20)}")

    # Keeping it up

    def watch(self) -> None:
        while True:
            self.keep_up()
            time.sleep(0.2)

    def keep_up(self) -> None:
        """Start again what was killed or crashed; leave down what somebody ended on purpose."""
        for child in self.children:
            if child.process is None:
                if child.due is not None and time.monotonic() >= child.due:
                    self.try_again(child)
            elif (code := child.process.poll()) is not None:
                self.has_ended(child, code)

    def has_ended(self, child: Child, code: int) -> None:
        child.forget()
        lived = time.monotonic() - child.started
        child.process = None
        if code in (0, -signal.SIGTERM, -signal.SIGINT, 128 + signal.SIGTERM):
            say(f"{child.name}: ended on purpose; it stays down, the rest goes on (SIGUSR1 to {os.getpid()} brings it up again)")
            return
        child.quick_deaths = child.quick_deaths + 1 if lived < QUICK else 0
        pause = PAUSES[min(child.quick_deaths, len(PAUSES) - 1)]
        how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        say(f"{child.name}: {how}; starting it again" + (f" in {pause:g} s" if pause else ""))
        child.due = time.monotonic() + pause

    def try_again(self, child: Child) -> None:
        try:
            child.bring_up()
        except SystemExit as failure:
            say(f"{child.name}: {failure}")
            child.forget()
            child.process, child.due = None, time.monotonic() + PAUSES[-1]
            return
        say(f"{child.name}: up again, process {child.process.pid if child.process else '?'}")

    # The way down

    def go_down(self) -> None:
        """First those that work, all at once, then the servers they work on."""
        servers = {"postgres", "redis"}
        for group in ([c for c in self.children if c.name not in servers], [c for c in self.children if c.name in servers]):
            running = [child for child in group if child.process is not None and child.process.poll() is None]
            for child in running:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child.process.pid, child.ending)  # type: ignore[union-attr]
            for child in running:
                processes.end(child.process.pid, sign=child.ending, child=child.process)  # type: ignore[union-attr]
            for child in group:
                child.forget()
        processes.forget_pid("supervisor")
        say("stopped")


def digest_of_migrations() -> str:
    """Changes whenever a migration, what runs after one, or a library that brings some has changed."""
    files = [ROOT / "requirements.txt"]
    for app in ("tenants", "playbooks", "soc/*"):
        files += [path for pattern in ("migrations/*.py", "facts/*", "apps.py") for path in sorted(ROOT.glob(f"{app}/{pattern}"))]
    whole = hashlib.sha256()
    for file in files:
        if file.is_file():
            whole.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return whole.hexdigest()


def is_a_supervisor(pid: int) -> bool:
    """Whether a noted process id still is one of ours."""
    try:
        return b"supervise.py" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def answers(port: int) -> bool:
    """Whether the site says that it is ready (a missing doorbell only slows it)."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=3) as response:
            return response.status == 200
    except (urllib.error.URLError, OSError):
        return False


def say_sign_ins() -> None:
    """The demo's people, as the demo floor wrote them down."""
    file = var() / "demo.json"
    if not file.exists():
        return
    people = json.loads(file.read_text())
    say("demo sign-ins:")
    for one in people:
        agency = f" ({one['agency']})" if one.get("agency") else ""
        say(f"  {one['role']:<11} {one['email']:<36} {one['password']}{agency}")


if __name__ == "__main__":
    sys.exit(Supervisor().run())
