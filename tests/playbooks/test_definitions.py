"""The books of the library are without a finding, and a document has one hash."""

import json

import pytest

from playbooks.definition.canonical import sha256_of
from playbooks.definition.checking import check
from playbooks.definition.graph import compiled
from playbooks.library import BOOKS, TRIGGERS, text_of
from tests.playbooks.books import END, START, book, note

SOUND = book({"start": START, "first": note("x", on_completion="end"), "end": END}, start="start")


@pytest.mark.parametrize("file", BOOKS.values())
def test_the_books_of_the_library_have_no_finding(file):
    document = json.loads(text_of(file))
    assert check(document, frozenset({"case.note", "case.task", "case.contain"})) == []
    graph = compiled(document)
    assert set(graph.order()) == set(graph.nodes)
    for node in graph.nodes.values():
        assert node.name and not node.name.startswith(node.kind + "--")
    assert {trigger.book for trigger in TRIGGERS} <= set(BOOKS)


def test_the_hash_does_not_depend_on_the_order_of_keys():
    assert sha256_of(SOUND) == sha256_of(dict(reversed(SOUND.items())))
