"""Where the parts of a local installation lie: the clone, its environment, its data."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
MANAGE = ROOT / "manage.py"
ASSETS = ROOT / "static" / "vendor"
TEST_ASSETS = ROOT / "var" / "assets"


def var() -> Path:
    """The folder of this instance's data: WATCHFLOOR_VAR, else `var/` in the clone."""
    return Path(os.environ.get("WATCHFLOOR_VAR") or ROOT / "var").resolve()


def tests_var() -> Path:
    """From here on this process works in the tests' own folder, `test/` in that of the instance."""
    home = var()
    os.environ["WATCHFLOOR_VAR"] = str(home if home.name == "test" else home / "test")
    return var()


def say(text: str) -> None:
    """One line of progress, at once."""
    print(text, flush=True)
