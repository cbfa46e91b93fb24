"""Guards that stand behind one another, each tried with the others out of the way."""

import pytest
from django.apps import apps
from django.db import ProgrammingError, connection, models
from django.test import Client

from playbooks.engine.working import work_runs
from tenants.isolation import scope
from tenants.isolation.constraints import CompositeForeignKey, Granted, Wall
from tenants.isolation.scope import NoScope
from tenants.journal import delivery
from tenants.models import CallTreeContact, Delivery, Entry
from tenants.operations.agencies import locked_agency
from tests.cast import Cast
from tests.playbooks.conftest import product, stage, things
from tests.races.threads import at_once

__all__ = ["product", "stage", "things"]
OURS = [model for model in apps.get_models() if model.__module__.split(".")[0] in ("tenants", "playbooks", "soc")]
KEYS = "SELECT conname, convalidated FROM pg_constraint WHERE conrelid = %s::regclass"
INDEXES = "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = %s::regclass AND i.indisunique"
TRIGGERS = "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND tgenabled <> 'D'"


def test_raw_sql_without_a_scope_is_refused_before_postgresql_has_to(cast: Cast) -> None:
    with pytest.raises(NoScope), connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def test_in_the_lobby_the_manager_refuses_before_postgresql_has_to(cast: Cast) -> None:
    with scope.lobby(), pytest.raises(NoScope):
        list(CallTreeContact.objects.all())


def test_the_manager_alone_keeps_one_agency_apart(cast: Cast) -> None:
    with scope.agency(cast.north.pk):
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('role', 'soc_central', true)")  # as if the policies were gone
            cursor.execute("SELECT count(DISTINCT agency_id) FROM tenants_entry WHERE agency_id IS NOT NULL")
            assert cursor.fetchone() == (2,)
        assert set(Entry.objects.values_list("agency_id", flat=True)) == {cast.north.pk}


def test_a_row_for_another_agency_is_refused_without_being_read_back(cast: Cast) -> None:
    add = 'INSERT INTO tenants_calltreecontact (agency_id, name, title, phone, email, "order", out_of_hours) '
    with pytest.raises(ProgrammingError, match="row-level security"), scope.agency(cast.north.pk), connection.cursor() as cursor:
        cursor.execute(add + "VALUES (%s, 'Planted', '', '1', '', 1, false)", [cast.south.pk])
    with scope.floor(None):
        assert not CallTreeContact.objects.exists()


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_the_database_holds_every_key_and_trigger_that_the_models_name(db: None, model: type[models.Model]) -> None:
    declared = model._meta.constraints
    keys = {one.name for one in declared if isinstance(one, CompositeForeignKey | models.CheckConstraint)}
    unique = {one.name for one in declared if isinstance(one, models.UniqueConstraint)}
    audited = any(isinstance(one, Wall | Granted) and one.audited for one in declared)
    with scope.floor(None), connection.cursor() as cursor:
        cursor.execute(KEYS, [model._meta.db_table])
        found = dict(cursor.fetchall())
        cursor.execute(INDEXES, [model._meta.db_table])
        indexes = {name for (name,) in cursor.fetchall()}
        cursor.execute(TRIGGERS, [model._meta.db_table])
        triggers = {name for (name,) in cursor.fetchall()}
    assert not (keys | unique) - set(found) - indexes, "a key is missing in the database"
    assert all(found.get(name, True) for name in keys), "a key was never validated"
    assert ("audit_row" in triggers) == audited


def test_a_browser_without_its_token_changes_nothing(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    with scope.lobby():
        client.force_login(cast.people["ana"])
    asked = {"agency": "north", "title": "Forged", "severity": "low", "reason": "A page of another site."}
    assert client.post("/cases/new/", asked).status_code == 403
    assert client.post("/api/v1/cases", asked, content_type="application/json").status_code == 403
    with scope.floor(None):
        assert not Entry.objects.filter(kind="cases.CaseOpened").exists()


def with_little_patience(work: object) -> object:
    """Do it on a connection that waits for no lock."""

    def call() -> object:
        connection.ensure_connection()
        connection.connection.execute("SET lock_timeout = '300ms'")
        return work()  # type: ignore[operator]

    return call


@pytest.mark.django_db(transaction=True)
def test_a_worker_does_not_wait_for_what_another_holds(stage) -> None:  # type: ignore[no-untyped-def]
    run, north = stage.start(), stage.cast.north.pk
    with scope.agency(north), connection.cursor() as cursor:
        cursor.execute("SELECT id FROM playbooks_run WHERE id = %s FOR UPDATE", [run.pk])
        cursor.execute("SELECT id FROM tenants_delivery WHERE agency_id = %s FOR UPDATE", [north])
        assert cursor.rowcount == Delivery.objects.filter(agency=north).count() > 0
        outcomes = at_once(with_little_patience(lambda: work_runs(north)), with_little_patience(lambda: delivery.deliver_one(north)))
    assert outcomes == [0, False]


@pytest.mark.django_db(transaction=True)
def test_who_locks_an_agency_holds_up_no_row_that_names_it(cast: Cast) -> None:
    def name_it() -> None:
        with scope.agency(cast.north.pk):
            CallTreeContact.objects.create(agency=cast.north, name="Ann", phone="1")

    with scope.floor(None):
        locked_agency("north")
        assert at_once(with_little_patience(name_it)) == [None]
