"""Writes the database to one file, and puts such a file in the database's place.

Usage, with the environment's Python: backup.py backup [FILE] | backup.py restore FILE [yes]
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import processes
import psycopg
from places import ROOT, say, var
from psycopg import sql
from servers import LOGINS, Servers, binaries
from supervise import is_a_supervisor

sys.path.insert(0, str(ROOT))
from tenants.management.roles import create_roles

OURS = 18  # PostgreSQL's version in the wheel; an older pg_dump refuses a newer server


class Addresses:
    """Which logins this instance has, embedded or real."""

    def __init__(self) -> None:
        self.real = bool(os.environ.get("DATABASE_URL"))
        self.servers = Servers()
        state = self.servers.state
        if self.real:
            self.name = urlsplit(os.environ["DATABASE_URL"]).path.lstrip("/")
            self.backup = os.environ.get("DATABASE_BACKUP_URL") or os.environ.get("DATABASE_OWNER_URL", "")
            self.admin = os.environ.get("DATABASE_ADMIN_URL", "")
        elif not state:
            raise SystemExit("There is no database here yet. `make run` makes one.")
        else:
            self.name = state["database"]
            host = f"127.0.0.1:{state['postgres_port']}"
            self.backup = f"postgresql://soc_backup:{state['passwords']['soc_backup']}@{host}/{self.name}"
            self.admin = self.servers.admin_url

    def passwords(self) -> dict[str, str]:
        """Each login's password, as far as it is known here."""
        if not self.real:
            return self.servers.state["passwords"]
        parts = [urlsplit(os.environ.get(f"DATABASE_{kind}URL", "")) for kind in ("", "OWNER_", "BACKUP_")]
        return {part.username: unquote(part.password or "") for part in parts if part.username in LOGINS}

    @contextmanager
    def reachable(self) -> Iterator[None]:
        """The embedded PostgreSQL is started for the time when it is down."""
        started = None
        if not self.real and not self.servers.postgres_answers():
            say("database: starting PostgreSQL for this")
            self.servers.prepare()
            started = self.servers.start_postgres(tether=True)
        try:
            yield
        finally:
            if started:
                self.servers.down()


def tool(name: str, real: bool) -> str:
    """PostgreSQL's own program: the wheel's, but for a real server the system's where it is as new (that one speaks TLS)."""
    if real and (system := shutil.which(name)):
        version = subprocess.run([system, "--version"], capture_output=True, text=True).stdout
        if (found := re.search(r"(\d+)\.\d+", version)) and int(found[1]) >= OURS:
            return system
    return str(binaries() / name)


def split_password(address: str) -> tuple[str, dict[str, str]]:
    """The address without its password, and the environment that holds it: other users can read command lines."""
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    bare = urlunsplit(parts._replace(netloc=f"{parts.username}@{host}" if parts.username else host))
    return bare, {**os.environ, "PGPASSWORD": unquote(parts.password or "")}


def backup(file: str) -> None:
    """Dump everything as one consistent moment; the service may go on meanwhile."""
    addresses = Addresses()
    if not addresses.backup:
        raise SystemExit("backup: set DATABASE_OWNER_URL or DATABASE_BACKUP_URL. The application's login cannot see every row.")
    moment = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    target = Path(file) if file else var() / "backups" / f"watchfloor-{moment}.dump"
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        raise SystemExit(f"backup: {target} exists already; choose another name")
    bare, environment = split_password(addresses.backup)
    command = [tool("pg_dump", addresses.real), "--format=custom", "--no-password", f"--dbname={bare}"]
    if urlsplit(addresses.backup).username != "soc_backup":
        command.append("--role=soc_backup")  # row-level security shows the owner only what its policies name
    unfinished = target.with_name(target.name + ".unfinished")
    with addresses.reachable(), open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as output:
        say(f"backup: writing {target}")
        code = subprocess.run(command, env=environment, stdout=output).returncode
    if code != 0:
        unfinished.unlink()
        raise SystemExit("backup: pg_dump failed; no file was written")
    unfinished.replace(target)
    say(f"backup: done, {target.stat().st_size / 1e6:.1f} MB. Keep it where this machine's loss does not reach it.")


def restore(file: str, confirm: str) -> None:
    """Restore into a new database beside the present one, and only when that worked change their names."""
    source = Path(file) if file else None
    if source is None or not source.is_file():
        raise SystemExit(f"restore: {'there is no file ' + file if file else 'say which: make restore FILE=...'}")
    addresses = Addresses()
    if not addresses.admin:
        raise SystemExit("restore: set DATABASE_ADMIN_URL, whose login may create databases and roles")
    if not addresses.real and (pid := processes.noted_pid("supervisor")) and is_a_supervisor(pid):
        raise SystemExit(f"restore: Watchfloor runs (process {pid}). Stop it first.")
    with addresses.reachable():
        for line in create_roles(admin=addresses.admin, database=addresses.name, passwords=addresses.passwords()):
            say(f"restore: {line}")
        if has_tables(addresses) and confirm != "yes":
            raise SystemExit(
                f"restore: the database {addresses.name} holds data. With CONFIRM=yes it is put aside "
                "under another name (not removed) and the backup takes its place."
            )
        take_place(addresses, source)


def has_tables(addresses: Addresses) -> bool:
    with psycopg.connect(addresses.admin, dbname=addresses.name) as connection:
        row = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        return bool(row and row[0])


def take_place(addresses: Addresses, source: Path) -> None:
    moment = datetime.now(UTC).strftime("%Y%m%d%H%M%S")
    fresh, aside = f"{addresses.name}_restored_{moment}", f"{addresses.name}_before_{moment}"
    name = sql.Identifier
    with psycopg.connect(addresses.admin, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER soc_owner").format(name(fresh)))
        bare, environment = split_password(urlunsplit(urlsplit(addresses.admin)._replace(path=f"/{fresh}")))
        command = [tool("pg_restore", addresses.real), "--no-password", "--exit-on-error", "--single-transaction"]
        say(f"restore: reading {source}")
        if subprocess.run([*command, f"--dbname={bare}", str(source)], env=environment).returncode != 0:
            connection.execute(sql.SQL("DROP DATABASE {}").format(name(fresh)))
            raise SystemExit("restore: the file could not be restored; nothing was changed")
        try:
            connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(name(addresses.name), name(aside)))
        except psycopg.errors.ObjectInUse:
            connection.execute(sql.SQL("DROP DATABASE {}").format(name(fresh)))
            raise SystemExit(f"restore: someone is connected to {addresses.name}. Stop the service first; nothing was changed.") from None
        connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(name(fresh), name(addresses.name)))
    for remembered in ("migrated", "demo"):
        addresses.servers.state.pop(remembered, None)
    if not addresses.real:
        addresses.servers.save()
    say(f"restore: done. The former database is kept as {aside}; drop it when you are sure.")
    say("restore: the next start applies migrations that are newer than the backup.")


if __name__ == "__main__":
    what, *rest = [*sys.argv[1:], "", "", ""][:3]
    {"backup": lambda: backup(rest[0]), "restore": lambda: restore(rest[0], rest[1])}[what]()
