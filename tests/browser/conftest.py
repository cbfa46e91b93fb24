"""The browser, the floor that it looks at, and a window for each person."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.test.utils import setup_databases, teardown_databases
from playwright.sync_api import Browser, sync_playwright

from tests.browser.floor import Floor, running_floor
from tests.browser.windows import FLAGS, Window
from tests.conftest import chromium


def pytest_configure(config: pytest.Config) -> None:
    """What only `make pictures` runs."""
    config.addinivalue_line("markers", "pictures: writes docs/pictures; only run by name")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Pictures are taken when their file is named, not with every run of the suite."""
    if any("test_pictures" in str(one) for one in config.args):
        return
    items[:] = [item for item in items if item.get_closest_marker("pictures") is None]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What the journeys measured, at the end of the run."""
    for report in terminalreporter.stats.get("passed", []):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{name}: {value}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: Any, django_db_keepdb: bool, django_db_createdb: bool
) -> Iterator[None]:
    """The test database, for tests that are not marked as its users: their floor outlives each of them."""
    if connections["default"].settings_dict["NAME"] == settings.TEST_DATABASE:
        yield  # tests that ran before made it
        return
    keep = django_db_keepdb and not django_db_createdb
    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False, aliases={"default"}, keepdb=keep)
    yield
    if not django_db_keepdb:
        with django_db_blocker.unblock():
            teardown_databases(made, verbosity=0)


@pytest.fixture(scope="session")
def floor(django_db_setup: Any, django_db_blocker: Any) -> Iterator[Floor]:
    """One running floor for all tests here; each uses cases of its own, or only looks."""
    with django_db_blocker.unblock(), running_floor() as running:
        yield running


@pytest.fixture
def window(browser: Browser, floor: Floor) -> Iterator[Callable[..., Window]]:
    """`window("ana")`: a signed-in window; `window(None)`: a stranger's. Nothing may go wrong in it unseen."""
    opened: list[Window] = []

    def open_one(who: str | None, **options: Any) -> Window:
        opened.append(Window(browser, floor.address, floor.session_of(who) if who else None, **options))
        return opened[-1]

    yield open_one
    faults = [fault for one in opened for fault in one.faults]
    for one in opened:
        one.close()
    assert not faults, faults
