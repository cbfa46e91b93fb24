"""The seal finds what was changed behind it."""

import time
from collections import Counter

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tenants.isolation import scope
from tenants.journal import sealing
from tenants.models import Seal

pytestmark = pytest.mark.django_db(transaction=True)


def seal_all(batches: int) -> None:
    """Seal until there are so many batches of each stream; transactions of other databases of this cluster may hold it up."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        sealing.seal_pass()
        with scope.floor(None):
            counts = Counter(Seal.objects.values_list("stream", flat=True))
        if counts["audit"] >= batches and counts["journal"] >= 1:
            return
        time.sleep(0.1)
    raise AssertionError(f"not sealed within a minute: {counts}")


@pytest.fixture
def sealed(cast):
    sealing._seen.clear()
    seal_all(batches=1)
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
    seal_all(batches=2)
    tamper(statement)
    with pytest.raises(CommandError):
        call_command("verify_journal")


def test_a_long_gap_in_the_numbers_does_not_stop_the_sealer(sealed):
    connection.close()
    with connection.as_owner(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence('tenants_auditrow', 'id')")
        (numbers,) = cursor.fetchone()
        cursor.execute("SELECT setval(%s, nextval(%s) + %s)", [numbers, numbers, sealing.MOST_ROWS * 2])
    with scope.floor(None), connection.cursor() as cursor:
        cursor.execute("SELECT audit_note('test', NULL, 'after the gap')")
    seal_all(batches=2)
    call_command("verify_journal")


def test_what_was_seen_of_a_server_before_it_was_restored_is_forgotten(monkeypatch) -> None:
    beyond = 10**12  # a row that the restored database has yet to write
    monkeypatch.setattr(sealing, "_server", ["another start"])
    monkeypatch.setattr(sealing, "_seen", {stream: sealing._Horizon(beyond, set()) for stream in sealing.COLUMNS})
    sealing.seal_pass()
    assert all(horizon.newest < beyond for horizon in sealing._seen.values())
