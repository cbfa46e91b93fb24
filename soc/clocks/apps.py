"""Registers the clocks: their facts are loaded after every migration, their chore is found by the sweep."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from tenants.gates.navigation import NavItem, register


class ClocksConfig(AppConfig):
    """The time that is left."""

    name = "soc.clocks"
    label = "clocks"
    verbose_name = "Clocks"

    def ready(self) -> None:
        from soc.clocks.operations import breaching  # noqa: F401  (registers its chore)

        post_migrate.connect(load_after_migration, sender=self)
        register(NavItem("Law", "law", frozenset({"admin", "auditor"}), order=95))


def load_after_migration(using: str = "default", **_: Any) -> None:
    """A database without rules can start no clock, so they come with the tables."""
    from django.db import connections

    from soc.clocks.operations.loading import load_facts

    connection = connections[using]
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
    if {"clocks_rule", "clocks_instrumentstate"} <= set(names):
        load_facts()
