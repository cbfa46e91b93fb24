"""The database backend that sets role and agency when a transaction begins, and refuses a query without a scope."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.postgresql import base, creation

from tenants.isolation.scope import NoScope, Scope, current

OPENING = "SELECT set_config('role', %s, true), set_config('app.agency', %s, true), set_config('app.actor', %s, true)"
HOUSEKEEPING = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT", "SET CONSTRAINTS")


def opening(scope: Scope) -> tuple[str, list[str]]:
    """The one statement that puts `scope` in force: role and agency together, or a tenant sees no rows silently."""
    return OPENING, [scope.role, "" if scope.agency is None else str(scope.agency), scope.actor]


def refuse(execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Turn an unscoped query into our error before PostgreSQL has to refuse it."""
    connection = context["connection"]
    if connection.walled and not str(sql).lstrip().upper().startswith(HOUSEKEEPING):
        if current.get() is None:
            raise NoScope(f"no scope is open: {str(sql)[:80]}")
        if not connection.in_atomic_block:
            raise NoScope(f"outside a transaction: {str(sql)[:80]}")
    return execute(sql, params, many, context)


class DatabaseCreation(creation.DatabaseCreation):
    """Creates, clones and drops test databases as their owner."""

    def create_test_db(self, *args: Any, **kwargs: Any) -> Any:
        with self.connection.as_owner():
            return super().create_test_db(*args, **kwargs)

    def clone_test_db(self, *args: Any, **kwargs: Any) -> Any:
        with self.connection.as_owner():
            return super().clone_test_db(*args, **kwargs)

    def destroy_test_db(self, *args: Any, **kwargs: Any) -> Any:
        with self.connection.as_owner():
            return super().destroy_test_db(*args, **kwargs)

    def serialize_db_to_string(self) -> str:
        with self.connection.as_owner():
            return super().serialize_db_to_string()

    def deserialize_db_from_string(self, data: str) -> None:
        with self.connection.as_owner():
            super().deserialize_db_from_string(data)

    def _destroy_test_db(self, test_database_name: str, verbosity: int) -> None:
        # A thread of an async test may still hold a connection.
        with self._nodb_cursor() as cursor:
            cursor.execute(f"DROP DATABASE {self.connection.ops.quote_name(test_database_name)} WITH (FORCE)")


class DatabaseWrapper(base.DatabaseWrapper):
    """One connection behind the wall."""

    creation_class = DatabaseCreation

    def __init__(self, settings_dict: dict[str, Any], alias: str = "default") -> None:
        super().__init__(settings_dict, alias)
        self.walled = settings_dict["USER"] != settings_dict.get("OWNER", {}).get("USER")
        self.applied: Scope | None = None
        self.execute_wrappers.append(refuse)

    @contextmanager
    def as_owner(self) -> Iterator[None]:
        """Log in as the tables' owner: commands and test set-up only, since all threads share these settings."""
        if not self.walled:
            yield
            return
        if not self.settings_dict.get("OWNER", {}).get("USER"):
            raise RuntimeError("DATABASE_OWNER_URL is not set: this command needs the login that owns the tables")
        login = {k: self.settings_dict[k] for k in ("USER", "PASSWORD", "OPTIONS")}
        self.close()
        self.close_pool()
        options = {k: v for k, v in login["OPTIONS"].items() if k != "pool"}
        self.settings_dict.update(self.settings_dict["OWNER"], OPTIONS=options)
        self.walled = False
        try:
            yield
        finally:
            self.close()
            self.settings_dict.update(login)
            self.walled = True

    def _set_autocommit(self, autocommit: bool) -> None:
        super()._set_autocommit(autocommit)
        self.applied = None
        if not autocommit:
            self._apply()

    def _savepoint(self, sid: str) -> None:
        super()._savepoint(sid)
        if self.applied is not current.get():  # what a TestCase opens instead of BEGIN
            self._apply()

    def _savepoint_rollback(self, sid: str) -> None:
        super()._savepoint_rollback(sid)
        self.applied = None  # SET LOCAL went back with it

    def _apply(self) -> None:
        scope = current.get()
        if scope is None or not self.walled:
            return
        try:
            with self.wrap_database_errors, self.connection.cursor() as cursor:
                cursor.execute(*opening(scope))
        except BaseException:
            # Autocommit would stay off and later blocks would not commit.
            self.connection.close()
            self.close()
            raise
        self.applied = scope
