"""Edits of a document: whatever is done to a book that holds, it stays one that can be read, and nothing but what was meant changes."""

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playbooks.definition.canonical import canonical
from playbooks.definition.checking import check
from playbooks.definition.editing.beginnings import as_draft, as_version, blank, workable
from playbooks.definition.editing.desk import ADDED, UnfitEdit
from playbooks.definition.editing.edits import edited as edit
from playbooks.definition.editing.edits import fields_at
from playbooks.definition.editing.fields import ROWS, Field
from playbooks.definition.editing.parts import GROUPS
from playbooks.definition.editing.ways import places_at
from playbooks.definition.exchange import written
from playbooks.definition.findings import ERROR
from playbooks.definition.layout import as_it_was
from playbooks.definition.reading import document_in
from playbooks.library import BOOKS, text_of
from tests.playbooks.definition.documents import everything, made

NOW = "2026-11-24T00:00:00.000Z"
# What no edit of the way may bring up in a book that had none of it.
BROKEN_WAYS = {"dangling_step", "unreachable_step", "branch_without_end", "shared_end", "no_end", "no_start", "duplicate_id",
               "completion_and_success", "unreadable", "unknown_type", "undefined_agent"}  # fmt: skip
DOCUMENTS = [everything(), *(json.loads(text_of(BOOKS[slug])) for slug in ("malware-on-a-host", "ransomware", "incident-response"))]


def ids(begin: int = 0) -> Any:
    """New identifiers, the same in every test."""
    numbers = count(begin)
    return lambda kind: made(kind, f"new {next(numbers)}")


NEW = ids()
BLANK = blank("A book", NEW, NOW)


def edited(document: Any, part: str = "book", do: str = "", **data: Any) -> Any:
    sent = {name.replace("__", "-"): [value] if isinstance(value, str) else list(value) for name, value in data.items()}
    return edit(document, part=part, data=sent, do=do, new=NEW, now=NOW)


def step(document: Any, name: str) -> str:
    """The id of the step of a name."""
    return next(key for key, one in document["workflow"].items() if one.get("name", one["type"]) == name)


def parts(document: Any) -> Iterator[str]:
    yield from ("book", "variables", "exception", *document["workflow"])
    yield from (f"{group}/{key}" for group in GROUPS for key in document.get(group, {}))


def as_shown(fields: list[Field]) -> dict[str, list[str]]:
    """What a browser sends of a form that nobody touched."""
    data: dict[str, list[str]] = {}
    for one in fields:
        if one.kind == ROWS:
            table = one.table()
            data[f"{one.name}-rows"] = [str(len(table))]
            for number, cells in table:
                for cell in cells:
                    value = cell.value or (cell.choices[0][0] if cell.choices else "")
                    if value or not cell.column.flag:
                        data[f"{one.name}-{number}-{cell.column.name}"] = [value.replace("\n", "\r\n")]
        else:
            data[one.name] = [one.value.replace("\n", "\r\n")] if isinstance(one.value, str) else ["", *one.value]  # type: ignore[list-item]
    return data


def errors(document: Any) -> set[str]:
    return {one.code for one in check(document) if one.severity == ERROR}


def comes_back(document: Any) -> bool:
    """Whether the document leaves and comes in again as it was, in both forms."""
    for form in ("json", "yaml"):
        text = written(document, form)
        again, _ = document_in(text.encode(), yaml=form == "yaml")
        if canonical(as_it_was(again)) != canonical(document):
            return False
    return True


def test_a_blank_book_has_no_finding() -> None:
    assert check(BLANK) == [] and comes_back(BLANK)


@pytest.mark.parametrize("document", [BLANK, *DOCUMENTS], ids=lambda one: one["name"])
def test_a_form_that_nobody_touched_changes_nothing(document: Any) -> None:
    for part in parts(document):
        done = edit(document, part=part, data=as_shown(fields_at(document, part)), do="", new=NEW, now=NOW)
        assert canonical(done.document) == canonical(document), part
        assert done.said == ""


@settings(max_examples=60, deadline=None)
@given(document=st.sampled_from([BLANK, *DOCUMENTS]), data=st.data())
def test_edits_of_the_way_keep_a_book_whole(document: Any, data: st.DataObject) -> None:
    now = document
    for _ in range(6):
        keys = list(now["workflow"])
        places = [place for key in keys for place, _ in places_at(now, key)]
        what = ["add", "remove", "move", "add-branch", "drop-branch:on_false", "drop-branch:next_steps/0", "drop-branch:cases/default"]
        do = data.draw(st.sampled_from([*what, "add-exception", "add-command"]))
        sent = {
            "add_kind": data.draw(st.sampled_from(sorted(ADDED))),
            "add_place": data.draw(st.sampled_from(places)),
            "move_to": data.draw(st.sampled_from(places)),
            "case_new": "another",
        }
        before = canonical(now)
        try:
            done = edited(now, data.draw(st.sampled_from(keys)), do, **sent)
        except UnfitEdit as error:
            assert str(error) and error.field and error.cure
            continue
        assert canonical(now) == before, "the document that went in is another"
        assert not errors(done.document) & BROKEN_WAYS
        assert comes_back(done.document)
        assert done.part in done.document["workflow"]
        now = done.document


@settings(max_examples=60, deadline=None)
@given(document=st.sampled_from([BLANK, *DOCUMENTS]), data=st.data())
def test_typing_anything_into_a_form_gives_a_document_that_is_read_again(document: Any, data: st.DataObject) -> None:
    part = data.draw(st.sampled_from(list(parts(document))))
    fields = fields_at(document, part)
    sent = as_shown(fields)
    names = data.draw(st.lists(st.sampled_from(sorted(sent)), max_size=4)) if sent else []
    for name in names:
        sent[name] = [data.draw(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20))]
    try:
        done = edit(document, part=part, data=sent, do="", new=NEW, now=NOW)
    except UnfitEdit as error:
        assert error.field and error.cure
        return
    assert isinstance(check(done.document), list)
    again, found = document_in(json.dumps(done.document).encode())
    assert found == [] and canonical(again) == canonical(done.document)


@pytest.mark.parametrize("kind", ADDED)
def test_what_is_added_and_removed_again_leaves_the_book_as_it_was(kind: str) -> None:
    first = step(BLANK, "First step")
    for place in (f"after {first}", f"before {first}", "after " + BLANK["workflow_start"]):
        added = edited(BLANK, first, "add", add_kind=kind, add_place=place)
        assert added.document["workflow"][added.part]["type"] == kind
        gone = edited(added.document, added.part, "remove")
        assert canonical(gone.document) == canonical(BLANK), place


def test_a_removed_block_takes_its_branches_with_it_and_joins_its_neighbors() -> None:
    document = everything()
    fork = next(key for key, one in document["workflow"].items() if one["type"] == "if-condition")
    after = document["workflow"][fork]["on_completion"]
    done = edited(document, fork, "remove")
    assert "2 steps that only it led to" in done.said
    assert done.document["workflow"][step(document, "Act")]["on_success"] == after


def test_a_step_moves_with_its_branches_and_not_into_them() -> None:
    first = step(BLANK, "First step")
    forked = edited(BLANK, first, "add", add_kind="if-condition", add_place=f"before {first}")
    inner = edited(forked.document, forked.part, "add", add_kind="action", add_place=f"in {forked.part} on_true")
    moved = edited(inner.document, forked.part, "move", move_to=f"after {first}").document
    assert moved["workflow"][first]["on_completion"] == forked.part
    assert moved["workflow"][forked.part]["on_true"] == inner.part
    with pytest.raises(UnfitEdit, match="hangs on the step itself"):
        edited(inner.document, forked.part, "move", move_to=f"after {inner.part}")


def test_a_way_of_failure_splits_the_way_on_in_two() -> None:
    first = step(BLANK, "First step")
    done = edited(BLANK, first, "add", add_kind="action", add_place=f"fail {first}").document
    one = done["workflow"][first]
    assert "on_completion" not in one and one["on_failure"] != one["on_success"]
    back = edited(done, first, failure="").document["workflow"][first]
    assert back["on_completion"] == one["on_success"] and "on_failure" not in back


@pytest.mark.parametrize(
    ("typed", "kept", "shown"),
    [("90 s", 90_000, "90 s"), ("5 min", 300_000, "5 min"), ("120 min", 7_200_000, "2 h"), ("0 s", 0, "0 s"), ("250ms", 250, "250 ms")],
)
def test_a_time_is_written_as_people_write_it(typed: str, kept: int, shown: str) -> None:
    first = step(BLANK, "First step")
    done = edited(BLANK, first, timeout=typed).document
    assert done["workflow"][first]["timeout"] == kept
    assert next(one.value for one in fields_at(done, first) if one.name == "timeout") == shown
    assert "timeout" not in edited(done, first, timeout="").document["workflow"][first]


@pytest.mark.parametrize(
    ("part", "data", "field"),
    [
        ("step", {"timeout": "soon"}, "timeout"),
        ("book", {"priority": "high"}, "priority"),
        ("variables", {"playbook_variables__rows": "1", "playbook_variables__0__value": "x"}, "playbook_variables"),
        ("nowhere", {}, "part"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_its_field(part: str, data: Any, field: str) -> None:
    with pytest.raises(UnfitEdit) as refused:
        edited(BLANK, step(BLANK, "First step") if part == "step" else part, **data)
    assert refused.value.field == field and refused.value.cure


def test_a_renamed_variable_keeps_its_name_wherever_it_is_used() -> None:
    def rows(name: str) -> Any:
        return {"playbook_variables__rows": "1", "playbook_variables__0__name": name, "playbook_variables__0__type": "string"}

    first = step(BLANK, "First step")
    declared = edited(BLANK, "variables", **rows("__host__")).document
    used = edited(declared, first, commands__0__command="Look at __host__:value", in_args=["", "__host__"]).document
    renamed = edited(used, "variables", **rows("__machine__")).document
    one = renamed["workflow"][first]
    assert one["commands"][0]["command"] == "Look at __machine__:value" and one["in_args"] == ["__machine__"]
    assert list(renamed["playbook_variables"]) == ["__machine__"] and check(renamed) == []


def test_a_command_is_encoded_where_its_kind_asks_for_it() -> None:
    first = step(BLANK, "First step")
    sigma = edited(BLANK, first, commands__0__type="sigma", commands__0__command="title: A rule\r\n").document
    (command,) = sigma["workflow"][first]["commands"]
    assert set(command) == {"type", "command_b64"} and check(sigma) == []
    (back,) = edited(sigma, first, commands__0__type="bash").document["workflow"][first]["commands"]
    assert back["command"] == "title: A rule\n"


def test_an_agent_is_made_chosen_and_kept_while_it_is_used() -> None:
    first = step(BLANK, "First step")
    done = edited(BLANK, first, "define:agent", agent_kind="http-api", agent_name="The ticket desk").document
    chosen = done["workflow"][first]["agent"]
    assert done["agent_definitions"][chosen] == {"type": "http-api", "name": "The ticket desk"}
    with pytest.raises(UnfitEdit, match="First step"):
        edited(done, f"agent_definitions/{chosen}", "undefine")
    unused = next(key for key in done["agent_definitions"] if key != chosen)
    assert list(edited(done, f"agent_definitions/{unused}", "undefine").document["agent_definitions"]) == [chosen]


def test_a_marking_is_set_and_taken_away() -> None:
    marked = edited(BLANK, tlp="TLP:AMBER").document
    assert check(marked) == [] and len(marked["markings"]) == 1
    assert canonical(edited(marked, tlp="").document) == canonical(BLANK)


def test_a_draft_of_a_signed_book_carries_no_signature_and_a_version_its_own_time() -> None:
    begun = as_draft(everything())
    assert "signatures" not in begun and not errors(begun)
    assert as_version(begun, "2027-01-01T00:00:00.000Z")["modified"] == "2027-01-01T00:00:00.000Z"


@pytest.mark.parametrize("document", [None, [], {}, {"id": "x", "workflow": {}}, {"id": "x", "workflow": {"a": {"type": 1}}}])
def test_what_is_no_book_is_not_worked_on(document: Any) -> None:
    assert workable(document)
