"""Ten attacks on the audit table and ten on the journal, with all that the application's role may do: each is refused."""

from typing import Any

import psycopg
import pytest
from django.db import connection

from tenants.isolation import scope
from tenants.isolation.scope import CENTRAL, TENANT, Scope, _open
from tests.cast import Cast

pytestmark = pytest.mark.django_db

AUDIT, JOURNAL = "tenants_auditrow", "tenants_entry"
FORGED = {
    AUDIT: f"INSERT INTO {AUDIT} (at, actor, what, table_name, row_id, note) VALUES (now(), 'person:1', 'update', 'x', '1', '')",
    # The journal is appended to by everyone; what may not be forged is a fact of another agency.
    JOURNAL: f"INSERT INTO {JOURNAL} (agency_id, kind, subject, data, at, actor, actor_label) "
    "VALUES ({south}, 'cases.CaseOpened', 'case:1', '{{}}', now(), 'person:1', '')",
}
ATTACKS: dict[str, tuple[str, ...]] = {
    "alter a row": ("UPDATE {table} SET actor = 'nobody'",),
    "delete a row": ("DELETE FROM {table}",),
    "empty the table": ("TRUNCATE {table} CASCADE",),
    "forge a row": (),  # FORGED
    "copy rows in": ("COPY {table} (id) FROM STDIN",),
    "lock it, so that nothing is written": ("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE",),
    "turn the trigger off": ("ALTER TABLE {trigger} DISABLE TRIGGER ALL", "DROP TRIGGER audit_row ON {trigger}"),
    "leave triggers out": ("SET session_replication_role = replica",),
    "turn row security off or drop the table": ("ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY", "DROP TABLE {table}"),
    "become somebody else": ("SET ROLE soc_owner", "SET ROLE soc_audit", "SET SESSION AUTHORIZATION postgres"),
    "replace the function": (
        "CREATE OR REPLACE FUNCTION audit_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
        "ALTER FUNCTION audit_row() OWNER TO CURRENT_USER",
        "DROP FUNCTION audit_row() CASCADE",
        "CREATE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$ SELECT 'epoch'::timestamptz $$",
    ),
    "move the numbers": ("SELECT setval(pg_get_serial_sequence('{table}', 'id'), 1, false)",),
    "add a rule or a policy": (
        "CREATE RULE silent AS ON INSERT TO {table} DO INSTEAD NOTHING",
        "CREATE POLICY mine ON {table} USING (true) WITH CHECK (true)",
    ),
}
# The last: PostgreSQL copies nothing into a table with row security.
REFUSED = (psycopg.errors.InsufficientPrivilege, psycopg.errors.FeatureNotSupported)


@pytest.mark.parametrize("role", [TENANT, CENTRAL])
@pytest.mark.parametrize("table", [AUDIT, JOURNAL])
def test_every_attack_is_refused(cast: Cast, table: str, role: str) -> None:
    wanted = Scope(role, agency=cast.north.pk if role == TENANT else None, actor="attacker")
    before, done, said = state(table), [], []
    for attack, statements in ATTACKS.items():
        for statement in statements or (FORGED[table],):
            if statement == FORGED[JOURNAL] and role == CENTRAL:
                continue  # the floor records facts of every agency: that is its work
            sql = statement.format(table=table, trigger="cases_case", south=cast.south.pk)
            try:
                with _open(wanted):
                    connection.connection.execute(sql)
            except REFUSED as error:
                said.append(f"{attack:42} {error.sqlstate}  {sql[:70]}")
                continue
            except psycopg.Error as error:
                done.append(f"{attack}: {sql}: {error!r}")
                continue
            done.append(f"{attack}: {sql}")
    print(f"\n{table} as {role}: {len(said)} refused, {len(done)} not\n" + "\n".join(said))
    assert not done
    assert len(said) >= 20
    assert state(table) == before


def state(table: str) -> Any:
    """What an attack might move: the rows, the table's walls and triggers, the function."""
    with scope.floor(None), connection.cursor() as cursor:
        cursor.execute(
            f"SELECT (SELECT md5(string_agg(t::text, '' ORDER BY id)) FROM {table} t), c.relrowsecurity, c.relforcerowsecurity, "
            "(SELECT count(*) FROM pg_trigger WHERE tgname = 'audit_row' AND tgenabled = 'O'), "
            "(SELECT md5(prosrc) FROM pg_proc WHERE proname = 'audit_row') FROM pg_class c WHERE c.relname = %s",
            [table],
        )
        return cursor.fetchone()


def test_who_is_named_cannot_be_left_out(cast: Cast) -> None:
    """The application says who acts; what it cannot do is leave the line out or write it in another's table."""
    with scope.agency(cast.north.pk, actor="person:7"), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.actor', '', true)")
        cursor.execute(
            'INSERT INTO tenants_calltreecontact (agency_id, name, title, phone, email, "order", out_of_hours) '
            "VALUES (%s, 'X', '', '1', '', 1, false)",
            [cast.north.pk],
        )
    with scope.floor(None), connection.cursor() as cursor:
        cursor.execute(f"SELECT actor, agency_id FROM {AUDIT} WHERE table_name = 'tenants_calltreecontact'")
        assert cursor.fetchall() == [(connection.settings_dict["USER"], cast.north.pk)]
