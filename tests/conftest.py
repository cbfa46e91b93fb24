"""What every test stands on: real servers that are up, and Chromium for those that need it."""

import os
import shutil
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

pytest_plugins = ["tests.cast"]

BROWSER_TESTS = Path(__file__).parent / "browser"


def pytest_configure(config: pytest.Config) -> None:
    """Stop at once, in words, when the servers are not up."""
    database = settings.DATABASES["default"]
    try:
        psycopg.connect(
            host=database["HOST"],
            port=database["PORT"],
            user=database["USER"],
            password=database["PASSWORD"],
            dbname=database["NAME"],
            connect_timeout=5,
        ).close()
    except psycopg.OperationalError:
        pytest.exit(
            "The tests' servers are not up. `make test` starts them and runs everything; "
            "`.venv/bin/python deploy/local/servers.py up --test` keeps them up for pytest.",
            returncode=4,
        )


def chromium() -> str | None:
    """The system's Chromium, for tests that look at pages."""
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    return next((path for path in found if path), None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Browser tests drive Chromium from a thread with an event loop of its own, or are skipped without it."""
    in_browser = [item for item in items if BROWSER_TESTS in item.path.parents]
    if not in_browser:
        return
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    if chromium():
        return
    if os.environ.get("BROWSER") == "required":
        pytest.exit("BROWSER=required, and there is no Chromium here.", returncode=4)
    for item in in_browser:
        item.add_marker(pytest.mark.skip(reason="no Chromium here"))
