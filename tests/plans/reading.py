"""Reading the plan of every statement that the product itself sends, right before it runs, as the same role with the same settings."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import psycopg
from django.apps import apps

from tenants.isolation.constraints import Wall

READS = ("SELECT", "WITH", "UPDATE", "INSERT", "DELETE")

# Agencies' tables that grow with the number of agencies and not with their work: a few hundred rows are read whole faster than by
# any index.
SMALL = frozenset(
    {
        "tenants_calltreecontact",
        "playbooks_connector",
        "playbooks_standingconsent",
        "playbooks_signaturepolicy",
        "playbooks_share",
        "cases_intakeallowance",
        "cases_casenumberseries",
    }
)


@dataclass(frozen=True)
class Plan:
    """One statement as PostgreSQL would do it: who asked, where, its estimated cost, and the agencies' tables that it reads whole."""

    role: str
    where: str
    sql: str
    cost: float
    whole: tuple[str, ...]


@cache
def owned() -> frozenset[str]:
    """The tables whose rows belong to agencies, and grow with their work."""
    walled = {m._meta.db_table for m in apps.get_models() if any(isinstance(c, Wall) for c in m._meta.constraints)}
    return frozenset(walled - SMALL)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan's node with all below it."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def explained(cursor: Any, sql: Any, params: Any = None) -> dict[str, Any]:
    """The plan of a statement in the cursor's own transaction."""
    cursor.execute("EXPLAIN (FORMAT JSON) " + sql, params)
    found: dict[str, Any] = cursor.fetchone()[0][0]["Plan"]
    return found


def read(plan: dict[str, Any], role: str, where: str, sql: str) -> Plan:
    """What a plan says."""
    whole = {node["Relation Name"] for node in nodes(plan) if node["Node Type"] == "Seq Scan" and node["Relation Name"] in owned()}
    return Plan(role, where, " ".join(sql.split()), plan["Total Cost"], tuple(sorted(whole)))


class Reader:
    """Collects the plans of all that is sent while it watches; `where` names what is being asked."""

    def __init__(self) -> None:
        self.plans: list[Plan] = []
        self.where = ""

    @contextmanager
    def watching(self, where: str) -> Iterator[None]:
        """Explain each statement of any connection before it runs."""
        execute, self.where = psycopg.Cursor.execute, where

        def explain_first(cursor: Any, query: Any, params: Any = None, **more: Any) -> Any:
            sql = query if isinstance(query, str) else ""
            if sql.lstrip().upper().startswith(READS) and "set_config" not in sql:
                with type(cursor)(cursor.connection) as aside:
                    role = execute(aside, "SELECT current_user").fetchone()[0]
                    execute(aside, "EXPLAIN (FORMAT JSON) " + sql, params)
                    self.plans.append(read(aside.fetchone()[0][0]["Plan"], role, self.where, sql))
            return execute(cursor, query, params, **more)

        psycopg.Cursor.execute = explain_first  # type: ignore[method-assign,assignment]
        try:
            yield
        finally:
            psycopg.Cursor.execute = execute  # type: ignore[method-assign]
