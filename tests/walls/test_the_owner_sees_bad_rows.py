"""A migration is not blind behind the wall: a foreign key over a bad row fails, and the owner's own policy is why."""

import psycopg
import pytest
from django.db import connection
from django.db.utils import IntegrityError

from soc.cases.models import Case
from soc.cases.operations.opening import open_by_hand
from tenants.isolation import scope

pytestmark = pytest.mark.django_db(transaction=True)

PLANT = """
INSERT INTO cases_note (public_id, agency_id, case_id, text, author_label, from_agency, visibility, created_at)
VALUES (gen_random_uuid(), %s, %s, 'planted', 'nobody', false, 'internal', now())
"""
KEY = "ALTER TABLE cases_note ADD CONSTRAINT note_case_fk FOREIGN KEY (agency_id, case_id) REFERENCES cases_case (agency_id, id)"


@pytest.fixture
def owner(cast):
    """A cursor of the tables' owner in a transaction that is rolled back."""
    with scope.floor(None):
        souths = open_by_hand(agency="south", title="By phone", severity="low", reason="They called.", by=cast.lee)
    connection.close()
    with connection.as_owner():
        connection.set_autocommit(False)
        with connection.cursor() as cursor:
            yield cursor, cast.north.pk, souths.pk
        connection.rollback()
        connection.set_autocommit(True)
    with scope.floor(None):
        assert Case.objects.count() == 1


def test_a_child_of_another_agencys_parent_is_refused(owner):
    cursor, north, souths_case = owner
    with pytest.raises(IntegrityError) as refused:
        cursor.execute(PLANT, [north, souths_case])
    assert isinstance(refused.value.__cause__, psycopg.errors.ForeignKeyViolation)


def test_a_foreign_key_over_a_planted_bad_row_fails(owner):
    cursor, north, souths_case = owner
    cursor.execute("ALTER TABLE cases_note DROP CONSTRAINT note_case_fk")
    cursor.execute(PLANT, [north, souths_case])
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # no check may be pending when the table is altered
    with pytest.raises(IntegrityError) as refused:
        cursor.execute(KEY)
    assert isinstance(refused.value.__cause__, psycopg.errors.ForeignKeyViolation)


def test_without_the_owners_policy_the_same_key_would_be_accepted_blindly(owner):
    cursor, north, souths_case = owner
    cursor.execute("ALTER TABLE cases_note DROP CONSTRAINT note_case_fk")
    cursor.execute(PLANT, [north, souths_case])
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # no check may be pending when the table is altered
    cursor.execute("DROP POLICY wall_soc_owner ON cases_note")
    cursor.execute("DROP POLICY wall_soc_owner ON cases_case")
    cursor.execute(KEY)
    cursor.execute("SELECT convalidated FROM pg_constraint WHERE conname = 'note_case_fk'")
    # Said to be valid over a row that breaks it: this is why a test of the models asks every table for that policy.
    assert cursor.fetchone() == (True,)
