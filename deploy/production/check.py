"""Starts the production form on this machine and takes one alert through it: `make deploy-check`.

Real PostgreSQL, Redis and RabbitMQ, both deployments with their own logins, host names and secrets, started by the commands of
the systemd units in this folder; nginx in front with the sites of this folder and certificates made for the occasion. Everything
stands in one folder that is removed at the end (--keep keeps it); what was started is ended by its process id.
"""

import argparse
import contextlib
import json
import os
import secrets
import shutil
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "real"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "local"))

import processes
from journey import Failed, Journey, Visitor
from kombu import Connection
from places import MANAGE, PYTHON, ROOT, say, var
from real_servers import PACKAGES, RealServers, free_port, give_away, install
from units import HERE, INSTALLED, Place, Unit, verify

from tests.playbooks.endpoint_product import endpoint_product

HOSTS = {name: f"{name}.watchfloor.example" for name in ("floor", "agencies")}
LOGINS = {"floor": "app_floor", "agencies": "app_agency"}
SERVING = ("web", "sockets", "worker", "beat")
NEEDED = {**PACKAGES, "nginx": "nginx-light", "openssl": "openssl"}


class Site:
    """The whole of one production set-up in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.servers = RealServers(folder / "servers")
        self.places = {name: Place(name, folder / "etc", folder / "state") for name in HOSTS}
        self.tls_port, self.plain_port = free_port(), free_port()
        self.ports = {number: free_port() for number in ("8101", "8102", "8201", "8202")}
        self.children: dict[str, subprocess.Popen[bytes]] = {}

    # What an operator writes

    def configure(self) -> None:
        """Environment files, secrets and certificates."""
        addresses = self.servers.addresses()
        etc = self.folder / "etc"
        (etc / "tls").mkdir(parents=True)
        (etc / "database_owner_url").write_text(addresses["DATABASE_OWNER_URL"])
        template = (HERE / "watchfloor.env").read_text()
        for name, place in self.places.items():
            web, sockets = ("8101", "8102") if name == "floor" else ("8201", "8202")
            changes = {
                "DEPLOYMENT=floor": f"DEPLOYMENT={name}",
                "ALLOWED_HOSTS=floor.watchfloor.example": f"ALLOWED_HOSTS={HOSTS[name]}",
                "WEB_PORT=8101": f"WEB_PORT={self.ports[web]}",
                "SOCKETS_PORT=8102": f"SOCKETS_PORT={self.ports[sockets]}",
            }
            (etc / f"{name}.env").write_text(replaced(template, changes))
            place.secrets.mkdir()
            for secret, value in {
                "secret_key": secrets.token_urlsafe(48),
                "database_url": self.servers.login(LOGINS[name]),
                "redis_url": addresses["REDIS_URL"],
                "broker_url": addresses["BROKER_URL"],
            }.items():
                (place.secrets / secret).write_text(value + "\n")
            certificate(etc / "tls", name, HOSTS[name])

    def configure_proxy(self) -> Path:
        """The sites as they are, on ports of ours, inside the least that nginx needs around them."""
        home = self.folder / "nginx"
        home.mkdir()
        changes = {
            "listen 443 ": f"listen 127.0.0.1:{self.tls_port} ",
            "listen 80 ": f"listen 127.0.0.1:{self.plain_port} ",
            "/etc/watchfloor": str(self.folder / "etc"),
            INSTALLED: str(ROOT),
            **{f"127.0.0.1:{number};": f"127.0.0.1:{port};" for number, port in self.ports.items()},
        }
        (home / "site.conf").write_text(replaced((HERE / "nginx.conf").read_text(), changes))
        temporary = "\n".join(f"  {kind}_temp_path {home}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        main = home / "main.conf"
        main.write_text(
            f"worker_processes 2;\npid {home}/pid;\nerror_log {home}/error.log;\nevents {{}}\n"
            f"http {{\n  include /etc/nginx/mime.types;\n  access_log off;\n{temporary}\n  include {home}/site.conf;\n}}\n"
        )
        give_away(self.servers.state["identity"], home, *home.iterdir())
        return main

    # What an operator runs

    def manage(self, *arguments: str, owner: bool = False) -> str:
        """A management command in the floor's environment. Raises Failed with its words when it fails."""
        unit = Unit("migrate" if owner else "web", self.places["floor"])
        unit.hand_over_secrets()
        environment = {**unit.environment(), "WATCHFLOOR_PROCESS": "command", "LOG_LEVEL": "WARNING"}
        result = subprocess.run([str(PYTHON), str(MANAGE), *arguments], cwd=ROOT, env=environment, capture_output=True, text=True)
        if result.returncode != 0:
            raise Failed(f"manage.py {arguments[0]}: {result.stdout}{result.stderr}")
        return result.stdout

    def start_unit(self, name: str, deployment: str) -> None:
        self.children[f"{name}-{deployment}"] = Unit(name, self.places[deployment]).start()

    def start_nginx(self) -> None:
        command = [shutil.which("nginx") or "nginx", "-c", str(self.configure_proxy()), "-g", "daemon off;"]
        self.children["nginx"] = processes.start(command, log="nginx", identity=self.servers.state["identity"])

    def visit(self, deployment: str, bearer: str = "") -> Visitor:
        trust = ssl.create_default_context()
        for name in HOSTS:
            trust.load_verify_locations(self.folder / "etc" / "tls" / f"{name}.crt")
        return Visitor(HOSTS[deployment], self.tls_port, trust, bearer)

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + 60
        for name in HOSTS:
            while time.monotonic() < deadline:
                with contextlib.suppress(Exception):
                    if self.visit(name).get("/readyz").json()["status"] == "ok":
                        break
                if dead := [child for child, process in self.children.items() if process.poll() is not None]:
                    raise Failed(f"{dead[0]} ended: {processes.tail(dead[0], 12)}")
                time.sleep(0.2)
            else:
                raise Failed(f"{name} is not ready: {self.visit(name).get('/readyz').text}")

    def down(self) -> None:
        """End what was started: those in front first, servers last."""
        for process in reversed(self.children.values()):
            if process.poll() is None:
                process.terminate()
        for process in self.children.values():
            processes.end(process.pid, child=process, patience=20)
        self.servers.down()


class Broker:
    """RabbitMQ, for the steps that do without it and with it again."""

    def __init__(self, servers: RealServers) -> None:
        self.servers = servers

    def kill(self) -> None:
        if pid := processes.noted_pid("rabbitmq"):
            processes.end(pid, sign=signal.SIGKILL)

    def start(self) -> None:
        self.servers.start_rabbitmq(tether=True)

    def heard(self, queue: str) -> bool:
        """Whether somebody listens to a queue and nothing waits in it."""
        with Connection(self.servers.addresses()["BROKER_URL"], connect_timeout=2) as connection:
            found = connection.default_channel.queue_declare(queue, passive=True)
        return bool(found.consumer_count) and not found.message_count


def replaced(text: str, changes: dict[str, str]) -> str:
    """The text with each change made; one that finds nothing means that a template changed its words."""
    for old, new in changes.items():
        if old not in text:
            raise Failed(f"nothing says {old!r} any more")
        text = text.replace(old, new)
    return text


def certificate(folder: Path, name: str, host: str) -> None:
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    command += ["-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.crt")]
    command += ["-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}"]
    subprocess.run(command, check=True, capture_output=True)


class Table:
    """What was checked, how it went, how long it took."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, bool, float]] = []

    def step(self, name: str, do: Callable[[], Any]) -> bool:
        began = time.monotonic()
        try:
            said, fine = do() or "", True
        except (Exception, SystemExit) as failure:  # a check that breaks is a check that failed
            said, fine = f"{type(failure).__name__}: {failure}", False
        took = time.monotonic() - began
        self.rows.append((name, fine, took))
        say(f"{'ok  ' if fine else 'FAIL'} {took:6.1f} s  {name}{f': {said}' if said else ''}")
        return fine


def check(folder: Path, table: Table) -> None:
    """Every step in order; the journey's steps build on each other, so the first that fails ends it."""
    site = Site(folder)
    with ended(site), endpoint_product() as product:
        start = {
            "the units are sound (systemd-analyze verify)": lambda: units_are_sound(folder),
            "PostgreSQL, Redis and RabbitMQ start": lambda: site.servers.start_all(tether=True),
            "settings, secrets and certificates are written": lambda: configured(site),
            "migrate, load_facts, publish_library": lambda: Unit("migrate", site.places["floor"]).run_first("ExecStart"),
            "Django finds nothing to warn of (check --deploy)": lambda: no_warnings(site),
            "the owner's login is refused by what serves": lambda: owner_is_refused(site),
            "the agencies' deployment refuses the floor's login": lambda: wrong_login_is_refused(site),
            **{f"{name} of {place} starts": lambda n=name, p=place: site.start_unit(n, p) for place in HOSTS for name in SERVING},
            "nginx takes its configuration and starts": lambda: proxy_starts(site),
            "both addresses are ready": site.wait_until_ready,
        }
        journey = Journey(
            visit=site.visit, manage=site.manage, product=product, broker=Broker(site.servers), ports=(site.plain_port, site.ports["8101"])
        )
        walk = {name.replace("_", " "): getattr(journey, name) for name, value in vars(Journey).items() if is_step(name, value)}
        for name, do in {**start, **walk}.items():
            if not table.step(name, do):
                break


def is_step(name: str, value: Any) -> bool:
    """The journey's steps say what they did; its other methods return what they found."""
    return callable(value) and not name.startswith("_") and value.__annotations__.get("return") is str


def configured(site: Site) -> None:
    site.configure()
    # The product's secret is one more credential of the agencies' worker.
    worker = Unit("worker", site.places["agencies"])
    worker.credentials.mkdir(parents=True)
    (worker.credentials / "edr").write_text("the-secret-of-the-product")


def units_are_sound(folder: Path) -> str:
    if not shutil.which("systemd-analyze"):
        return "no systemd-analyze here"
    if found := verify(folder):
        raise Failed(found)
    return ""


def no_warnings(site: Site) -> None:
    site.manage("check", "--deploy", "--fail-level", "WARNING")


def said_by(site: Site, deployment: str, **changes: str) -> str:
    """What a web process of the deployment says that starts with these changes."""
    unit = Unit("web", site.places[deployment])
    unit.hand_over_secrets()
    environment = {name: value for name, value in unit.environment().items() if f"{name.removesuffix('_FILE')}" not in changes}
    code = "import soc.settings; print('started')"
    result = subprocess.run([str(PYTHON), "-c", code], cwd=ROOT, env={**environment, **changes}, capture_output=True, text=True)
    return (result.stdout + result.stderr).strip()


def owner_is_refused(site: Site) -> None:
    said = said_by(site, "floor", DATABASE_OWNER_URL=site.servers.login("soc_owner"))
    if "must not hold that login" not in said:
        raise Failed(said)


def wrong_login_is_refused(site: Site) -> None:
    said = said_by(site, "agencies", DATABASE_URL=site.servers.login("app_floor"))
    if "may become central" not in said:
        raise Failed(said)


def proxy_starts(site: Site) -> str:
    site.start_nginx()
    main = site.folder / "nginx" / "main.conf"
    tested = subprocess.run([shutil.which("nginx") or "nginx", "-t", "-q", "-c", str(main)], capture_output=True, text=True)
    if tested.returncode != 0:
        raise Failed(tested.stderr)
    return "nginx -t finds nothing"


@contextlib.contextmanager
def ended(site: Site) -> Iterator[None]:
    try:
        yield
    finally:
        site.down()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=var() / "production", help="where all of it stands; must not exist")
    parser.add_argument("--keep", action="store_true", help="leave the folder with its logs")
    options = parser.parse_args()
    for sign in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, lambda *_: sys.exit(1))
    os.environ.pop("DATABASE_URL", None)
    install(NEEDED)
    if options.folder.exists():
        raise SystemExit(f"{options.folder} is there already: another check, or one that was kept. Remove it or name another --folder.")
    began, table = time.monotonic(), Table()
    try:
        check(options.folder.resolve(), table)
    finally:
        failed = [name for name, fine, _ in table.rows if not fine]
        if not options.keep and not failed:
            shutil.rmtree(options.folder, ignore_errors=True)
    say(json.dumps({"checks": len(table.rows), "failed": failed, "seconds": round(time.monotonic() - began)}))
    if failed:
        say(f"The logs stand in {options.folder / 'servers' / 'log'}.")
    return 1 if failed or not table.rows else 0


if __name__ == "__main__":
    sys.exit(main())
