"""Playbooks that others wrote come in leniently, leave with a layout, and come in again unchanged."""

import json
from pathlib import Path

import pytest

from playbooks.definition.canonical import canonical
from playbooks.operations.publishing import import_book
from playbooks.queries.versions import book_file
from tenants.actors import system
from tenants.isolation import scope

pytestmark = pytest.mark.django_db

SAMPLES = sorted((Path(__file__).parents[3] / "shared" / "data" / "playbooks").glob("*.json"))

SUITE = sorted((Path(__file__).parents[2] / "playbooks" / "conformance").rglob("*.json"))
ALIKE = ("soarca-http", "soarca-openc2", "soarca-ssh")  # one id and one time, three contents


@pytest.mark.skipif(not SAMPLES, reason="the samples are not beside this repository")
@pytest.mark.parametrize("file", [one for one in SAMPLES if not one.stem.startswith("invalid")], ids=lambda file: file.stem)
def test_real_playbooks_come_in_leave_and_come_in_again(file):
    with scope.floor(None):
        first = import_book(raw=file.read_bytes(), lenient=True, by=system("test"))
        assert first.new and first.version.canonical == canonical(json.loads(file.read_bytes()))
        for form in ("json", "yaml"):
            leaving = book_file(first.version.book.cacao_id, form=form).text.encode()
            again = import_book(raw=leaving, yaml=form == "yaml", lenient=True, by=system("test"))
            assert (again.new, again.version) == (False, first.version)


@pytest.mark.skipif(not SAMPLES, reason="the samples are not beside this repository")
def test_files_that_share_an_id_and_a_time_stand_beside_each_other_leniently():
    with scope.floor(None):
        made = [import_book(raw=file.read_bytes(), lenient=True, by=system("test")) for file in SAMPLES if file.stem in ALIKE]
    assert [one.version.number for one in made] == [1, 2, 3]
    assert "version_conflict" in [found.code for found in made[2].findings]


def test_every_playbook_of_the_suite_comes_in_leaves_and_comes_in_again():
    cases = [json.loads(file.read_text()) for file in SUITE]
    valid = [one for one in cases if "refused" not in one["expect"] and "playbook" in one]
    assert len(valid) > 250
    with scope.floor(None):
        for case in valid:
            raw, lenient = json.dumps(case["playbook"]).encode(), case.get("reading") == "lenient"
            first = import_book(raw=raw, lenient=lenient, by=system("test"))
            assert first.version.canonical == canonical(case["playbook"]), case["rule"]
            for form in ("json", "yaml"):
                leaving = book_file(first.version.book.cacao_id, form=form).text
                again = import_book(raw=leaving.encode(), yaml=form == "yaml", lenient=lenient, by=system("test"))
                assert (again.new, again.version) == (False, first.version), case["rule"]
