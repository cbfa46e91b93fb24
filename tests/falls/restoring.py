"""Loses the database's disk under a stream of alerts and restores it from base backup, archived log and the log that was received.

Usage: python -m tests.falls.restoring [--seconds N] [--rate N] [--archive-only]
With --archive-only nobody receives the log as it is written: what the last unarchived segment held is lost, and the table says how much.
"""

import argparse
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests.falls.instance import ROOT, Instance, alive, end_well, place_for, say, send, signal, until
from tests.falls.real import RealServers
from tests.falls.sending import Notebook, Stream
from tests.falls.stage import set_the_stage

sys.path.insert(0, str(ROOT / "deploy" / "local"))
from servers import binaries

RECEIVER = "watchfloor_receiver"
WITHIN = 300.0  # seconds until the service takes alerts again
AGENCIES = 3


@dataclass(frozen=True)
class Kept:
    """What lies on other disks than the database: its folder, the base backup, the archive, the log received as it was written."""

    data: Path
    base: Path
    archive: Path
    received: Path


class Primary:
    """The server that will lose its disk, as an administrator sees it."""

    def __init__(self, kept: Kept) -> None:
        self.kept = kept
        self.password = secrets.token_urlsafe(18)
        self.receiver: subprocess.Popen[bytes] | None = None

    def run(self, statement: sql.Composable | str) -> list[tuple[object, ...]]:
        with psycopg.connect(os.environ["DATABASE_ADMIN_URL"], autocommit=True, connect_timeout=5) as connection:
            done = connection.execute(statement)  # type: ignore[arg-type]
            return done.fetchall() if done.description else []

    def tool(self, name: str, *arguments: str) -> list[str]:
        """A program of PostgreSQL, connected as the login that may only replicate."""
        place = urlsplit(os.environ["DATABASE_ADMIN_URL"])
        address = f"host=127.0.0.1 port={place.port} user=soc_stream application_name={RECEIVER}"
        return [str(binaries() / name), "--no-password", f"--dbname={address}", *arguments]

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "PGPASSWORD": self.password}

    def prepare(self) -> None:
        """The login that backups and receivers use."""
        make = sql.SQL("CREATE ROLE soc_stream LOGIN REPLICATION PASSWORD {}").format(sql.Literal(self.password))
        self.run(make)

    def receive(self) -> None:
        """Somebody receives the log as it is written, and a commit waits for them."""
        self.kept.received.mkdir()
        slot = self.tool("pg_receivewal", f"--slot={RECEIVER}")
        subprocess.run([*slot, "--create-slot", "--if-not-exists"], env=self.environment, check=True, capture_output=True)
        command = [*slot, f"--directory={self.kept.received}", "--synchronous"]
        self.receiver = subprocess.Popen(command, env=self.environment, stderr=subprocess.DEVNULL)
        self.run(sql.SQL("ALTER SYSTEM SET synchronous_standby_names = {}").format(sql.Literal(RECEIVER)))
        self.run("SELECT pg_reload_conf()")
        synchronous = f"SELECT 1 FROM pg_stat_replication WHERE application_name = '{RECEIVER}' AND sync_state = 'sync'"
        if not until(lambda: bool(self.run(synchronous)), 30):
            raise SystemExit("nobody receives the log")

    def back_up(self) -> float:
        """A base backup while alerts come in; returns its seconds."""
        began = time.monotonic()
        command = self.tool("pg_basebackup", f"--pgdata={self.kept.base}", "--checkpoint=fast", "--wal-method=stream")
        subprocess.run(command, env=self.environment, check=True, capture_output=True)
        return time.monotonic() - began

    def lose_the_disk(self, pid: int) -> None:
        """The server dies and its folder, last log included, is gone."""
        send(pid, signal.SIGKILL)
        until(lambda: not alive(pid), 10)
        shutil.rmtree(self.kept.data)
        self.stop_receiving()

    def stop_receiving(self) -> None:
        if self.receiver and self.receiver.poll() is None:
            self.receiver.terminate()
            self.receiver.wait(30)

    def restore(self) -> None:
        """The base backup takes the place of the lost folder, and reads the archive and then what was received, to the end."""
        shutil.copytree(self.kept.base, self.kept.data)
        self.kept.data.chmod(0o700)
        found = f'cp "{self.kept.archive}/%f" "%p" || cp "{self.kept.received}/%f" "%p" || cp "{self.kept.received}/%f.partial" "%p"'
        with open(self.kept.data / "postgresql.auto.conf", "a") as settings:
            # Until somebody receives again, a commit must not wait for them.
            settings.write(f"restore_command = '{found}'\nsynchronous_standby_names = ''\n")
        (self.kept.data / "recovery.signal").touch()

    def is_writable(self) -> bool:
        try:
            return self.run("SELECT pg_is_in_recovery()") == [(False,)]
        except psycopg.Error:
            return False


@dataclass(frozen=True)
class Outcome:
    """What was promised with a 202, what of it is there after the restore, and how long it took."""

    promised: int
    promised_before: int
    there: int
    lost: int
    lost_after_seconds: float
    base_backup_seconds: float
    writable_after_seconds: float
    taking_after_seconds: float
    journal_verifies: bool

    def is_good(self, *, archive_only: bool) -> bool:
        """Nothing lost, within five minutes, and the journal verifies; without a receiver the last two minutes may be lost, and no more."""
        in_time = self.taking_after_seconds < WITHIN
        if archive_only:
            return in_time and self.lost_after_seconds < 120
        return in_time and self.lost == 0 and self.journal_verifies


def lose_and_restore(seconds: float, rate: float, *, archive_only: bool) -> Outcome:
    """One fall of the disk in the middle of a stream of alerts."""
    folder = place_for("restoring-servers")
    with RealServers(folder) as servers, removed(folder), Instance("restoring", given=servers) as one:
        home = folder / "postgres"
        primary = Primary(Kept(home / "data", folder / "base", home / "archive", folder / "received"))
        primary.prepare()
        stage = set_the_stage(one, AGENCIES, "http://127.0.0.1:9")
        if not archive_only:
            primary.receive()
        taken = Notebook(one.home / "taken.txt")
        stream = Stream(one.url, stage.keys, taken, seed=1, rate=rate, case_every=50)
        try:
            time.sleep(seconds / 3)
            say("taking the base backup")
            backed_up = primary.back_up()
            time.sleep(seconds * 2 / 3)
            say("losing the disk")
            primary.lose_the_disk(one.pid("postgres"))
            lost_at, before = time.monotonic(), taken.lines()
            say("restoring")
            primary.restore()
            servers.up()
            until(primary.is_writable, WITHIN, pause=0.05)
            writable = time.monotonic() - lost_at
            until(lambda: len(taken.lines()) > len(before), WITHIN, pause=0.05)
            taking = time.monotonic() - lost_at
            time.sleep(seconds / 3)
        finally:
            stream.finish(30)
            primary.stop_receiving()
        return judged(one, taken, before, backed_up, writable, taking)


def judged(one: Instance, taken: Notebook, before: list[tuple[str, ...]], backed_up: float, writable: float, taking: float) -> Outcome:
    stored = {str(row[0]) for row in one.rows("SELECT public_id FROM cases_receipt")}
    promised = list(dict.fromkeys(receipt for *_, receipt in taken.lines()))  # a repeat is promised once
    lost = set(promised) - stored
    verified = one.manage("verify_journal")
    say(f"{verified.stdout}{verified.stderr}".strip())
    rate = one.rows("SELECT extract(epoch FROM max(received_at) - min(received_at)) FROM cases_receipt")[0][0]
    return Outcome(
        promised=len(promised),
        promised_before=len({receipt for *_, receipt in before}),
        there=len(set(promised) & stored),
        lost=len(lost),
        lost_after_seconds=round(len(lost) / max(len(promised) / float(rate), 0.1), 1),
        base_backup_seconds=round(backed_up, 1),
        writable_after_seconds=round(writable, 1),
        taking_after_seconds=round(taking, 1),
        journal_verifies=verified.returncode == 0,
    )


@contextmanager
def removed(folder: Path) -> Iterator[None]:
    """Nothing of the proof is left behind."""
    try:
        yield
    finally:
        shutil.rmtree(folder / "base", ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30.0, help="how long alerts come in before the disk is lost")
    parser.add_argument("--rate", type=float, default=50.0, help="alerts a second")
    parser.add_argument("--archive-only", action="store_true", help="nobody receives the log as it is written")
    options = parser.parse_args()
    end_well()
    outcome = lose_and_restore(options.seconds, options.rate, archive_only=options.archive_only)
    for name, value in vars(outcome).items():
        say(f"{name.replace('_', ' '):<26} {value}")
    say(json.dumps({"proof": "restoring", "archive_only": options.archive_only, **vars(outcome)}))
    return 0 if outcome.is_good(archive_only=options.archive_only) else 1


if __name__ == "__main__":
    sys.exit(main())
