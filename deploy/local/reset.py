"""Removes an instance's data, so that the next run starts over. Backups and front-end files stay."""

import os
import shutil

import processes
from places import say, var
from servers import Servers, end_orphans
from supervise import is_a_supervisor

KEPT = {"assets", "backups", "setup.lock"}


def main() -> None:
    """Stops what still runs of the embedded servers; refuses while the service runs or the data lie elsewhere."""
    if os.environ.get("DATABASE_URL"):
        raise SystemExit("reset: DATABASE_URL is set. Only the embedded servers' data are removed by this command.")
    if (pid := processes.noted_pid("supervisor")) and is_a_supervisor(pid):
        raise SystemExit(f"reset: Watchfloor runs (process {pid}). Stop it first.")
    home = var()
    if not home.exists():
        say("reset: there was nothing")
        return
    servers = Servers()
    servers.down()
    end_orphans(servers.data)
    for path in sorted(home.iterdir()):
        if path.name in KEPT or (path.name == "test" and processes.noted_pid_in(path, "postgres")):
            continue
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        say(f"reset: removed {path}")
    say("reset: the next run starts over")


if __name__ == "__main__":
    main()
