"""The books as documents: sound to the strict check, written alike, and under names, ids and hashes that stay."""

import json
from collections import Counter
from uuid import UUID, uuid5

import pytest

from playbooks.definition.canonical import canonical, sha256_of
from playbooks.definition.checking import check
from playbooks.library import BOOKS, TRIGGERS, text_of
from tests.playbooks.library.shelf import MALWARE, OURS, document_of, graph_of, steps_of

ACTIONS = frozenset({"case.note", "case.task", "case.contain"})
# CACAO 2.0 10.10: a playbook's id may be a UUID of version 5 in this namespace, over its name and types.
NAMESPACE = UUID("aa7caf3a-d55a-4e9a-b34e-056215fba56a")
# The first eight letters of each content's hash. Runs pin a content: change a book on purpose, and give it a new `modified`.
HASHES = {
    "malware-on-a-host": "58a948f5",
    "federal-reporting": "070e5b05",
    "credential-compromise": "6ec086ee",
    "phishing": "3b45ad0f",
    "web-shell": "344d7ed0",
    "incident-response": "4db84560",
    "vulnerability-response": "4549f95f",
    "ransomware": "9b9f63ff",
    "data-exfiltration": "f633623f",
    "exploited-application": "2827497f",
    "lost-device": "95d82880",
    "denial-of-service": "2615a70b",
    "insider": "3a83afbb",
    "supply-chain": "ae52261c",
    "kev-addition": "ba49e159",
    "emergency-directive": "a3c73589",
    "business-mail": "f4fec2dd",
    "cloud-key": "ffb52365",
    "identity-provider": "3a36b858",
    "directory-recovery": "b61fe967",
    "silent-source": "abff1434",
    "indicator": "e95c5599",
    "evidence-handover": "a120c56e",
}


def test_there_are_the_books_that_the_floor_was_promised():
    assert len(BOOKS) == 23
    assert next(iter(BOOKS)) == MALWARE
    assert list(BOOKS.values()) == [f"{slug.replace('-', '_')}.json" for slug in BOOKS]


@pytest.mark.parametrize("slug", BOOKS)
def test_a_book_has_no_finding_however_strict_the_check(slug):
    assert check(document_of(slug), ACTIONS) == []


@pytest.mark.parametrize("slug", BOOKS)
def test_a_book_is_written_like_the_others(slug):
    document = document_of(slug)
    assert text_of(BOOKS[slug]) == json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    graph = graph_of(slug)
    assert list(graph.nodes) == graph.order() or slug == MALWARE, "Steps stand in the order in which one reads them."
    assert set(graph.order()) == set(graph.nodes)
    assert len({step["name"] for _, step in steps_of(slug) if step["type"] != "end"}) == len(
        [key for key, step in steps_of(slug) if step["type"] != "end"]
    )
    working = [key for key, step in steps_of(slug) if step["type"] not in ("start", "end")]
    assert 10 <= len(working) <= 45, "A book that nobody can read is cut into two."


@pytest.mark.parametrize("slug", BOOKS)
def test_the_id_of_a_book_follows_from_its_name_and_types(slug):
    document = document_of(slug)
    named = canonical({"name": document["name"], "playbook_types": document["playbook_types"]})
    assert document["id"] == f"playbook--{uuid5(NAMESPACE, named)}"


def test_names_ids_and_contents_stay():
    assert {slug: sha256_of(document_of(slug))[:8] for slug in BOOKS} == HASHES


def test_no_id_of_a_step_or_name_of_a_book_is_used_twice():
    ids = Counter(key for slug in BOOKS for key, _ in steps_of(slug))
    assert [one for one, times in ids.items() if times > 1] == []
    assert len({document_of(slug)["name"] for slug in BOOKS}) == len(BOOKS)


@pytest.mark.parametrize("slug", OURS)
def test_a_book_that_is_called_is_pinned_and_stands_before_its_caller(slug):
    before = {document_of(one)["id"]: document_of(one) for one in list(BOOKS)[: list(BOOKS).index(slug)]}
    for _, step in steps_of(slug, "playbook-action"):
        callee = before[step["playbook_id"]]
        assert step["playbook_version"] == callee["modified"]
        handed = {name for name in step["in_args"] if name in callee["playbook_variables"]}
        assert all(callee["playbook_variables"][name]["external"] for name in handed)
        assert "on_failure" in step, "What the called book did not end well, a person ends."


def test_only_what_cannot_surprise_starts_by_itself():
    assert [(trigger.slug, trigger.book) for trigger in TRIGGERS] == [("severe-case-with-a-host", MALWARE)]


@pytest.mark.parametrize("slug", OURS)
def test_the_summary_of_a_book_names_what_it_uses(slug):
    kinds = {step["type"] for _, step in steps_of(slug)}
    summary = document_of(slug)["playbook_processing_summary"]
    said = {
        "external_playbooks": "playbook-action",
        "parallel_processing": "parallel",
        "if_logic": "if-condition",
        "while_logic": "while-condition",
        "switch_logic": "switch-condition",
    }
    assert {name for name, kind in said.items() if kind in kinds} == set(summary) & set(said)
    assert ("temporal_logic" in summary) == any("delay" in step or "timeout" in step for _, step in steps_of(slug))
