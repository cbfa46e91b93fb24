"""Starts one program tied to its parent's life and, for PostgreSQL under root, as somebody who is not root.

Usage: launch.py [--as namespace|USER] [--tether SIGNAL:PARENT] -- PROGRAM ARGUMENT...
"""

import ctypes
import os
import pwd
import signal
import sys

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
NOBODY = 65534


def main(arguments: list[str]) -> None:
    """Change what was asked for in this process, then become the program."""
    cut = arguments.index("--")
    options, program = arguments[:cut], arguments[cut + 1 :]
    wanted = dict(zip(options[::2], options[1::2], strict=True))
    if identity := wanted.get("--as"):
        enter_namespace() if identity == "namespace" else become(identity)
    if tether := wanted.get("--tether"):
        name, parent = tether.split(":")
        tie(signal.Signals[name], int(parent))
    os.execv(program[0], program)


def enter_namespace() -> None:
    """A user namespace in which root's own files belong to `nobody`: no chown, and closed parent folders do not matter."""
    uid, gid = os.getuid(), os.getgid()
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "user namespaces are not allowed here")
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{NOBODY} {uid} 1"),
        ("gid_map", f"{NOBODY} {gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def become(user: str) -> None:
    """Drop root for good."""
    account = pwd.getpwnam(user)
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)


def tie(sign: signal.Signals, parent: int) -> None:
    """Be sent `sign` when the parent dies, however it dies. Linux only; elsewhere nothing happens."""
    if not sys.platform.startswith("linux"):
        return
    # After every change of identity: such a change would undo it.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(sign), 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
