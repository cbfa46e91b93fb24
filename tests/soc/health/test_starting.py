"""Production starts with everything in place or not at all, and says everything that is wrong at once."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parents[3]
# On real servers the tests are told of it by this variable, beside those of the settings.
AGENCIES_URL = os.environ.get("DATABASE_AGENCIES_URL", "")
GOOD = {
    "WATCHFLOOR_ENV": "production",
    "SECRET_KEY": "k" * 50,
    "ALLOWED_HOSTS": "watch.example.gov",
    "DATABASE_URL": settings.DATABASE_URL,
    "REDIS_URL": settings.REDIS_URL,
    "BROKER_URL": settings.REDIS_URL,
}


def login(name: str) -> str:
    """The address of another login on the tests' server."""
    given = {"postgres": settings.DATABASE_ADMIN_URL, "soc_backup": settings.DATABASE_BACKUP_URL, "app_agency": AGENCIES_URL}
    if not settings.EMBEDDED:
        return given[name] or pytest.skip(f"no address of the login {name} is set")
    state = json.loads((settings.VAR / "servers.json").read_text())
    password = state["admin_password"] if name == "postgres" else state["passwords"][name]
    return f"postgresql://{name}:{password}@127.0.0.1:{state['postgres_port']}/{state['database']}"


def start(process: str, **environment: str) -> str:
    """What a process says that reads its settings in this environment: `started`, or why not."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    code = "import sys; sys.path.insert(0, '.'); import soc.settings; print('started')"
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**kept, **environment, "WATCHFLOOR_PROCESS": process},
        capture_output=True,
        text=True,
    )
    return result.stdout.strip() or result.stderr.strip().splitlines()[-1]


def test_with_everything_in_place_it_starts():
    assert start("web", **GOOD) == "started"


def test_every_missing_secret_is_named_in_one_error():
    said = start("web", WATCHFLOOR_ENV="production")
    for name in ("SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL", "BROKER_URL"):
        assert f"{name} is not set" in said


@pytest.mark.parametrize("process", ["web", "worker", "beat"])
def test_the_owners_login_stays_out_of_every_process_that_serves(process):
    said = start(process, **GOOD, DATABASE_OWNER_URL=settings.DATABASE_OWNER_URL)
    assert "DATABASE_OWNER_URL is set" in said


def test_a_command_may_hold_the_owners_login():
    assert start("command", **GOOD, DATABASE_OWNER_URL=settings.DATABASE_OWNER_URL) == "started"


def test_a_privileged_database_user_is_refused():
    owner = {**GOOD, "DATABASE_URL": settings.DATABASE_OWNER_URL}
    assert "may create roles or databases" in start("web", **owner)
    superuser = {**GOOD, "DATABASE_URL": login("postgres")}
    assert "is a superuser" in start("worker", **superuser)
    backup = {**GOOD, "DATABASE_URL": login("soc_backup")}
    assert "may bypass row-level security" in start("worker", **backup)


def test_the_agencies_deployment_refuses_a_login_that_could_become_central():
    assert "may become central" in start("web", **GOOD, DEPLOYMENT="agencies")
    assert start("web", **{**GOOD, "DATABASE_URL": login("app_agency")}, DEPLOYMENT="agencies") == "started"


def test_a_deployment_that_does_not_exist_is_named():
    assert "DEPLOYMENT" in start("command", DEPLOYMENT="somewhere")


def test_a_secret_may_be_a_mounted_file(tmp_path):
    file = tmp_path / "secret_key"
    file.write_text("k" * 50 + "\n")
    others = {name: value for name, value in GOOD.items() if name != "SECRET_KEY"}
    assert start("web", **others, SECRET_KEY_FILE=str(file)) == "started"
    file.write_text("short")
    assert "SECRET_KEY is shorter" in start("web", **others, SECRET_KEY_FILE=str(file))


def test_a_settable_clock_is_refused():
    assert "SETTABLE_CLOCK" in start("web", **GOOD, SETTABLE_CLOCK="1")


def test_a_number_that_is_none_is_named():
    assert "APPROVAL_SECONDS" in start("command", APPROVAL_SECONDS="soon")
