"""The bench's own floor: PostgreSQL and Redis in a folder of their own, databases, web servers and workers that end with it."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ROOT / ".venv" / "bin" / "python"
HOME = ROOT / "var" / "bench"
sys.path.insert(0, str(ROOT / "deploy" / "local"))
RATE = {"INTAKE_RATE": "1000000", "INTAKE_BURST": "1000000"}  # the limits are tested elsewhere


class Floor:
    """The servers that stand while a bench runs."""

    def __init__(self) -> None:
        os.environ["WATCHFLOOR_VAR"] = str(HOME)
        import processes
        from servers import Servers, free_port

        self.processes, self.free_port = processes, free_port
        self.servers = Servers()
        self.servers.up(tether=True)
        self.migrate(self.servers.state["database"])

    @property
    def state(self) -> dict[str, Any]:
        return self.servers.state

    def login(self, name: str, database: str) -> str:
        """The address of a database for one of the logins."""
        return f"postgresql://{name}:{self.state['passwords'][name]}@127.0.0.1:{self.state['postgres_port']}/{database}"

    def environment(self, database: str | None = None, **more: str) -> dict[str, str]:
        """The environment of a process of the product on one of the databases."""
        name = database or self.state["database"]
        inherited = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}  # each site names its own
        return {
            **inherited,
            "WATCHFLOOR_VAR": str(HOME),
            "PYTHONPATH": str(ROOT),
            "DEMO": "0",
            "DATABASE_URL": self.login("app_floor", name),
            "DATABASE_OWNER_URL": self.login("soc_owner", name),
            "REDIS_URL": f"redis://:{self.state['redis_password']}@127.0.0.1:{self.state['redis_port']}/0",
            "SECRET_KEY": self.state["secret_key"],
            **RATE,
            **more,
        }

    def manage(self, *arguments: str, database: str | None = None, **settings: str) -> str:
        """Run a management command; what it prints. Raises SystemExit with its words when it fails."""
        done = subprocess.run(
            [str(PYTHON), "manage.py", *arguments],
            cwd=ROOT,
            env={name: value for name, value in self.environment(database, LOG_LEVEL="WARNING", **settings).items() if value},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise SystemExit(f"manage.py {' '.join(arguments)} failed\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
        return done.stdout

    def migrate(self, database: str) -> None:
        """Bring a database to this code's form; the first migration loads the rules of clocks as a start does."""
        self.manage("migrate", "--noinput", "-v", "0", database=database)

    def fresh(self, database: str) -> str:
        """An empty floor in a database of that name, made anew; the name."""
        self.admin(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)", f"CREATE DATABASE {database} OWNER soc_owner")
        self.migrate(database)
        return database

    def script(self, module: str, given: Any, *, database: str | None = None) -> Any:
        """Run a module of the bench in a process of its own, with Django on that database: JSON in, JSON out (its last line)."""
        done = subprocess.run(
            [str(PYTHON), "-m", module],
            cwd=ROOT,
            env=self.environment(database, LOG_LEVEL="WARNING"),
            input=json.dumps(given),
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise SystemExit(f"{module} failed\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
        return json.loads(done.stdout.splitlines()[-1])

    def admin(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements as the cluster's administrator; the rows of the last."""
        with psycopg.connect(self.servers.admin_url, autocommit=True) as connection:
            found: list[tuple[Any, ...]] = []
            for statement in statements:
                cursor = connection.execute(statement)  # type: ignore[arg-type]
                found = cursor.fetchall() if cursor.description else []
            return found

    @contextmanager
    def web(self, kind: str, site: str = "soc", database: str | None = None, address: str | None = None, **settings: str) -> Iterator[int]:
        """One process of a web server with a site (`soc`, `bench.minimal`): `asgi` is uvicorn, `wsgi` granian with four threads."""
        port = self.free_port()
        log = f"{site}-{kind}"
        if kind == "asgi":
            command = [str(PYTHON), "-m", "uvicorn", f"{site}.asgi:application", "--host", "127.0.0.1", "--port", str(port)]
            command += ["--no-access-log", "--log-level", "warning", "--lifespan", "off"]
            if site == "soc":
                command += ["--log-config", str(ROOT / "deploy" / "local" / "uvicorn.json")]
        else:
            command = [str(ROOT / ".venv" / "bin" / "granian"), "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
            command += ["--workers", "1", "--blocking-threads", "4", "--no-access-log", f"{site}.wsgi:application"]
        more = {"WATCHFLOOR_PROCESS": "web", "PORT": str(port), **settings}
        if address:
            more["DATABASE_URL"] = address
        environment = {name: value for name, value in self.environment(database, **more).items() if value}
        child = self.processes.start(command, log=log, environment=environment)
        try:
            self.wait_for(port, "/readyz" if site == "soc" else "/", child, log)
            yield port
        finally:
            self.processes.end(child.pid, child=child)

    def wait_for(self, port: int, path: str, child: Any, log: str) -> None:
        """Until it answers anything below 500."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and child.poll() is None:
            with suppress(OSError):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=3).close()
                    return
                except urllib.error.HTTPError as answer:
                    if answer.code < 500:
                        return
            time.sleep(0.1)
        raise SystemExit(f"{log} does not answer.\n{self.processes.tail(log, 20)}")

    @contextmanager
    def worker(self, database: str | None = None) -> Iterator[None]:
        """One worker with its sweep."""
        command = [str(ROOT / ".venv" / "bin" / "celery"), "-A", "soc.celery", "worker", "--without-gossip", "--without-mingle"]
        child = self.processes.start(command, log="worker", environment=self.environment(database, WATCHFLOOR_PROCESS="worker"))
        try:
            yield
        finally:
            self.processes.end(child.pid, child=child)

    def load(self, **orders: Any) -> dict[str, Any]:
        """Drive the load generator in its own process."""
        done = subprocess.run([str(PYTHON), "-m", "bench.load"], cwd=ROOT, input=json.dumps(orders), capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"bench.load failed\n{done.stderr[-2000:]}")
        return json.loads(done.stdout)


@contextmanager
def standing() -> Iterator[Floor]:
    """The floor, up for as long as the block runs."""
    floor = Floor()
    try:
        yield floor
    finally:
        floor.servers.down()
