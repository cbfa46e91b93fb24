"""Constraints that carry the wall into migrations: composite foreign keys, row-level security with its grants, the audit trigger."""

from typing import Any

from django.db.models.constraints import BaseConstraint


class _Sql(BaseConstraint):
    """A constraint that is nothing but SQL after the table exists."""

    def validate(self, model: Any, instance: Any, exclude: Any = None, using: Any = None) -> None:
        """PostgreSQL checks."""

    def constraint_sql(self, model: Any, schema_editor: Any) -> None:
        self.create_sql(model, schema_editor)

    def create_sql(self, model: Any, schema_editor: Any) -> None:
        """Put the statement off to the end of the migration: what it refers to may be made after it."""
        schema_editor.deferred_sql.append(self.statement(model, schema_editor))

    def statement(self, model: Any, schema_editor: Any) -> str:
        """The SQL of this constraint."""
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, _Sql) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash((type(self), self.name))


class CompositeForeignKey(_Sql):
    """`(agency_id, field)` references `(agency_id, id)` of `to`: a child can never point at another agency's parent."""

    def __init__(self, *, field: str, to: str, name: str, on_delete: str = "") -> None:
        super().__init__(name=name)
        self.field, self.to, self.on_delete = field, to, on_delete

    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "field": self.field, "to": self.to, "on_delete": self.on_delete}

    def statement(self, model: Any, schema_editor: Any) -> str:
        q, meta = schema_editor.quote_name, model._meta
        parent = meta.apps.get_model(self.to)._meta
        column = meta.get_field(self.field).column
        return (
            f"ALTER TABLE {q(meta.db_table)} ADD CONSTRAINT {q(self.name)} FOREIGN KEY ({q('agency_id')}, {q(column)}) "
            f"REFERENCES {q(parent.db_table)} ({q('agency_id')}, {q(parent.pk.column)}) {self.on_delete}"
        )

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        return f"ALTER TABLE {schema_editor.quote_name(model._meta.db_table)} DROP CONSTRAINT {schema_editor.quote_name(self.name)}"


POLICIES = {
    "soc_tenant": "agency_id = (SELECT NULLIF(current_setting('app.agency', true), '')::bigint)",
    "soc_central": "true",
    "soc_owner": "true",
}


class Wall(_Sql):
    """Row-level security of one agency-owned table: FORCE, equality policies a role, grants, and the audit trigger.

    `rights` is what the application may do; append-only tables leave UPDATE and DELETE out and set `audited=False`.
    """

    def __init__(self, *, name: str, rights: str = "SELECT, INSERT, UPDATE", audited: bool = True) -> None:
        super().__init__(name=name)
        self.rights, self.audited = rights, audited

    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "rights": self.rights, "audited": self.audited}

    def statement(self, model: Any, schema_editor: Any) -> str:
        q = schema_editor.quote_name
        table = q(model._meta.db_table)
        parts = [f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY", f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"]
        for role, condition in POLICIES.items():
            parts.append(f"CREATE POLICY wall_{role} ON {table} TO {role} USING ({condition}) WITH CHECK ({condition})")
        parts.append(f"CREATE POLICY wall_soc_search ON {table} FOR SELECT TO soc_search USING (true)")
        parts.append(f"GRANT {self.rights} ON {table} TO soc_tenant, soc_central")
        parts.append(f"GRANT SELECT ON {table} TO soc_search")
        if self.audited:
            parts.append(f"CREATE TRIGGER audit_row AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION audit_row()")
        return "; ".join(parts)

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        parts = [f"DROP TRIGGER IF EXISTS audit_row ON {table}"]
        parts += [f"DROP POLICY IF EXISTS wall_{role} ON {table}" for role in [*POLICIES, "soc_search"]]
        return "; ".join([*parts, f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"])


class Granted(_Sql):
    """Rights on a table that no agency owns, role by role, with the audit trigger where it holds identities."""

    def __init__(self, *, name: str, rights: dict[str, str], audited: bool = False) -> None:
        super().__init__(name=name)
        self.rights, self.audited = rights, audited

    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "rights": self.rights, "audited": self.audited}

    def statement(self, model: Any, schema_editor: Any) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        parts = [f"GRANT {rights} ON {table} TO {role}" for role, rights in self.rights.items()]
        if self.audited:
            parts.append(f"CREATE TRIGGER audit_row AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION audit_row()")
        return "; ".join(parts)

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        parts = [f"REVOKE ALL ON {table} FROM {role}" for role in self.rights]
        return "; ".join([f"DROP TRIGGER IF EXISTS audit_row ON {table}", *parts])
