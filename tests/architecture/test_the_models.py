"""Every table has an owner and a wall; foreign keys point down and cannot cross agencies."""

import pytest
from django.apps import apps
from django.db import connection, models

from tenants.isolation import scope
from tenants.isolation.constraints import CompositeForeignKey, Granted, Wall
from tenants.isolation.owned import OwnedManager

# Tables that no agency owns, each with its reason.
NOT_OWNED = {
    "tenants.Agency": "the tenant itself",
    "tenants.Person": "people may serve several agencies; identity is read before any agency is known",
    "tenants.Membership": "which agencies a person serves is asked before any agency is known",
    "tenants.SensorKey": "the look-up from key to agency happens in the lobby",
    "tenants.ApiToken": "belongs to a person",
    "tenants.Seal": "covers the whole journal and the whole audit table",
    "tenants.AnchorMark": "how far the seals were told outside",
    "tenants.AuditRow": "written by PostgreSQL functions only, read centrally",
    "clocks.Instrument": "the law is the same for everyone",
    "clocks.InstrumentState": "the effective-dated states of an instrument",
    "clocks.Rule": "hangs on an instrument",
    "playbooks.Book": "the library is the programme's",
    "playbooks.Version": "the library is the programme's",
    "playbooks.TriggerRule": "the library is the programme's",
    "playbooks.Draft": "a book under work is the programme's, as books are",
    "playbooks.DraftState": "hangs on a draft",
    "playbooks.Signer": "whose signatures on the library count",
    "scorecards.Publication": "what is released to everyone",
}
FLOORS = ["tenants", "playbooks", "clocks", "cases", "scorecards", "live", "health", "home", "demo"]
OURS = [m for m in apps.get_models() if m.__module__.split(".")[0] in ("tenants", "playbooks", "soc")]


def has_wall(model: type[models.Model]) -> bool:
    return any(isinstance(c, Wall) for c in model._meta.constraints)


@pytest.mark.parametrize("model", OURS, ids=lambda m: m._meta.label)
def test_a_model_is_owned_by_an_agency_or_on_the_list_with_a_reason(model):
    if model._meta.label in NOT_OWNED:
        assert not has_wall(model)
        assert any(isinstance(c, Granted) for c in model._meta.constraints), "say role by role who may do what"
        return
    assert has_wall(model), f"{model._meta.label} needs an agency and a Wall, or a line with a reason in NOT_OWNED"
    assert isinstance(model._default_manager, OwnedManager), "DRF and related look-ups use the default manager: it must fail closed"
    assert not isinstance(model._base_manager, OwnedManager)


@pytest.mark.parametrize("model", OURS, ids=lambda m: m._meta.label)
def test_a_foreign_key_points_down_and_never_crosses_agencies(model):
    composite = {c.field for c in model._meta.constraints if isinstance(c, CompositeForeignKey)}
    for field in model._meta.get_fields():
        if not isinstance(field, models.ForeignKey):
            continue
        target = field.related_model
        if target._meta.app_label in FLOORS:
            mine, theirs = FLOORS.index(model._meta.app_label), FLOORS.index(target._meta.app_label)
            assert theirs <= mine, f"{model._meta.label}.{field.name} points up at {target._meta.label}"
        if has_wall(target) and has_wall(model):
            assert field.name in composite and not field.db_constraint, (
                f"{model._meta.label}.{field.name}: a plain foreign key crosses agencies; use db_constraint=False and a CompositeForeignKey"
            )


@pytest.mark.parametrize("model", [m for m in OURS if has_wall(m)], ids=lambda m: m._meta.label)
def test_the_table_is_walled_in_the_database_itself(db, model):
    with scope.floor(None), connection.cursor() as cursor:
        cursor.execute("SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = %s", [model._meta.db_table])
        assert cursor.fetchone() == (True, True)
        cursor.execute("SELECT policyname, qual, with_check FROM pg_policies WHERE tablename = %s", [model._meta.db_table])
        policies = {row[0]: (row[1], row[2]) for row in cursor.fetchall()}
        cursor.execute("SELECT DISTINCT grantee FROM information_schema.role_table_grants WHERE table_name = %s", [model._meta.db_table])
    assert set(policies) == {"wall_soc_tenant", "wall_soc_central", "wall_soc_owner", "wall_soc_search"}
    tenant, check = policies["wall_soc_tenant"]
    assert tenant == check
    assert "agency_id" in tenant and "app.agency" in tenant and " OR " not in tenant


@pytest.mark.parametrize("model", [m for m in OURS if has_wall(m)], ids=lambda m: m._meta.label)
def test_unique_keys_start_with_the_agency(model):
    # A global unique tells strangers that a value exists.
    free = {"delivery_once", "remembered_once"}  # by entry and by caller, which are an agency's own already
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint) and constraint.name not in free:
            assert constraint.fields and constraint.fields[0] == "agency", f"{constraint.name} does not start with the agency"


def test_the_list_of_exceptions_names_only_what_exists():
    assert set(NOT_OWNED) <= {m._meta.label for m in OURS}
