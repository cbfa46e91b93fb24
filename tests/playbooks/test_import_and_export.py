"""Import and export: a book comes in whole, leaves as it was, and comes in again unchanged."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from django.core.management import call_command
from django.core.management.base import CommandError

from playbooks.definition.canonical import canonical, sha256_of
from playbooks.definition.checking import check
from playbooks.definition.exchange import as_yaml
from playbooks.definition.layout import LAYOUT, layout_of, with_layout
from playbooks.definition.reading import document_in
from playbooks.definition.signing import SignatureState, sign, verify
from playbooks.models import Book, Version
from playbooks.operations.publishing import import_book
from playbooks.queries.books import newest_version, version_called
from playbooks.queries.versions import book_file
from tenants.actors import system
from tenants.errors import Invalid, NotAllowed, Unknown
from tenants.isolation import scope
from tests.cast import Cast
from tests.playbooks.books import CASE, END, START, book, manual

pytestmark = pytest.mark.django_db

CREATED = "2024-01-01T00:00:00.000Z"
EARLY, JANUARY, JULY = "2025-01-01T00:00:00.000Z", "2026-01-01T00:00:00.000Z", "2026-07-01T00:00:00.000Z"


@pytest.fixture(autouse=True)
def floor() -> Iterator[None]:
    with scope.floor(None):
        yield


def document(text: str = "Look", modified: str = JANUARY, **more: Any) -> dict[str, Any]:
    made = book({"start": START, "first": manual(text, on_completion="end"), "end": END}, start="start")
    return {**made, "created": CREATED, "modified": modified, **more}


def imported(given: Any, *, lenient: bool = False) -> tuple[Version, bool, list[str]]:
    raw = given if isinstance(given, bytes) else json.dumps(given).encode()
    made = import_book(raw=raw, lenient=lenient, by=system("test"))
    return made.version, made.new, [one.code for one in made.findings]


def test_a_book_is_kept_whole_and_leaves_and_comes_in_again_unchanged():
    strange = {"x_own": {"deep": [1.5, None, "\u2028"]}, "agent_definitions": {**document()["agent_definitions"]}}
    strange["agent_definitions"][CASE] = {**strange["agent_definitions"][CASE], "x_more": 1e20}
    version, new, _ = imported(document(**strange))
    assert new and version.canonical == canonical(document(**strange))
    for form in ("json", "yaml"):
        leaving = book_file(version.book.cacao_id, form=form).text
        again = import_book(raw=leaving.encode(), yaml=form == "yaml", by=system("test"))
        assert (again.new, again.version) == (False, version)
    assert layout_of(json.loads(book_file(version.book.slug).text))
    assert sha256_of(json.loads(book_file(version.book.slug, as_kept=True).text)) == version.content_hash


def test_an_export_makes_the_same_book_where_nobody_knows_it():
    first, _, _ = imported(document())
    leaving = book_file(first.book.slug).text.encode()
    other = json.loads(leaving)
    other["id"] = "playbook--0c9d7f53-5d1e-4c52-8a6a-0d9d1d0b8f4e"
    second, new, _ = imported(other)
    assert new and second.book != first.book
    assert sha256_of({**json.loads(second.canonical), "id": first.book.cacao_id}) == first.content_hash


def test_a_signed_book_leaves_byte_for_byte_as_it_was_signed():
    key = ed25519.Ed25519PrivateKey.generate()
    signed = sign(document(), key, signee="Us", now=datetime(2026, 11, 24, tzinfo=UTC))
    first, _, _ = imported(document())
    version, new, findings = imported(signed)
    assert (new, version.book, version.number) == (True, first.book, 2) and "version_conflict" not in findings
    assert newest_version(first.book.slug) == version
    for form in ("json", "yaml"):
        leaving, _ = document_in(book_file(version.book.slug, form=form).text.encode(), yaml=form == "yaml")
        assert leaving == signed
        assert [one.state for one in verify(leaving, [], datetime(2026, 11, 25, tzinfo=UTC))] == [SignatureState.VALID]


def test_a_later_content_is_the_next_version_and_runs_begin_with_it():
    first, _, _ = imported(document())
    second, new, findings = imported(document("Look twice", JULY, name="Renamed"))
    assert (new, second.book, second.number) == (True, first.book, 2)
    assert newest_version(first.book.slug) == second
    assert Book.objects.get().name == "Renamed"
    assert version_called(first.book.cacao_id, JANUARY) == first
    assert version_called(first.book.cacao_id, "") == second
    assert not {"version_conflict", "older_version"} & set(findings)


def test_an_older_content_is_kept_for_those_who_name_it_and_changes_nothing_else():
    first, _, _ = imported(document())
    older, new, findings = imported(document("Look less", EARLY, name="Old name"))
    assert (new, older.number) == (True, 2) and "older_version" in findings
    assert newest_version(first.book.slug) == first
    assert Book.objects.get().name == first.book.name
    assert version_called(first.book.cacao_id, EARLY) == older


def test_the_same_time_with_another_content_is_refused_and_nothing_is_written():
    imported(document())
    with pytest.raises(Invalid) as refused:
        imported(document("Look twice"))
    assert "version_conflict" in [one["code"] for one in refused.value.extra["findings"]]
    assert Version.objects.count() == 1


def test_lenient_reading_keeps_both_and_the_last_one_counts():
    first, _, _ = imported(document())
    second, new, findings = imported(document("Look twice"), lenient=True)
    assert new and "version_conflict" in findings
    assert newest_version(first.book.slug) == second


def test_a_drawing_alone_makes_no_version():
    version, _, _ = imported(document())
    moved = with_layout(document())
    next(iter(moved["workflow"].values()))["step_extensions"][LAYOUT]["x"] += 7
    assert imported(moved)[:2] == (version, False)


def test_every_finding_is_told_and_nothing_is_written():
    broken = document()
    del broken["created_by"]
    broken["type"] = "recipe"
    with pytest.raises(Invalid) as refused:
        imported(broken)
    assert refused.value.extra["findings"] == [vars(one) for one in check(broken)]
    assert Book.objects.count() == 0


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b"[1, 2]", b"null", b'{"a": 1, "a": 2}', b"{" * 5000])
def test_what_is_no_playbook_is_refused_with_a_finding(raw):
    with pytest.raises(Invalid) as refused:
        imported(raw)
    assert refused.value.extra["findings"]
    assert Book.objects.count() == 0


def test_two_books_of_one_name_have_two_short_names():
    first, _, _ = imported(document())
    second, _, _ = imported({**document(), "id": "playbook--0c9d7f53-5d1e-4c52-8a6a-0d9d1d0b8f4e"})
    assert (first.book.slug, second.book.slug) == ("a-small-book", "a-small-book-0c9d7f53")


@pytest.mark.parametrize("version", ["7", "99999999999999", JULY, "yesterday", "-1"])
def test_a_version_that_is_not_there_is_unknown(version):
    imported(document())
    with pytest.raises(Unknown):
        book_file("a-small-book", version=version)


def test_a_version_is_named_by_its_number_or_its_time():
    imported(document())
    imported(document("Look twice", JULY))
    for version, text in (("1", "Look"), (JANUARY, "Look"), ("2", "Look twice"), (JULY, "Look twice"), ("", "Look twice")):
        assert f'"command": "{text}"' in book_file("a-small-book", version=version).text


class TestDoors:
    """The commands as people type them, and who may."""

    @pytest.fixture(autouse=True)
    def floor(self) -> None:
        """Whoever comes in opens a scope of their own."""

    def test_only_the_programme_imports(self, cast: Cast) -> None:
        raw = json.dumps(document()).encode()
        with scope.floor(None):
            for who in (cast.ana, cast.lee, cast.aud, cast.nia):
                with pytest.raises(NotAllowed):
                    import_book(raw=raw, by=who)
            assert Book.objects.count() == 0
            assert import_book(raw=raw, by=cast.ada).version.published_by == cast.ada.label

    def test_import_export_and_import_again(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        file = tmp_path / "book.json"
        file.write_text(json.dumps(document()))
        call_command("import_playbook", str(file))
        hash_ = sha256_of(document())
        assert f"a-small-book version 1 sha256 {hash_} published" in capsys.readouterr().out
        for name, more in (("again.json", []), ("again.yaml", ["--yaml"])):
            call_command("export_playbook", document()["id"], *more)
            (tmp_path / name).write_text(capsys.readouterr().out)
            call_command("import_playbook", str(tmp_path / name))
            assert f"version 1 sha256 {hash_} unchanged" in capsys.readouterr().out
        call_command("export_playbook", "a-small-book", "--as-kept", "--version", "1")
        assert json.loads(capsys.readouterr().out) == document()

    def test_a_refused_file_has_every_finding_and_a_sentence(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        file = tmp_path / "broken.yml"
        broken = document()
        del broken["created_by"], broken["modified"]
        file.write_text(as_yaml(broken))
        with pytest.raises(CommandError, match="was not imported"):
            call_command("import_playbook", str(file))
        said = capsys.readouterr().out
        assert f"{file}: error schema at /created_by: " in said and "at /modified: " in said

    def test_what_is_not_there_is_a_sentence(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="cannot be read: No such file"):
            call_command("import_playbook", str(tmp_path / "none.json"))
        with pytest.raises(CommandError, match="cannot be read: Is a directory"):
            call_command("import_playbook", str(tmp_path))
        with pytest.raises(CommandError, match="There is no book nothing in version 3"):
            call_command("export_playbook", "nothing", "--version", "3")
