"""Documents as files: what is written as JSON or YAML is read again as the same document."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from playbooks.definition.canonical import canonical
from playbooks.definition.exchange import as_json, as_yaml, kept, written
from playbooks.definition.findings import LARGEST
from playbooks.definition.layout import as_it_was, layout_of, with_layout
from playbooks.definition.reading import document_in

SAMPLES = sorted((Path(__file__).parents[3] / "shared" / "data" / "playbooks").glob("*.json"))
# What YAML readers are known to take for something else than a text.
TEMPTING = ["2023-02-19", "on", "No", "1e3", "0x1f", "0o17", "1_000", "~", "null", ".inf", "12:30:45", "=", "<<", "- a", "a: b", "# no", ""]
ODD = ["\x7f", "\x85", "\u2028", "\ufeff", "\ufffe", "😀", "a\n  b\n", "\ttab", "'", '"', "\\", "end \n", "k" * 3000, "%TAG", "---"]

# NUL and halves of pairs are refused on reading; everything else that JSON can say is tried.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40) | st.sampled_from(TEMPTING + ODD)
numbers = st.integers(-LARGEST, LARGEST) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4)
)


def same(one: object, other: object) -> bool:
    return canonical(one) == canonical(other)


@settings(max_examples=400, deadline=None)
@given(st.dictionaries(texts, values, max_size=6))
def test_any_json_document_is_read_again_from_json_from_yaml_and_from_what_is_kept(document):
    for text, is_yaml in ((as_json(document), False), (as_yaml(document), True)):
        read, findings = document_in(text.encode(), yaml=is_yaml)
        assert not findings
        assert same(read, document)
    assert same(kept(canonical(document)), document)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(texts, st.lists(texts, max_size=3), max_size=6))
def test_other_readers_of_yaml_take_texts_for_texts_too(document):
    assert yaml.safe_load(as_yaml(document)) == document


def test_a_large_decimal_is_kept_though_its_canonical_form_looks_whole():
    assert canonical({"n": 1e20}) == '{"n":100000000000000000000}'
    assert canonical(kept(canonical({"n": 1e20}))) == '{"n":100000000000000000000}'


def test_what_stands_twice_is_written_twice():
    part = {"a": ["b"]}
    assert "&" not in as_yaml({"x": part, "y": part})


@pytest.mark.parametrize(("steps", "text", "form"), [(10, 10, "json"), (10, 10, "yaml"), (3_000, 2_600, "yaml"), (30_000, 0, "json")])
def test_what_leaves_is_never_too_large_to_come_in_again(steps, text, form):
    document = {"workflow_start": "0", "workflow": {str(n): {"type": "end", "name": "x" * text} for n in range(steps)}}
    read, findings = document_in(written(document, form).encode(), yaml=form == "yaml")
    assert not findings and as_it_was(read) == document
    assert bool(layout_of(read)) is (steps == 10)


@pytest.mark.skipif(not SAMPLES, reason="the samples are not beside this repository")
@pytest.mark.parametrize("file", SAMPLES, ids=lambda file: file.stem)
def test_real_playbooks_go_out_and_come_in_unchanged(file):
    document = json.loads(file.read_text())
    leaving = with_layout(document)
    for text, is_yaml in ((as_json(leaving), False), (as_yaml(leaving), True)):
        read, findings = document_in(text.encode(), yaml=is_yaml)
        assert not findings
        assert same(as_it_was(read), document)
