"""The seal finds what was changed behind it."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tenants.isolation import scope
from tenants.journal import sealing
from tenants.models import Seal

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sealed(cast):
    sealing._seen.clear()
    sealing.seal_pass()  # remembers what there is
    sealing.seal_pass()  # seals it, since every transaction of then has ended
    with scope.floor(None):
        assert set(Seal.objects.values_list("stream", flat=True)) == {"journal", "audit"}
    return cast


def tamper(statement: str) -> None:
    connection.close()
    with connection.as_owner(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_an_untouched_journal_verifies(sealed, capsys):
    call_command("verify_journal")
    assert "rows not sealed yet" in capsys.readouterr().out


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tenants_entry SET actor = 'somebody else' WHERE id = (SELECT min(id) FROM tenants_entry)",
        "UPDATE tenants_auditrow SET actor = 'somebody else' WHERE id = (SELECT min(id) FROM tenants_auditrow)",
        "DELETE FROM tenants_auditrow WHERE id = (SELECT min(id) + 1 FROM tenants_auditrow)",
        "UPDATE tenants_seal SET root = decode(repeat('00', 32), 'hex') WHERE stream = 'journal'",
        "DELETE FROM tenants_seal WHERE id = (SELECT min(id) FROM tenants_seal WHERE stream = 'audit')",
    ],
)
def test_a_change_behind_the_seal_is_found(sealed, statement):
    with scope.floor(None), connection.cursor() as cursor:
        # A second batch, so that a missing first seal shows.
        cursor.execute("SELECT audit_note('test', NULL, 'one more row')")
    sealing.seal_pass()
    sealing.seal_pass()
    tamper(statement)
    with pytest.raises(CommandError):
        call_command("verify_journal")
