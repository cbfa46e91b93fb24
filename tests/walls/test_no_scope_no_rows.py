"""The wall as PostgreSQL and the manager build it: no scope, no rows; one agency never meets another."""

import psycopg
import pytest
from django.db import connection, transaction

from tenants.isolation import scope
from tenants.isolation.scope import NoScope
from tenants.models import CallTreeContact, Entry


def test_a_query_without_a_scope_is_refused_by_our_own_wall(cast):
    with pytest.raises(NoScope):
        list(CallTreeContact.objects.all())


@pytest.mark.django_db(transaction=True)
def test_a_query_without_a_scope_is_refused_by_postgresql_itself(cast):
    connection.ensure_connection()
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.connection.execute("SELECT * FROM tenants_entry")
    connection.close()


def test_an_agency_sees_its_own_facts_only_even_in_raw_sql(cast, in_scope):
    with in_scope(cast.nia):
        with connection.cursor() as cursor:
            cursor.execute("SELECT DISTINCT agency_id FROM tenants_entry")
            assert [row[0] for row in cursor.fetchall()] == [cast.north.pk]
        assert set(Entry.objects.values_list("agency_id", flat=True)) == {cast.north.pk}


def test_a_row_for_another_agency_is_refused_and_nothing_is_written(cast, in_scope, central):
    from django.db.utils import ProgrammingError

    with pytest.raises(ProgrammingError, match="row-level security"), in_scope(cast.nia), transaction.atomic():
        CallTreeContact.objects.create(agency=cast.south, name="Planted", phone="1")
    with central():
        assert not CallTreeContact.objects.exists()


def test_the_floor_is_narrowed_to_the_agencies_assigned(cast, in_scope):
    with in_scope(cast.zoe):
        assert set(Entry.objects.values_list("agency_id", flat=True)) == {cast.south.pk}
    with in_scope(cast.ana):
        assert {cast.north.pk, cast.south.pk} <= set(Entry.objects.values_list("agency_id", flat=True))


def test_a_scope_inside_a_scope_is_refused(cast, in_scope):
    with in_scope(cast.nia), pytest.raises(RuntimeError, match="open already"), scope.lobby():
        pass


def test_the_application_cannot_write_the_audit_table_or_change_the_journal(cast, in_scope):
    from django.db.utils import ProgrammingError

    for statement in (
        "INSERT INTO tenants_auditrow (at, actor, what, table_name, row_id, note) VALUES (now(), 'x', 'x', '', '', '')",
        "UPDATE tenants_entry SET kind = 'x'",
        "DELETE FROM tenants_entry",
        "UPDATE tenants_auditrow SET note = 'x'",
        "DELETE FROM tenants_auditrow",
        "TRUNCATE tenants_entry CASCADE",
        "ALTER TABLE tenants_entry DISABLE ROW LEVEL SECURITY",
    ):
        with pytest.raises(ProgrammingError), in_scope(cast.ana), connection.cursor() as cursor:
            cursor.execute(statement)


def test_every_changed_row_stands_in_the_audit_with_who_did_it(cast, central):
    with central(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT actor, what, after FROM tenants_auditrow WHERE table_name = 'tenants_agency' AND row_id = %s ORDER BY id",
            [str(cast.north.pk)],
        )
        rows = cursor.fetchall()
    assert [row[1] for row in rows] == ["insert", "update", "update"]
    assert {row[0] for row in rows} == {"system:cast"}


def test_a_secret_never_stands_in_the_audit(cast, central):
    with central(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tenants_auditrow WHERE after ? 'password' OR after ? 'digest'")
        assert cursor.fetchone()[0] == 0
        cursor.execute("SELECT count(*) FROM tenants_auditrow WHERE table_name = 'tenants_person'")
        assert cursor.fetchone()[0] > 0


def test_functions_that_see_more_may_be_called_by_those_named_only(cast, central):
    with central(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.proname, o.rolname, has_function_privilege('public', p.oid, 'EXECUTE') FROM pg_proc p "
            "JOIN pg_roles o ON o.oid = p.proowner WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace"
        )
        found = {name: (owner, public) for name, owner, public in cursor.fetchall()}
    assert {"audit_row", "audit_note", "agencies_with_deliveries"} <= set(found)
    for name, (owner, public) in found.items():
        assert owner in ("soc_audit", "soc_central", "soc_search", "soc_lobby"), f"{name} is owned by {owner}, which may log in"
        assert not public, f"anyone may call {name}"
