"""Finds the embedded servers of this instance when no address is set."""

import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote


@dataclass(frozen=True)
class Embedded:
    """Addresses of the servers that `make run` or `make test` keeps, read from `servers.json`."""

    database: str
    owner: str
    redis: str
    secret_key: str


def embedded(home: Path) -> Embedded | None:
    """What `servers.json` in the instance's folder says; None when nothing was ever started here."""
    file = home / "servers.json"
    if not file.exists():
        return None
    state = json.loads(file.read_text())
    passwords = state["passwords"]

    def address(login: str, password: str, name: str) -> str:
        return f"postgresql://{login}:{quote(password)}@127.0.0.1:{state['postgres_port']}/{name}"

    return Embedded(
        database=address("app_floor", passwords["app_floor"], state["database"]),
        owner=address("soc_owner", passwords["soc_owner"], state["database"]),
        redis=f"redis://:{quote(state['redis_password'])}@127.0.0.1:{state['redis_port']}/0",
        secret_key=state["secret_key"],
    )
