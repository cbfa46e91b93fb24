"""A transaction in one round trip keeps every wall of one in four."""

import pytest
from django.db import IntegrityError, OperationalError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from tenants.isolation import scope
from tenants.isolation.once import once, opened_by
from tenants.isolation.scope import LOBBY, TENANT, Scope
from tests.cast import Cast

WHO = "SELECT current_user, current_setting('app.agency', true)"
ADD = (
    'INSERT INTO tenants_calltreecontact (agency_id, name, title, phone, email, "order", out_of_hours) '
    "VALUES (%s, %s, '', '1', '', 1, false) RETURNING agency_id"
)
COUNT = "SELECT count(*) FROM tenants_calltreecontact"


def tenant(agency: int) -> Scope:
    return Scope(TENANT, agency=agency, actor="test")


def test_it_works_as_the_agency_and_leaves_no_role_behind(cast: Cast, transactional_db: None) -> None:
    assert once(tenant(cast.north.pk), (WHO, ())) == [("soc_tenant", str(cast.north.pk))]
    connection.ensure_connection()
    assert connection.connection.execute(WHO).fetchone()[0] not in ("soc_tenant", "soc_central", "soc_lobby")
    connection.close()


@pytest.mark.parametrize("implied", [False, True])
def test_what_it_wrote_is_committed_when_it_returns(cast: Cast, transactional_db: None, implied: bool) -> None:
    assert once(tenant(cast.north.pk), (ADD, [cast.north.pk, "Ann"]), implied=implied) == [(cast.north.pk,)]
    assert once(tenant(cast.north.pk), (COUNT, ())) == [(1,)]
    assert once(tenant(cast.south.pk), (COUNT, ())) == [(0,)], "and another agency does not see it"


@pytest.mark.parametrize("implied", [False, True])
def test_one_bad_statement_undoes_all_and_closes_the_connection(cast: Cast, transactional_db: None, implied: bool) -> None:
    with pytest.raises(ProgrammingError, match="row-level security"):
        once(tenant(cast.north.pk), (ADD, [cast.north.pk, "Ann"]), (ADD, [cast.south.pk, "Planted"]), implied=implied)
    assert connection.connection is None
    assert once(tenant(cast.north.pk), (COUNT, ())) == [(0,)]


@pytest.mark.parametrize(("implied", "error"), [(False, IntegrityError), (True, OperationalError)])
def test_what_fails_at_the_commit_fails(cast: Cast, transactional_db: None, implied: bool, error: type[Exception]) -> None:
    nobody = 7_000_000
    with pytest.raises(error):
        once(tenant(nobody), (ADD, [nobody, "Ann"]), implied=implied)
    assert connection.connection is None
    assert once(tenant(nobody), (COUNT, ())) == [(0,)]


def test_an_implied_transaction_leaves_no_role_behind_and_its_parts_are_one(cast: Cast, transactional_db: None) -> None:
    xid = ("SELECT set_config('app.actor', pg_current_xact_id()::text, true)", ())
    same = ("SELECT current_setting('app.actor') = pg_current_xact_id()::text, current_user", ())
    assert once(tenant(cast.north.pk), xid, same, implied=True) == [(True, "soc_tenant")]
    assert connection.connection.execute(WHO).fetchone()[0] not in ("soc_tenant", "soc_central", "soc_lobby")
    connection.close()


@pytest.mark.parametrize("wanted", [Scope(LOBBY), Scope(TENANT)])
def test_without_an_agency_there_are_no_rows(cast: Cast, transactional_db: None, wanted: Scope) -> None:
    once(tenant(cast.north.pk), (ADD, [cast.north.pk, "Ann"]))
    if wanted.role == LOBBY:
        with pytest.raises(ProgrammingError, match="permission denied"):
            once(wanted, (COUNT, ()))
    else:
        assert once(wanted, (COUNT, ())) == [(0,)]


def test_an_opening_that_finds_nobody_sets_no_role(cast: Cast, transactional_db: None) -> None:
    nobody = ("SELECT set_config('role', 'soc_tenant', true) WHERE false", ())
    with pytest.raises(ProgrammingError, match="permission denied"):
        opened_by(nobody, (COUNT, ()))


def test_it_is_refused_inside_a_scope_or_a_transaction(cast: Cast, transactional_db: None) -> None:
    with scope.agency(cast.north.pk), pytest.raises(RuntimeError, match="open already"):
        once(tenant(cast.north.pk), (WHO, ()))
    with transaction.atomic(), pytest.raises(RuntimeError):
        once(tenant(cast.north.pk), (WHO, ()))


def test_a_test_that_keeps_a_transaction_of_its_own_meets_the_same_walls(cast: Cast) -> None:
    once(tenant(cast.north.pk), (ADD, [cast.north.pk, "Ann"]))
    assert once(tenant(cast.south.pk), (COUNT, ())) == [(0,)]
    with scope.agency(cast.north.pk), connection.cursor() as cursor:
        cursor.execute(COUNT)
        assert cursor.fetchone() == (1,)


def test_budgets_count_its_statements(cast: Cast) -> None:
    with CaptureQueriesContext(connection) as captured:
        once(tenant(cast.north.pk), (COUNT, ()), (WHO, ()))
    assert [q["sql"] for q in captured.captured_queries if "count" in q["sql"] or "current_user" in q["sql"]] == [COUNT, WHO]
