"""Reading files: JSON and YAML give the same document, and what cannot be read is one finding."""

import json
import time
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from playbooks.definition.reading import JsonTypes, document_in

STEP = "action--61a6c41e-6efc-4516-a242-dfbc5c89d562"


def test_a_document_is_read_with_and_without_a_byte_order_mark() -> None:
    assert document_in(b'{"a": [1.5, null, true, "x"]}') == ({"a": [1.5, None, True, "x"]}, [])
    assert document_in(b"\xef\xbb\xbf{}") == ({}, [])


def test_a_bare_word_of_yaml_is_what_it_would_be_in_json() -> None:
    raw = b"a: 2023-02-19T01:09:00.000Z\nb: yes\nc: true\nd: 0x1f\n1: 1e3\ne: ~\nf: '1'\ng: .inf\nh: 01\n<<: {x: -1}"
    document, findings = document_in(raw, yaml=True)
    assert findings == []
    assert document == {
        "a": "2023-02-19T01:09:00.000Z", "b": "yes", "c": True, "d": "0x1f", "1": 1000.0, "e": None, "f": "1", "g": ".inf", "h": "01",
        "<<": {"x": -1},
    }  # fmt: skip


def test_an_anchor_stands_for_what_it_names() -> None:
    assert document_in(b"a: &x {y: 1}\nb: *x", yaml=True) == ({"a": {"y": 1}, "b": {"y": 1}}, [])


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"\xff{}", '{"a": 1}'.encode("utf-16"), b"NaN", b"[Infinity]", b"1e999", b"1" * 5000, b"[" * 200_000,
     b"[" * 200 + b"]" * 200, b'{"a": 1, "a": 2}', b'{"a": {"b": 1, "b": 1}}', b'{"\\ud800": 1}', b"{} {}",
     b" " * 9_000_000, b"[" + b"0," * 600_000 + b"0]"],
)  # fmt: skip
def test_json_that_cannot_be_read_is_one_error_of_the_whole(raw: bytes) -> None:
    document, findings = document_in(raw)
    assert document is None
    assert [(one.code, one.severity, one.pointer) for one in findings] == [("unreadable", "error", "")]


BOMB = b"a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + b"".join(b"a%d: &a%d [%s]\n" % (i, i, b",".join([b"*a%d" % (i - 1)] * 9)) for i in range(1, 20))


@pytest.mark.parametrize(
    "raw",
    [b"", b"a: b: c", b"\x00", b"--- 1\n--- 2", b'a: !!python/object/apply:os.system ["ls"]', b"a: !!binary aGk=", b"!x 1", b"? [a]\n: 1",
     b"a: &x [*x]", b"*b", b"a: 1\na: 2", b"- " * 100_000, b"? " * 100_000, b"[" * 100_000, b"{a: " * 100_000, BOMB, b"a: 1e999",
     b"a: " + b"1" * 5000, b"\xff", b"%YAML 9.9\n--- 1"],
)  # fmt: skip
def test_yaml_that_cannot_be_read_is_one_error_of_the_whole_and_soon(raw: bytes) -> None:
    began = time.monotonic()
    document, findings = document_in(raw, yaml=True)
    assert document is None
    assert [(one.code, one.severity, one.pointer) for one in findings] == [("unreadable", "error", "")]
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("yaml", [False, True])
def test_an_object_that_stands_twice_under_its_id_is_found_and_the_rest_is_read(yaml: bool) -> None:
    document, findings = document_in(b'{"workflow": {"%s": 1, "x": 2, "%s": 3}}' % (STEP.encode(), STEP.encode()), yaml=yaml)
    assert [(one.code, one.severity, one.pointer) for one in findings] == [("duplicate_id", "error", f"/workflow/{STEP}")]
    assert document == {"workflow": {STEP: 3, "x": 2}}


@given(st.binary(max_size=60) | st.text(alphabet="{}[]:,&*!|>'\"\\ \n-?#%@`01etrufalsn~.", max_size=60).map(str.encode), st.booleans())
def test_any_bytes_are_read_or_refused(raw: bytes, yaml: bool) -> None:
    document, findings = document_in(raw, yaml=yaml)
    assert document is None or all(one.code == "duplicate_id" for one in findings)


class _Dumper(JsonTypes, yaml.emitter.Emitter, yaml.serializer.Serializer, yaml.representer.SafeRepresenter):
    def __init__(self, stream: Any, **options: Any) -> None:
        yaml.emitter.Emitter.__init__(self, stream, allow_unicode=True)
        yaml.serializer.Serializer.__init__(self)
        yaml.representer.SafeRepresenter.__init__(self, sort_keys=False)
        JsonTypes.__init__(self)

    def ignore_aliases(self, data: Any) -> bool:
        return True


# The stock writer of YAML loses the three line ends that are none in JSON; ours keeps them (test_exchange.py).
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\x85\u2028\u2029")) | st.sampled_from(
    ["1e3", "yes", "null", "~", "", "-0"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda some: st.lists(some, max_size=3) | st.dictionaries(TEXT, some, max_size=3),
    max_leaves=10,
)


@given(VALUES)
def test_json_and_yaml_of_one_document_are_read_alike(document: Any) -> None:
    assert document_in(json.dumps(document).encode()) == (document, [])
    written = yaml.dump(document, Dumper=_Dumper)  # type: ignore[type-var]
    assert document_in(written.encode(), yaml=True) == (document, [])
