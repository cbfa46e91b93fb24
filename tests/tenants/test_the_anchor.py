"""The anchor outside the database: every root reaches it once, and with it all six kinds of tampering are found."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection

from tenants.isolation import scope
from tenants.journal import anchoring, sealing
from tenants.journal.merkle import START, chained, root
from tenants.journal.verifying import read_anchor
from tenants.models import AnchorMark, Seal
from tests.tenants.test_the_seal import seal_all

pytestmark = pytest.mark.django_db(transaction=True)

THREE_FACTS = """
INSERT INTO tenants_entry (kind, subject, data, at, actor, actor_label)
SELECT 'test.Row', 'none', '{}', now(), 'test', '' FROM generate_series(1, 3)
"""
TABLES = ("tenants_delivery", "tenants_entry", "tenants_auditrow", "tenants_seal")


@pytest.fixture
def anchor(cast: Any, settings: Any, tmp_path: Path) -> Path:
    """An anchor's file that holds the roots of three batches; between the rows of each stream a number is free."""
    settings.ANCHOR_FILE = str(tmp_path / "far" / "anchor.jsonl")
    sealing._seen.clear()
    seal_all(batches=1)
    for batches in (2, 3):
        with scope.floor(None), connection.cursor() as cursor:
            cursor.execute("SELECT audit_note('test', NULL, 'one more row')")
            cursor.execute(THREE_FACTS)
        connection.close()
        with connection.as_owner(), connection.cursor() as cursor:
            for table in ("tenants_entry", "tenants_auditrow"):
                cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [table])
        seal_all(batches=batches)
    wait_for_seals(journal=3)
    assert anchoring.anchor_pass() == seals()
    return Path(settings.ANCHOR_FILE)


def wait_for_seals(journal: int) -> None:
    for _ in range(100):
        with scope.floor(None):
            if Seal.objects.filter(stream="journal").count() >= journal:
                return
        sealing.seal_pass()
    raise AssertionError("the journal was not sealed")


def seals() -> int:
    with scope.floor(None):
        return Seal.objects.count()


def rest(place: str) -> None:
    """As if the place's pause were over."""
    with scope.floor(None):
        AnchorMark.objects.filter(place=place).update(tried_at="2000-01-01T00:00Z")


def one_more_seal() -> None:
    before = seals()
    with scope.floor(None), connection.cursor() as cursor:
        cursor.execute("SELECT audit_note('test', NULL, 'one more row')")
    for _ in range(200):
        sealing.seal_pass()
        if seals() > before:
            return
    raise AssertionError("not sealed")


def test_each_root_is_appended_once_and_stands_on_the_one_before(anchor):
    one_more_seal()
    rest("file")
    assert anchoring.anchor_pass() >= 1
    rest("file")
    assert anchoring.anchor_pass() == 0
    roots, others = read_anchor(anchor.read_text())
    assert (len(roots), others) == (seals(), 0)
    for stream in sealing.COLUMNS:
        before = START.hex()
        for one in (one for one in roots if one.stream == stream):
            assert one.previous == before
            before = one.chained
            assert chained(bytes.fromhex(one.previous), bytes.fromhex(one.root)).hex() == one.chained
    call_command("verify_journal", anchor=str(anchor))


def test_a_place_is_told_well_within_a_minute_and_left_in_peace_between(anchor, settings):
    settings.ANCHOR_MAIL_TO = ["anchor@watchfloor.example"]
    assert all(place.pause <= 60 for place in anchoring.places())
    one_more_seal()
    anchoring.anchor_pass()
    one_more_seal()
    anchoring.anchor_pass()
    assert len(mail.outbox) == 1, "one digest a minute at most"
    rest("mail")
    anchoring.anchor_pass()
    told = [one for message in mail.outbox for one in read_anchor(str(message.message()))[0]]
    assert len(mail.outbox) == 2
    assert len(told) == seals(), "each root, the earlier ones in the first mail"


def test_a_place_that_fails_is_told_everything_later(anchor, settings, monkeypatch):
    before = anchor.read_text()
    one_more_seal()
    rest("file")
    monkeypatch.setattr(anchoring.os, "fsync", lambda _: (_ for _ in ()).throw(OSError("the disk is gone")))
    assert anchoring.anchor_pass() == 0
    monkeypatch.undo()
    anchor.write_text(before + '{"at": "half a li')  # what a power cut leaves
    rest("file")
    assert anchoring.anchor_pass() >= 1
    roots, others = read_anchor(anchor.read_text())
    assert (len(roots), others) == (seals(), 1)


def test_what_was_told_before_a_crash_is_told_again_the_same(anchor):
    with scope.floor(None):
        AnchorMark.objects.update(seal_id=0)
    rest("file")
    anchoring.anchor_pass()
    assert len(read_anchor(anchor.read_text())[0]) == 2 * seals()
    call_command("verify_journal", anchor=str(anchor))


def test_a_mail_of_roots_is_an_anchor_too(anchor, settings, tmp_path):
    settings.ANCHOR_MAIL_TO = ["anchor@watchfloor.example"]
    anchoring.anchor_pass()
    kept = tmp_path / "digest.eml"
    kept.write_bytes(mail.outbox[0].message().as_bytes())
    call_command("verify_journal", anchor=str(kept))
    tamper("DELETE FROM tenants_seal")
    with pytest.raises(CommandError, match="the end was cut"):
        call_command("verify_journal", anchor=str(kept))


def test_an_anchor_that_was_named_must_be_there(cast, tmp_path):
    with pytest.raises(CommandError, match="is not there"):
        call_command("verify_journal", anchor=str(tmp_path / "nowhere"))


# Six kinds of tampering, each with the owner's rights.


def tamper(*statements: str) -> None:
    connection.close()
    with connection.as_owner(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def bounds(stream: str, number: int) -> tuple[int, int]:
    with scope.floor(None):
        seal = Seal.objects.filter(stream=stream).order_by("first_id")[number]
        return seal.first_id, seal.last_id


def altered(stream: str, table: str) -> None:
    tamper(f"UPDATE {table} SET actor = 'somebody else' WHERE id = (SELECT min(id) FROM {table})")


def deleted(stream: str, table: str) -> None:
    one = f"(SELECT min(id) FROM {table})"
    tamper(f"DELETE FROM tenants_delivery WHERE entry_id = {one}", f"DELETE FROM {table} WHERE id = {one}")


def inserted(stream: str, table: str) -> None:
    free, _ = bounds(stream, 2)  # the stage left out the number after the second batch
    tamper(
        f"INSERT INTO {table} SELECT (jsonb_populate_record(t, jsonb_build_object('id', {free}))).* FROM {table} t "
        f"WHERE id = (SELECT max(id) FROM {table} WHERE id < {free})"
    )


def reordered(stream: str, table: str) -> None:
    first, _ = bounds(stream, 2)
    one, other = f"(SELECT min(id) FROM {table} WHERE id >= {first})", f"(SELECT max(id) FROM {table} WHERE id < {first})"
    tamper(
        f"CREATE TEMPORARY TABLE pair AS SELECT {one} AS one, {other} AS other",
        f"DELETE FROM tenants_delivery WHERE '{table}' = 'tenants_entry' AND entry_id IN (SELECT unnest(ARRAY[one, other]) FROM pair)",
        f"UPDATE {table} SET id = -1 WHERE id = (SELECT one FROM pair)",
        f"UPDATE {table} SET id = (SELECT one FROM pair) WHERE id = (SELECT other FROM pair)",
        f"UPDATE {table} SET id = (SELECT other FROM pair) WHERE id = -1",
    )


def tail_cut(stream: str, table: str) -> None:
    first, _ = bounds(stream, -1 % len_of(stream))
    tamper(
        f"DELETE FROM tenants_delivery WHERE '{table}' = 'tenants_entry' AND entry_id >= {first}",
        f"DELETE FROM {table} WHERE id >= {first}",
        f"DELETE FROM tenants_seal WHERE stream = '{stream}' AND first_id >= {first}",
    )


def len_of(stream: str) -> int:
    with scope.floor(None):
        return Seal.objects.filter(stream=stream).count()


def all_sealed_anew(stream: str, table: str) -> None:
    altered(stream, table)
    with scope.floor(None):
        held = list(Seal.objects.filter(stream=stream).order_by("first_id"))
        roots = [root([leaf for _, leaf in sealing.leaves_of(stream, one.first_id, one.last_id)]) for one in held]
    before, statements = START, []
    for one, this in zip(held, roots, strict=True):
        before = chained(before, this)
        statements.append(f"UPDATE tenants_seal SET root = '\\x{this.hex()}', chained = '\\x{before.hex()}' WHERE id = {one.pk}")
    tamper(*statements)


KINDS: dict[str, Callable[[str, str], None]] = {
    "a row altered": altered,
    "a row deleted": deleted,
    "a row inserted": inserted,
    "rows reordered": reordered,
    "the tail cut": tail_cut,
    "everything sealed anew": all_sealed_anew,
}
# What only somebody outside can know.
NEEDS_THE_ANCHOR = {"the tail cut", "everything sealed anew"}


@pytest.fixture
def put_back(anchor: Path) -> Iterator[Callable[[], None]]:
    """Makes the rows what they were."""
    tamper(*(f"CREATE TABLE kept_{table} AS TABLE {table}" for table in TABLES))

    def again() -> None:
        emptied = [f"DELETE FROM {table}" for table in TABLES]
        tamper(*emptied, *(f"INSERT INTO {table} SELECT * FROM kept_{table}" for table in reversed(TABLES)))

    yield again
    tamper(*(f"DROP TABLE kept_{table}" for table in TABLES))


def verdict(**options: str) -> str:
    try:
        call_command("verify_journal", **options)
    except CommandError as error:
        return str(error)
    return ""


def test_six_kinds_of_tampering_are_found(anchor, put_back, settings):
    settings.ANCHOR_FILE = ""
    lines, missed = [], []
    for stream, (table, _) in sealing.COLUMNS.items():
        for kind, do in KINDS.items():
            put_back()
            assert verdict(anchor=str(anchor)) == "", "before the tampering all fits"
            do(stream, table)
            by_seal, by_anchor = verdict(), verdict(anchor=str(anchor))
            lines.append(f"{stream:8} {kind:24} {'seals' if by_seal else 'anchor' if by_anchor else 'MISSED':8} {by_seal or by_anchor}")
            if bool(by_seal) == (kind in NEEDS_THE_ANCHOR) or not by_anchor.count(f"{stream}: "):
                missed.append(lines[-1])
    print("\n" + "\n".join(["stream   tampering                found by what it says", *lines]))
    assert len(lines) == 12
    assert not missed, missed


def test_a_row_before_the_first_is_found(anchor):
    tamper("INSERT INTO tenants_auditrow (id, at, actor, what, table_name, row_id, note) VALUES (0, now(), 'x', 'x', '', '', '')")
    assert "stands before the first" in verdict(anchor=str(anchor))
