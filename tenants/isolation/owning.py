"""Commands that work as the tables' owner: migrations and their like."""

from typing import Any

from django.db import connections


class AsOwner:
    """Mixed into a Django command: logs in as the owner while it runs."""

    def handle(self, *args: Any, **options: Any) -> Any:
        with connections[options.get("database") or "default"].as_owner():
            return super().handle(*args, **options)  # type: ignore[misc]
