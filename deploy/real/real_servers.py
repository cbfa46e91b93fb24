"""PostgreSQL, Redis and RabbitMQ as servers of their own, as production has them, on free loopback ports with their data in one folder.

Usage, with the environment's Python: real_servers.py up|down|status|env --folder FOLDER [--tests]
PostgreSQL 18 is the wheel's; Redis and RabbitMQ are Debian's packages redis-server and rabbitmq-server, installed when root runs this.
`eval "$(... env --folder FOLDER)"` points the product, its commands and its tests at them.
"""

import argparse
import os
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "local"))

import processes
from places import say
from servers import POSTGRES_SETTINGS, Servers, binaries, free_port, give_away, is_free, wait_for

RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
PACKAGES = {"redis-server": "redis-server", str(RABBITMQ): "rabbitmq-server"}
USER = "watchfloor"
# The order in which they end: first those that only carry news.
NAMES = (("rabbitmq", signal.SIGTERM), ("epmd", signal.SIGTERM), ("redis", signal.SIGTERM), ("postgres", signal.SIGINT))


class RealServers(Servers):
    """The three servers of one folder. PostgreSQL keeps its promises here: nothing is switched off for speed, its log is archived."""

    def __init__(self, folder: Path, *, for_tests: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        os.environ["WATCHFLOOR_VAR"] = str(folder.resolve())
        super().__init__()
        self.may_be_dropped = for_tests
        self.archive = self.home / "postgres" / "archive"

    def prepare(self) -> None:
        """Passwords and ports, also those of RabbitMQ."""
        super().prepare()
        self.state.setdefault("rabbitmq_password", secrets.token_urlsafe(24))
        self.redis_identity = self.state["identity"]
        for name in ("rabbitmq", "rabbitmq_peers", "epmd"):
            if not processes.noted_pid(name.partition("_")[0]) and not is_free(self.state.get(f"{name}_port", 0)):
                self.state[f"{name}_port"] = free_port()
        self.save()

    # PostgreSQL

    def start_postgres(self, *, tether: bool = False) -> subprocess.Popen[bytes]:
        """Start it with write-ahead log archiving, as the chapter on restoring in docs/operating.md wants it."""
        if not (self.data / "PG_VERSION").exists():
            self.make_cluster()
        # Before the first promise of an archive it must exist.
        self.archive.mkdir(exist_ok=True)
        give_away(self.state["identity"], self.archive)
        return self.start_cluster(self.data, self.state["postgres_port"], tether=tether)

    def start_cluster(self, data: Path, port: int, *, tether: bool = False, **more: str) -> subprocess.Popen[bytes]:
        """A PostgreSQL on this data folder; `more` are further settings."""
        options = {**POSTGRES_SETTINGS, "port": str(port), "archive_mode": "on", "archive_timeout": "60", **more}
        options.setdefault("archive_command", f'test ! -f "{self.archive}/%f" && cp "%p" "{self.archive}/%f"')
        command = [str(binaries() / "postgres"), "-D", str(data)]
        command += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        child = processes.start(command, log="postgres", tether="SIGINT" if tether else None, identity=self.state["identity"])
        processes.note_pid("postgres", child.pid)
        wait_for("PostgreSQL", child, self.postgres_answers, log="postgres", seconds=300)
        return child

    def postgres_answers(self) -> bool:
        """Whether it takes writes: one that is still being restored only answers."""
        import psycopg

        try:
            with psycopg.connect(self.admin_url, connect_timeout=2) as connection:
                return connection.execute("SELECT pg_is_in_recovery()").fetchone() == (False,)
        except psycopg.OperationalError:
            return False

    def make_roles(self) -> None:
        """What an operator does with create_roles and DATABASE_ADMIN_URL."""
        self.for_tests = self.may_be_dropped
        super().make_roles()
        self.for_tests = False

    # RabbitMQ

    def start_rabbitmq(self, *, tether: bool = False) -> subprocess.Popen[bytes]:
        """One node with its own port mapper, both on loopback only."""
        home = self.home / "rabbitmq"
        home.mkdir(exist_ok=True)
        settings = home / "rabbitmq.conf"
        with open(os.open(settings, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(
                f"listeners.tcp.1 = 127.0.0.1:{self.state['rabbitmq_port']}\n"
                f"default_user = {USER}\ndefault_pass = {self.state['rabbitmq_password']}\n"
                "disk_free_limit.absolute = 50MB\nvm_memory_high_watermark.absolute = 512MB\nlog.console = true\nlog.file = false\n"
            )
        (home / "enabled_plugins").write_text("[].\n")
        give_away(self.state["identity"], home, *home.iterdir())
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG")}
        environment = {
            **kept,
            "HOME": str(home),
            "ERL_EPMD_PORT": str(self.state["epmd_port"]),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_NODENAME": f"{USER}-{self.state['rabbitmq_port']}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.state["rabbitmq_port"]),
            "RABBITMQ_DIST_PORT": str(self.state["rabbitmq_peers_port"]),
            "RABBITMQ_MNESIA_BASE": str(home / "data"),
            "RABBITMQ_LOG_BASE": str(home / "log"),
            "RABBITMQ_CONFIG_FILE": str(settings),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            # The shell that starts it becomes it, so that its process id is the one to end.
            "RUNNING_UNDER_SYSTEMD": "true",
        }
        launch = {"tether": "SIGTERM" if tether else None, "identity": self.state["identity"], "environment": environment}
        if not processes.noted_pid("epmd"):
            epmd = next(str(path) for path in sorted(Path("/usr/lib/erlang").glob("erts-*/bin/epmd")))
            child = processes.start([epmd, "-address", "127.0.0.1", "-port", str(self.state["epmd_port"])], log="epmd", **launch)
            processes.note_pid("epmd", child.pid)
        child = processes.start([str(RABBITMQ)], log="rabbitmq", **launch)
        processes.note_pid("rabbitmq", child.pid)
        wait_for("RabbitMQ", child, self.rabbitmq_answers, log="rabbitmq", seconds=120)
        return child

    def rabbitmq_answers(self) -> bool:
        from kombu import Connection
        from kombu.exceptions import OperationalError

        try:
            with Connection(self.addresses()["BROKER_URL"], connect_timeout=2) as broker:
                broker.ensure_connection(max_retries=1, timeout=2)
        except (OSError, OperationalError):
            return False
        return True

    # All of them

    def start_all(self, *, tether: bool = False) -> None:
        """Start what is not up, and make roles and database."""
        self.prepare()
        if not (processes.noted_pid("postgres") and self.postgres_answers()):
            say(f"postgres: starting on port {self.state['postgres_port']}")
            self.start_postgres(tether=tether)
        self.make_roles()
        if not (processes.noted_pid("redis") and self.redis_answers()):
            say(f"redis: starting on port {self.state['redis_port']}")
            self.start_redis(tether=tether)
        if not (processes.noted_pid("rabbitmq") and self.rabbitmq_answers()):
            say(f"rabbitmq: starting on port {self.state['rabbitmq_port']}")
            self.start_rabbitmq(tether=tether)

    def redis_program(self) -> Path:
        """Debian's."""
        return Path(shutil.which("redis-server") or "")

    def down(self) -> None:
        """End what this folder's notes name, and only that."""
        for name, sign in NAMES:
            if (pid := processes.noted_pid(name)) and is_ours(pid, name):
                processes.end(pid, sign=sign, patience=30)
            processes.forget_pid(name)

    def login(self, login: str) -> str:
        """The address of the database for one login."""
        password = self.state["passwords"][login]
        return f"postgresql://{login}:{quote(password)}@127.0.0.1:{self.state['postgres_port']}/{self.state['database']}"

    def addresses(self) -> dict[str, str]:
        """What the settings read, by the names that docs/operating.md gives; the floor's login serves tests and commands."""
        state = self.state
        return {
            "DATABASE_URL": self.login("app_floor"),
            "DATABASE_OWNER_URL": self.login("soc_owner"),
            "DATABASE_BACKUP_URL": self.login("soc_backup"),
            "DATABASE_ADMIN_URL": self.admin_url,
            "DATABASE_AGENCIES_URL": self.login("app_agency"),
            "REDIS_URL": f"redis://:{quote(state['redis_password'])}@127.0.0.1:{state['redis_port']}/0",
            "BROKER_URL": f"amqp://{USER}:{quote(state['rabbitmq_password'])}@127.0.0.1:{state['rabbitmq_port']}//",
            "SECRET_KEY": state["secret_key"],
        }


def is_ours(pid: int, name: str) -> bool:
    """Whether a noted process id still is such a program and not a stranger's who got the same number."""
    program = {"rabbitmq": "beam", "epmd": "epmd", "redis": "redis", "postgres": "postgres"}[name]
    try:
        return program in Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return False


def install(packages: dict[str, str] = PACKAGES) -> None:
    """Debian's packages, when root and missing; nothing of them is started. Raises SystemExit naming what is missing."""
    missing = [package for program, package in packages.items() if not shutil.which(program)]
    if not missing:
        return
    if os.getuid() != 0 or not shutil.which("apt-get"):
        raise SystemExit(f"missing here: {', '.join(missing)} (on Debian: apt-get install {' '.join(missing)})")
    say(f"installing {', '.join(missing)}")
    # Debian starts what it installs unless this says no; servers of ours have their own ports and folders.
    no = Path("/usr/sbin/policy-rc.d")
    made = not no.exists()
    if made:
        no.write_text("#!/bin/sh\nexit 101\n")
        no.chmod(0o755)
    try:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *missing]):
            result = subprocess.run(["apt-get", *command], env=environment, capture_output=True, text=True)
            if result.returncode != 0:
                raise SystemExit(f"apt-get {command[0]} failed\n{result.stderr}")
    finally:
        if made:
            no.unlink()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("up", "down", "status", "env"))
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--tests", action="store_true", help="the owner may end other sessions, as dropping a test database needs")
    options = parser.parse_args()
    servers = RealServers(options.folder, for_tests=options.tests)
    if options.what == "up":
        install()
        began = time.monotonic()
        servers.start_all()
        say(f"servers: up in {time.monotonic() - began:.0f} s ({servers.home})")
    elif options.what == "down":
        servers.down()
        say("servers: down")
    elif options.what == "env":
        if not servers.state:
            raise SystemExit("Nothing was started in this folder.")
        for name, value in servers.addresses().items():
            say(f"export {name}={shlex.quote(value)}")
    else:
        for name, _ in NAMES:
            pid = processes.noted_pid(name)
            say(f"{name}: {f'up, process {pid}' if pid else 'down'}")


if __name__ == "__main__":
    main()
