"""Files of the simulated floor under `var/`."""

import json
import os
from pathlib import Path
from typing import Any

from django.conf import settings


def home() -> Path:
    """The folder of this instance's data."""
    return Path(settings.VAR)


def sign_ins() -> Path:
    """Who may sign in, with passwords."""
    return home() / "demo.json"


def floor() -> Path:
    """The rest of a floor: where the stand-in product listens."""
    return home() / "floor.json"


def stand_in_memory() -> Path:
    """What the stand-in product was told."""
    return home() / "stand-in.json"


def trickle_keys() -> Path:
    """The sensor keys of the live alerts, one an agency."""
    return home() / "keys" / "trickle.json"


def keep(file: Path, what: Any) -> None:
    """Write JSON that only its owner may read."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump(what, out, indent=1)
    fresh.replace(file)


def kept(file: Path) -> Any:
    """What was kept, None when nothing was."""
    return json.loads(file.read_text()) if file.exists() else None
