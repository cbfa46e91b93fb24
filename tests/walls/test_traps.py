"""Every trap of row-level security that is known to us, and the test that holds it; those without a place elsewhere are tested here."""

import ast
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, IntegrityError, ProgrammingError, connection, connections, transaction

from tenants.isolation import scope
from tenants.isolation.backend.base import opening
from tenants.isolation.constraints import POLICIES
from tenants.isolation.scope import CENTRAL, LOBBY, TENANT, NoScope, Scope, _open
from tenants.models import CallTreeContact
from tests.architecture.house import ROOT, python_files, short, tree
from tests.cast import Cast
from tests.soc.health.test_starting import login
from tests.walls.storm import ADD, WHO, pooled_states, small_pool

committed = pytest.mark.django_db(transaction=True)  # others stay in the test's own transaction

HERE = "tests/walls/test_traps.py"
MODELS = "tests/architecture/test_the_models.py"
SCOPE = "tests/walls/test_no_scope_no_rows.py"
STORM = "tests/walls/test_random_scopes.py::test_no_scope_meets_another_and_none_is_left_behind"
PLANS = "tests/plans/test_plans.py::test_no_hot_query_reads_an_agencys_table_from_end_to_end"
# Trap -> the test that fails when we step into it.
HELD = {
    "a query without a scope": f"{SCOPE}::test_a_query_without_a_scope_is_refused_by_postgresql_itself",
    "a scope inside a scope": f"{SCOPE}::test_a_scope_inside_a_scope_is_refused",
    "a query outside the scope's transaction": f"{HERE}::test_a_query_before_begin_is_refused",
    "a scope left on a pooled connection": STORM,
    "a rollback to a savepoint takes the role with it": f"{HERE}::test_a_rollback_to_a_savepoint_does_not_lose_the_scope",
    "a tenant without an agency sees nothing, silently": f"{HERE}::test_role_and_agency_are_set_in_one_statement",
    "the setting becomes '' and not NULL": f"{HERE}::test_the_setting_becomes_empty_and_not_null",
    "set_config fails at BEGIN": f"{HERE}::test_a_failed_opening_closes_the_connection_and_later_blocks_commit",
    "threads exhaust the pool": f"{HERE}::test_threads_that_stay_do_not_exhaust_the_pool",
    "CONN_MAX_AGE carries a request's end into another": f"{HERE}::test_no_connection_outlives_its_request",
    "one round trip keeps the walls": "tests/tenants/test_once.py::test_it_works_as_the_agency_and_leaves_no_role_behind",
    "plain foreign keys cross agencies": f"{MODELS}::test_a_foreign_key_points_down_and_never_crosses_agencies",
    "composite keys hold for the floor too": f"{HERE}::test_a_composite_key_is_checked_at_commit_whoever_writes",
    "the owner is blind without a policy": "tests/walls/test_the_owner_sees_bad_rows.py::test_a_foreign_key_over_a_planted_bad_row_fails",
    "a global UNIQUE tells that a value exists": f"{HERE}::test_keys_start_with_the_agency_in_the_database_itself",
    "policies that are not plain equalities": f"{HERE}::test_each_table_has_force_and_one_policy_a_role_of_the_one_form",
    "the lobby or a login has rights of its own": f"{HERE}::test_rights_on_an_agencys_tables_are_the_scopes_alone",
    "searches that are not leakproof read all of an agency": PLANS,
    "views read as their owner": f"{HERE}::test_there_is_no_view_that_reads_as_its_owner",
    "materialized views know no policy": f"{HERE}::test_there_is_no_view_that_reads_as_its_owner",
    "functions that anyone may call": f"{SCOPE}::test_functions_that_see_more_may_be_called_by_those_named_only",
    "functions shadowed by whoever may create some": f"{HERE}::test_nobody_but_the_owner_creates_functions_that_others_would_call",
    "SET LOCAL ROLE soc_central from inside soc_tenant": f"{HERE}::test_the_agencies_own_login_cannot_become_central",
    "a login with more power": "tests/soc/health/test_starting.py::test_the_owners_login_stays_out_of_every_process_that_serves",
    "a response that streams is read after its scope": f"{HERE}::test_no_response_streams_after_its_scope",
    "two aliases whose mirror is the live database": f"{HERE}::test_there_is_one_alias",
    "an unscoped default manager": f"{MODELS}::test_a_model_is_owned_by_an_agency_or_on_the_list_with_a_reason",
}


@pytest.mark.parametrize("trap", HELD)
def test_each_trap_is_held_by_a_test_that_exists(trap: str) -> None:
    path, _, name = HELD[trap].partition("::")
    found = {node.name for node in ast.walk(ast.parse((ROOT / path).read_text())) if isinstance(node, ast.FunctionDef)}
    assert name in found, f"{path} has no {name}"


# The scope and the connection


@committed
def test_a_query_before_begin_is_refused(cast: Cast) -> None:
    token = scope.current.set(Scope(CENTRAL))
    try:
        with pytest.raises(NoScope, match="outside a transaction"):
            list(CallTreeContact.objects.all())
    finally:
        scope.current.reset(token)


def test_a_rollback_to_a_savepoint_does_not_lose_the_scope(cast: Cast) -> None:
    with scope.agency(cast.north.pk, actor="test"):
        for _ in range(2):
            with pytest.raises(RuntimeError), transaction.atomic():
                assert who()[:2] == (TENANT, str(cast.north.pk))
                raise RuntimeError
            assert who() == (TENANT, str(cast.north.pk), "test")


def test_role_and_agency_are_set_in_one_statement(cast: Cast) -> None:
    sql, params = opening(Scope(TENANT, agency=cast.north.pk))
    assert sql.count(";") == 0 and sql.count("set_config") == 3
    assert params[:2] == [TENANT, str(cast.north.pk)]
    with scope.agency(cast.north.pk):
        CallTreeContact.objects.create(agency=cast.north, name="Ann", phone="1")
    with _open(Scope(TENANT)):  # what a role without its agency would be: no rows, and no word about it
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM tenants_calltreecontact")
            assert cursor.fetchone() == (0,)
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(ADD, [cast.north.pk, "Planted"])


@committed
def test_the_setting_becomes_empty_and_not_null(cast: Cast) -> None:
    with scope.agency(cast.north.pk):
        pass
    connection.ensure_connection()
    raw = connection.connection
    with scope.agency(cast.north.pk):
        assert connection.connection is raw
    assert raw.execute("SELECT current_setting('app.agency', true)").fetchone() == ("",)
    raw.execute("BEGIN")
    raw.execute("SET LOCAL ROLE soc_tenant")  # with the setting that the scope before left: no error, and no rows
    assert raw.execute("SELECT count(*) FROM tenants_calltreecontact").fetchone() == (0,)
    raw.execute("ROLLBACK")
    connection.close()


@committed
def test_a_failed_opening_closes_the_connection_and_later_blocks_commit(cast: Cast) -> None:
    with pytest.raises(DatabaseError), _open(Scope("nobody_at_all")):
        pass
    assert connection.connection is None, "autocommit would stay off on it"
    with scope.agency(cast.north.pk):
        CallTreeContact.objects.create(agency=cast.north, name="Ann", phone="1")
    connection.close()
    with scope.agency(cast.north.pk):
        assert CallTreeContact.objects.count() == 1


@committed
def test_threads_that_stay_do_not_exhaust_the_pool(cast: Cast) -> None:
    opened, over = threading.Barrier(6), threading.Event()
    faults: list[BaseException] = []

    def visit() -> None:
        try:
            with scope.agency(cast.north.pk):
                who()
        except BaseException as error:
            faults.append(error)
        opened.wait(30)
        over.wait(30)

    with small_pool(2):
        threads = [threading.Thread(target=visit) for _ in range(5)]
        for thread in threads:
            thread.start()
        opened.wait(30)  # all five have been in and out, and none has ended
        over.set()
        for thread in threads:
            thread.join()
    assert not faults


@committed
def test_no_connection_outlives_its_request(cast: Cast) -> None:
    assert settings.DATABASES["default"]["CONN_MAX_AGE"] == 0
    with small_pool():
        with scope.agency(cast.north.pk):
            who()
        assert connection.connection is None
        assert set(pooled_states()) == {(connection.settings_dict["USER"], "", "")}


def test_there_is_one_alias() -> None:
    assert list(connections) == ["default"]
    assert "MIRROR" not in settings.DATABASES["default"]["TEST"] or settings.DATABASES["default"]["TEST"]["MIRROR"] is None


def test_no_response_streams_after_its_scope() -> None:
    found = [
        f"{short(path)}:{node.lineno}"
        for path in python_files()
        for node in ast.walk(tree(path))
        if isinstance(node, (ast.Name, ast.Attribute)) and getattr(node, "id", getattr(node, "attr", "")) in STREAMS
    ]
    assert not found, f"What streams is read after its scope ended: open one for the stream, and test it: {found}"


STREAMS = {"StreamingHttpResponse", "FileResponse"}


def who() -> tuple[str, str, str]:
    with connection.cursor() as cursor:
        cursor.execute(WHO)
        return cursor.fetchone()  # type: ignore[no-any-return]


# The tables as PostgreSQL has them


@contextmanager
def owner() -> Iterator[Any]:
    """A cursor of the owner in a transaction that is rolled back."""
    connection.close()
    with connection.as_owner():
        connection.set_autocommit(False)
        try:
            with connection.cursor() as cursor:
                yield cursor
        finally:
            connection.rollback()
            connection.set_autocommit(True)


def asked(sql: str) -> list[Any]:
    """What the catalogs say."""
    with scope.floor(None), connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()  # type: ignore[no-any-return]


WALLED = "SELECT c.oid, c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND EXISTS ({})"
AGENCY_ID = "SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'agency_id' AND NOT a.attisdropped"
# Tables that name an agency and are not an agency's.
NAMES_ONE = {"tenants_membership", "tenants_sensorkey", "tenants_auditrow"}


def test_each_table_has_force_and_one_policy_a_role_of_the_one_form(cast: Cast) -> None:
    tables = {name for _, name in asked(WALLED.format(AGENCY_ID))} - NAMES_ONE
    forced = {row[0] for row in asked("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")}
    assert tables == forced
    rows = asked("SELECT tablename, roles::text[], cmd, permissive, qual, with_check FROM pg_policies WHERE schemaname = 'public'")
    assert {row[0] for row in rows} == tables
    wrong = []
    for table in sorted(tables):
        held = {tuple(roles): (cmd, permissive, qual, check) for name, roles, cmd, permissive, qual, check in rows if name == table}
        equal = {role: held.get((role,)) for role in POLICIES}
        tenant = equal.pop(TENANT)
        one_form = tenant is not None and tenant[2] == tenant[3] and "".join(tenant[2].split()) == TENANT_FORM
        others = all(rule == ("ALL", "PERMISSIVE", "true", "true") for rule in equal.values())
        search = held.get(("soc_search",)) == ("SELECT", "PERMISSIVE", "true", None)
        if not (one_form and others and search and len(held) == len(POLICIES) + 1):
            wrong.append(f"{table}: {held}")
    assert not wrong, "\n".join(wrong)


TENANT_FORM = "(agency_id=(SELECT(NULLIF(current_setting('app.agency'::text,true),''::text))::bigintAS\"nullif\"))"

# Unique keys of an agency's tables that do not begin with it, each with its reason.
UNIQUE = {
    "tenants_delivery (entry_id, subscriber)": "an entry is an agency's own already",
    "tenants_rememberedanswer (caller, key)": "a caller is one person or one key",
}


def test_keys_start_with_the_agency_in_the_database_itself(cast: Cast) -> None:
    """Besides `id` and random UUIDs, which nobody can guess or count."""
    sql = (
        "SELECT c.relname, array_agg(a.attname::text ORDER BY k.n), bool_or(a.atttypid = 'uuid'::regtype) FROM pg_index i "
        "JOIN pg_class c ON c.oid = i.indrelid JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY k(no, n) ON k.n <= i.indnkeyatts "
        "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.no "
        "WHERE i.indisunique AND c.relforcerowsecurity GROUP BY i.indexrelid, 1"
    )
    rows = asked(sql)
    assert len(rows) > 60
    single = {("id",), ("receipt_id",)}  # a number of its own; one to one
    strange = {
        f"{table} ({', '.join(columns)})"
        for table, columns, random in rows
        if columns[0] != "agency_id" and tuple(columns) not in single and not (random and len(columns) == 1)
    }
    assert strange == set(UNIQUE)
    keys = asked(
        "SELECT conrelid::regclass::text, conname, "
        "(SELECT array_agg(a.attname::text ORDER BY k.n) FROM unnest(f.conkey) WITH ORDINALITY k(no, n) "
        "JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.no), f.condeferrable FROM pg_constraint f "
        "JOIN pg_class c ON c.oid = f.conrelid JOIN pg_class p ON p.oid = f.confrelid "
        "WHERE f.contype = 'f' AND c.relforcerowsecurity AND p.relforcerowsecurity"
    )
    assert len(keys) > 20
    assert [key for key in keys if key[2][0] != "agency_id" or key[3]] == [], (
        "a key between two agencies' tables: composite, not deferrable"
    )


@committed
def test_a_composite_key_is_checked_at_commit_whoever_writes(cast: Cast) -> None:
    from soc.cases.models import Case
    from soc.cases.operations.opening import open_by_hand

    with scope.floor(None):
        souths = open_by_hand(agency="south", title="By phone", severity="low", reason="They called.", by=cast.lee)
    sql = (
        "INSERT INTO cases_task (agency_id, public_id, visibility, created_at, case_id, title, done_by, added_by) "
        "VALUES (%s, gen_random_uuid(), 'internal', now(), %s, 'x', '', '')"
    )
    for wanted in (Scope(TENANT, agency=cast.north.pk), Scope(CENTRAL)):
        with pytest.raises(IntegrityError) as refused, _open(wanted), connection.cursor() as cursor:
            cursor.execute(sql, [cast.north.pk, souths.pk])
        assert isinstance(refused.value.__cause__, psycopg.errors.ForeignKeyViolation)
    with scope.floor(None):
        assert Case.objects.get(pk=souths.pk).tasks.count() == 0


def test_rights_on_an_agencys_tables_are_the_scopes_alone(cast: Cast) -> None:
    rows = asked(
        "SELECT DISTINCT c.relname, COALESCE(r.rolname, 'public') FROM pg_class c, aclexplode(c.relacl) g "
        "LEFT JOIN pg_roles r ON r.oid = g.grantee "
        "WHERE c.relforcerowsecurity AND g.grantee <> c.relowner"
    )
    assert {role for _, role in rows} == {TENANT, CENTRAL, "soc_search"}
    assert not [row for row in rows if row[1] == LOBBY]
    logins = asked(
        "SELECT rolname, rolinherit, rolsuper, rolbypassrls FROM pg_roles WHERE rolname IN ('app_floor', 'app_agency') ORDER BY 1"
    )
    assert logins == [("app_agency", False, False, False), ("app_floor", False, False, False)]


def test_nobody_but_the_owner_creates_functions_that_others_would_call(cast: Cast) -> None:
    """A function of a better fitting type, in a schema that is searched, is called instead of PostgreSQL's own."""
    rows = asked("SELECT rolname FROM pg_roles WHERE has_schema_privilege(oid, 'public', 'CREATE') AND NOT rolsuper ORDER BY 1")
    assert [row[0] for row in rows if not row[0].startswith("pg_")] == ["soc_owner"]
    loose = asked(
        "SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace "
        "AND COALESCE(array_to_string(proconfig, ' '), '') NOT LIKE '%search_path=%'"
    )
    assert loose == [], "a SECURITY DEFINER function with the caller's search path"


SECRETIVE = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND (relkind = 'm' OR relkind = 'v' AND {})".format(
    "NOT COALESCE(reloptions @> '{security_invoker=true}', false)"
)


@committed
def test_there_is_no_view_that_reads_as_its_owner(cast: Cast) -> None:
    with owner() as cursor:
        cursor.execute(SECRETIVE)
        assert cursor.fetchall() == [], "a view needs security_invoker; a materialized view knows no policies at all"
        # Why: what a plain view shows to one agency, and that the question above would have found it.
        cursor.execute('INSERT INTO tenants_calltreecontact (agency_id, name, title, phone, email, "order", out_of_hours) '
                       "SELECT unnest(%s), 'Ann', '', '1', '', 1, false", [[cast.north.pk, cast.south.pk]])  # fmt: skip
        for name, options in (("plain", ""), ("careful", "WITH (security_invoker = true)")):
            cursor.execute(f"CREATE VIEW {name} {options} AS SELECT agency_id FROM tenants_calltreecontact")
            cursor.execute(f"GRANT SELECT ON {name} TO soc_central")
        cursor.execute("GRANT SELECT ON plain TO soc_lobby; SET LOCAL ROLE soc_lobby")
        cursor.execute("SELECT count(*) FROM plain")
        assert cursor.fetchone() == (2,), "the lobby, which has no right on the table, reads all of it"
        cursor.execute("RESET ROLE")
        cursor.execute(SECRETIVE)
        assert cursor.fetchall() == [("plain",)]


def test_the_agencies_own_login_cannot_become_central(cast: Cast) -> None:
    with psycopg.connect(login("app_agency"), autocommit=False) as agency:
        agency.execute("SET LOCAL ROLE soc_tenant")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            agency.execute("SET LOCAL ROLE soc_central")
    # Why the logins are two: one that serves both can.
    with psycopg.connect(login("app_floor"), autocommit=False) as floor:
        floor.execute("SET LOCAL ROLE soc_tenant")
        floor.execute("SET LOCAL ROLE soc_central")
        assert floor.execute("SELECT current_user").fetchone() == (CENTRAL,)


def test_the_list_of_traps_names_each_once() -> None:
    assert Path(__file__).is_relative_to(ROOT)
    named = [name for path, _, name in (one.partition("::") for one in HELD.values()) if path == HERE]
    own = {node.name for node in tree(Path(__file__)).body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}
    assert own - set(named) == {"test_each_trap_is_held_by_a_test_that_exists", "test_the_list_of_traps_names_each_once"}
