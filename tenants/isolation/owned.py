"""The first wall: a manager whose filter is resolved when the SQL is compiled, and the parent of every agency-owned model."""

from typing import Any, Self

from django.db import models
from django.db.models.expressions import Expression

from tenants.isolation.scope import CENTRAL, LOBBY, NoScope, current


class InScope(Expression):
    """True for rows of the agencies in scope; compiles to nothing known until the query runs."""

    output_field = models.BooleanField()
    conditional = True
    contains_aggregate = False

    def __init__(self, agency: Any) -> None:
        super().__init__()
        self.agency = agency

    def get_source_expressions(self) -> list[Any]:
        return [self.agency]

    def set_source_expressions(self, exprs: list[Any]) -> None:
        (self.agency,) = exprs

    def resolve_expression(
        self, query: Any = None, allow_joins: bool = True, reuse: Any = None, summarize: bool = False, for_save: bool = False
    ) -> Self:
        copied = self.copy()
        copied.agency = self.agency.resolve_expression(query, allow_joins, reuse, summarize, for_save)
        return copied

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        scope = current.get()
        if not getattr(connection, "walled", True):
            return "TRUE", []
        if scope is None or scope.role == LOBBY:
            raise NoScope("an agency's rows were asked for without a scope: open one in tenants/gates/")
        column, params = compiler.compile(self.agency)
        if scope.role == CENTRAL:
            if scope.agencies is None:
                return "TRUE", []
            return f"{column} = ANY(%s)", [*params, sorted(scope.agencies)]
        return f"{column} = %s", [*params, scope.agency]


class OwnedQuerySet(models.QuerySet[Any]):
    """Rows of an agency; `locked` is how operations take one."""

    def locked(self, **which: Any) -> Any:
        """The one row that `which` names, locked for update. Raises the model's DoesNotExist."""
        return self.select_for_update(of=("self",)).get(**which)


class OwnedManager(models.Manager.from_queryset(OwnedQuerySet)):  # type: ignore[misc]
    """Fail-closed: raises NoScope when run without a scope."""

    use_in_migrations = False

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(InScope(models.F("agency")))


class Owned(models.Model):
    """A row that belongs to one agency. Subclasses add `Wall` and composite keys in Meta.constraints."""

    agency = models.ForeignKey("tenants.Agency", on_delete=models.PROTECT, related_name="+")

    objects = OwnedManager()

    class Meta:
        abstract = True
