"""PostgreSQL, Redis and RabbitMQ as servers of their own, for proofs that are to meet them; their script starts what was killed."""

import os
import shlex
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.falls.instance import ROOT, say

SCRIPT = ROOT / "deploy" / "real" / "real_servers.py"


class RealServers:
    """`with RealServers(folder) as servers`: up inside, and named in this process's environment."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.guard = folder, threading.Lock()

    def __enter__(self) -> "RealServers":
        try:
            self.up()
            for line in self._script("env").stdout.splitlines():
                name, _, value = line.removeprefix("export ").partition("=")
                os.environ[name] = shlex.split(value)[0]
        except BaseException:
            self.down()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.down()
        shutil.rmtree(self.folder, ignore_errors=True)

    def up(self) -> None:
        """Start what is down. One at a time: two starts of the same server would meet."""
        with self.guard:
            self._script("up")

    def up_again(self) -> None:
        """The same after a kill: what the dead one left behind may take a moment to go."""
        for _ in range(10):
            try:
                self.up()
                return
            except SystemExit as failure:
                say(str(failure)[-300:])
                time.sleep(1)

    def down(self) -> None:
        """End all of them."""
        with self.guard:
            self._script("down")

    def _script(self, what: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(SCRIPT), what, "--folder", str(self.folder)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"real servers: {what} failed\n{done.stdout}{done.stderr}")
        return done
