"""Checking a book: every finding has a code and a place, and our own book has none."""

import copy
import json

import pytest

from playbooks.definition.canonical import sha256_of
from playbooks.definition.checking import check
from playbooks.definition.graph import compiled
from playbooks.library import BOOKS, TRIGGERS, text_of
from tests.playbooks.books import END, START, book, note, step_id

FIRST = step_id("action", "first")
SOUND = book({"start": START, "first": note("x", on_completion="end"), "end": END}, start="start")


def broken(change):
    document = copy.deepcopy(SOUND)
    change(document)
    return {(one.code, one.severity) for one in check(document)}


@pytest.mark.parametrize("file", BOOKS.values())
def test_the_books_of_the_library_have_no_finding(file):
    document = json.loads(text_of(file))
    assert check(document, frozenset({"case.note", "case.task", "case.contain"})) == []
    graph = compiled(document)
    assert set(graph.order()) == set(graph.nodes)
    for node in graph.nodes.values():
        assert node.name and not node.name.startswith(node.kind + "--")
    assert {trigger.book for trigger in TRIGGERS} <= set(BOOKS)


def test_a_book_without_the_action_that_it_wants_is_refused():
    assert {one.code for one in check(SOUND, frozenset())} == {"unknown_action"}


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("schema", lambda d: d.pop("workflow_start")),
        ("schema", lambda d: d.update(spec_version="cacao-1.1")),
        ("unknown_type", lambda d: d.update(type="book")),
        ("bad_timestamp", lambda d: d.update(created="2026-11-24T00:00:00Z")),
        ("dangling_step", lambda d: d["workflow"][FIRST].update(on_completion="end--x")),
        ("no_start", lambda d: d.update(workflow_start=FIRST)),
        ("no_end", lambda d: d["workflow"].pop(step_id("end", "end"))),
        ("branch_without_end", lambda d: d["workflow"][FIRST].pop("on_completion")),
        ("undefined_agent", lambda d: d["workflow"][FIRST].update(agent="group--x")),
        ("undefined_target", lambda d: d["workflow"][FIRST].update(targets=["linux--x"])),
        ("completion_and_success", lambda d: d["workflow"][FIRST].update(on_success=step_id("end", "end"))),
        ("variable_name", lambda d: d["playbook_variables"].update(host={"type": "string"})),
        ("undefined_variable", lambda d: d["workflow"][FIRST]["commands"][0].update(command="case.__x__:value")),
        ("negative_time", lambda d: d["workflow"][FIRST].update(delay=-1)),
        ("unknown_type", lambda d: d["workflow"][FIRST]["commands"][0].update(type="telepathy")),
        ("unsupported_step", lambda d: d["workflow"].update({step_id("parallel", "p"): {"type": "parallel", "on_completion": FIRST}})),
        ("duplicate_id", lambda d: d["workflow"].update({FIRST.replace("action", "end"): {"type": "end"}})),
        (
            "literal_secret",
            lambda d: d.update(authentication_info_definitions={"http-basic--x": {"type": "http-basic", "password": "hunter2"}}),
        ),
        (
            "constant_assigned",
            lambda d: (
                d["playbook_variables"].update(__c__={"type": "string", "constant": True}),
                d["workflow"][FIRST].update(out_args=["__c__"]),
            ),
        ),
    ],
)
def test_a_fault_is_found_under_its_code(code, change):
    assert (code, "error") in broken(change)


def test_a_step_that_nothing_leads_to_is_a_warning():
    assert broken(lambda d: d["workflow"].update({step_id("end", "alone"): {"type": "end"}})) == {("unreachable_step", "warning")}


def test_two_branches_do_not_share_an_end():
    fork = {"type": "if-condition", "condition": "__a__:value = 'x'", "on_true": "shared", "on_completion": "shared"}
    document = book({"start": START, "first": fork, "shared": END}, start="start", a={})
    assert "shared_end" in {one.code for one in check(document)}


def test_a_condition_that_cannot_be_read_is_found_with_its_place():
    fork = {"type": "if-condition", "condition": "the operator agrees", "on_true": "in", "on_completion": "end"}
    document = book({"start": START, "first": fork, "in": END, "end": END}, start="start")
    (one,) = [found for found in check(document) if found.code == "condition_syntax"]
    assert one.pointer == f"/workflow/{step_id('if-condition', 'first')}/condition"


@pytest.mark.parametrize("document", [None, [], "x", 5, {}, {"workflow": []}])
def test_what_is_no_book_is_said_to_be_none(document):
    assert {one.code for one in check(document)} == {"schema"}


def test_the_hash_does_not_depend_on_the_order_of_keys():
    assert sha256_of(SOUND) == sha256_of(dict(reversed(SOUND.items())))


@pytest.mark.parametrize(
    "change",
    [
        {"playbook_variables": [1]},
        {"agent_definitions": 5},
        {"workflow_start": ["x"]},
        {"workflow": {FIRST: {"type": "action", "commands": "x"}}},
        {"workflow": {FIRST: {"type": ["action"], "step_extensions": []}}},
        {"authentication_info_definitions": {"a": "b"}},
    ],
)
def test_a_document_of_another_shape_is_refused_not_crashed_on(change):
    assert "error" in {one.severity for one in check({**SOUND, **change})}
