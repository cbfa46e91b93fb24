"""For pytest, where a mutation is tried: use the database that was copied for it, as it is."""

from typing import Any

from django.conf import settings
from django.db import connection

from tenants.isolation.backend.base import DatabaseCreation


def pytest_configure() -> None:
    """Neither create, migrate nor drop: the runner made the database, and mutated it."""

    def as_it_is(creation: Any, *args: Any, **more: Any) -> str:
        name = str(creation._get_test_db_name())
        creation.connection.close()
        settings.DATABASES[creation.connection.alias]["NAME"] = name
        creation.connection.settings_dict["NAME"] = name
        return name

    DatabaseCreation.create_test_db = as_it_is  # type: ignore[method-assign]
    DatabaseCreation.destroy_test_db = lambda *args, **more: None  # type: ignore[method-assign]
    connection.close()
