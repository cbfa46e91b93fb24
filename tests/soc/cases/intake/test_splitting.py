"""What a sensor posts is cut into items; no broken one loses the others."""

import hashlib
import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soc.cases.intake import splitting
from soc.cases.intake.splitting import DEPTH_LIMIT, Item, read_item, split

DEEP = b"[" * 10_000 + b"]" * 10_000
DEEP_ALERT = b'{"title": "deep", "x": ' + DEEP + b"}"


def codes(body: bytes, *, ndjson: bool = False) -> list[str | None]:
    return [item.problem.code if item.problem else None for item in split(body, ndjson=ndjson).items]


def test_one_alert_is_single_and_an_array_is_not() -> None:
    assert split(b' {"title": "a"} ', ndjson=False).single
    posting = split(b' [ {"title": "a"} , {"title" :"b"} ] ', ndjson=False)
    assert not posting.single
    assert [item.raw for item in posting.items] == [b'{"title": "a"}', b'{"title" :"b"}']
    assert [item.index for item in posting.items] == [0, 1]


def test_empty_bodies() -> None:
    assert split(b"[]", ndjson=False).items == ()
    assert split(b"\n \r\n", ndjson=True).items == ()
    assert codes(b"") == ["not_json"]


def test_a_broken_line_loses_no_other() -> None:
    body = b'{"title":"a"}\r\n{"title":\n\n{"title":"\xff"}\n{"title":"b"}'
    posting = split(body, ndjson=True)
    assert codes(body, ndjson=True) == [None, "not_json", "not_json", None]
    assert [item.index for item in posting.items] == [0, 1, 2, 3]
    assert posting.items[1].raw == b'{"title":'
    assert posting.items[1].content_key == hashlib.sha256(b'{"title":').hexdigest()


@pytest.mark.parametrize("body", [b'[{"title":"a"},', b'[{"title":"a"}]x', b"[,]", b'[{"a":1} {"b":2}]', b"[NaN]", b"[1,]", b"[\xff]"])
def test_a_broken_array_is_one_item_that_is_not_json(body: bytes) -> None:
    assert codes(body) == ["not_json"]
    assert split(body, ndjson=False).items[0].raw == body


@pytest.mark.parametrize("word", [b"NaN", b"Infinity", b"-Infinity"])
def test_numbers_that_json_does_not_have_are_not_json(word: bytes) -> None:
    assert codes(b'{"title": ' + word + b"}") == ["not_json"]


def test_depth_is_refused_and_loses_no_neighbor() -> None:
    assert codes(DEEP_ALERT) == ["too_deep"]
    assert codes(b'{"title":"a"}\n' + DEEP_ALERT + b'\n{"title":"b"}', ndjson=True) == [None, "too_deep", None]
    assert codes(b'[{"title":"a"},' + DEEP_ALERT + b',{"title":"b"}]') == [None, "too_deep", None]
    assert codes(b'{"a":' * 10_000) == ["too_deep"]


def test_hostile_quotes_cost_one_pass() -> None:
    body = b"[" + b"[" * 3_000 + b'"' + b'\\"' * 500_000
    began = time.perf_counter()
    assert codes(body) == ["too_deep"]
    assert codes(body + b"\\") == ["too_deep"]
    assert time.perf_counter() - began < 10


def test_the_limit_of_depth_is_exact() -> None:
    def nested(levels: int) -> bytes:
        return b'{"a":' * levels + b"1" + b"}" * levels

    assert codes(nested(DEPTH_LIMIT)) == [None]
    assert codes(nested(DEPTH_LIMIT + 2)) == ["too_deep"]


def test_a_number_of_thousands_of_digits_is_refused_and_loses_no_neighbor() -> None:
    huge = b'{"title":"a","n":' + b"9" * 5000 + b"}"
    assert codes(huge) == ["too_large"]
    assert codes(b'[{"title":"b"},' + huge + b',{"title":"c"}]') == [None, "too_large", None]


def test_the_key_is_the_content_however_it_is_written() -> None:
    one, two = read_item(b'{"b": 1.0, "a": "\\u00e9"}'), read_item('{"a":"é","b":1}'.encode())
    assert one.content_key == two.content_key == one.idempotency_key
    assert one.content_key == hashlib.sha256('{"a":"é","b":1}'.encode()).hexdigest()
    assert read_item(b'{"a":"e","b":1}').content_key != one.content_key


@pytest.mark.parametrize("body", [b'{"n": 1e400}', b'{"n": 123456789012345678901234567890}', b'{"s": "\\ud800"}'])
def test_what_has_no_canonical_form_has_the_key_of_its_bytes(body: bytes) -> None:
    item = read_item(body)
    assert item.problem is None
    assert item.content_key == hashlib.sha256(body).hexdigest()


def test_a_wrapper_carries_the_key_and_leaves_the_alert_as_it_was() -> None:
    item = split(b'[{"alert" : {"title": "a", "alert": {"x" : 1}} , "idempotency_key": "k-1"}]', ndjson=False).items[0]
    assert (item.raw, item.key, item.idempotency_key) == (b'{"title": "a", "alert": {"x" : 1}}', "k-1", "k-1")
    assert item.alert == {"title": "a", "alert": {"x": 1}}
    assert item.content_key == read_item(item.raw).content_key


@pytest.mark.parametrize("key", ["", "a\u0000", "x" * 256, "é", None, 7, ["k"]])
def test_a_key_that_cannot_be_used_is_a_problem_of_that_item(key: object) -> None:
    body = json.dumps([{"idempotency_key": key, "alert": {"title": "a"}}, {"title": "b"}]).encode()
    assert codes(body) == ["bad_idempotency_key", None]


def test_of_a_name_given_twice_the_last_one_counts() -> None:
    item = read_item(b'{"alert": {"title":"a"}, "idempotency_key": "k", "alert": {"title":"b"}}')
    assert item.alert == {"title": "b"}
    assert item.raw == b'{"title":"b"}'


def test_a_byte_order_mark_does_no_harm() -> None:
    assert codes(b'\xef\xbb\xbf{"title":"a"}') == [None]
    assert codes(b'\xef\xbb\xbf{"title":"a"}\n{"title":"b"}', ndjson=True) == [None, None]
    assert codes(b'\xef\xbb\xbf[{"title":"a"}]') == [None]


@settings(max_examples=300)
@given(st.binary() | st.text(alphabet='{}[]",:\\ \n1eaN"tru', max_size=60).map(str.encode), st.booleans())
def test_no_bytes_break_it(body: bytes, ndjson: bool) -> None:
    for item in split(body, ndjson=ndjson).items:
        assert isinstance(item, Item)
        assert len(item.content_key) == 64


@given(
    st.lists(
        st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)), max_size=5
    ),
    st.sampled_from([None, 2]),
)
def test_an_array_is_cut_where_json_says(values: list[Any], indent: int | None) -> None:
    posting = split(json.dumps(values, indent=indent).encode(), ndjson=False)
    assert [json.loads(item.raw) for item in posting.items] == values


_ODD_TEXT = st.text(alphabet="a\ue000\uffff\U0001f600\u00e9\u2028\x00\x1f\x7f")
_LEAVES = st.none() | st.booleans() | st.integers() | st.integers(2**53 - 2, 2**53 + 2) | st.floats(allow_nan=False) | st.text() | _ODD_TEXT


@settings(max_examples=300)
@given(
    st.dictionaries(
        st.text(), st.recursive(_LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text() | _ODD_TEXT, inner), max_leaves=12)
    ),
    st.booleans(),
)
def test_the_fast_parser_reads_what_the_careful_one_reads(value: dict[str, Any], ascii_only: bool) -> None:
    raw = json.dumps(value, ensure_ascii=ascii_only).replace("Infinity", "1e400").encode()
    item = read_item(raw)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(splitting, "_read_plainly", lambda raw: None)
        careful = read_item(raw)
    assert item == careful
    assert repr(item.alert) == repr(careful.alert), "a number keeps its kind"


@pytest.mark.parametrize(
    "raw", [b'{"n": -0}', b'{"a": 1, "a": 2}', b'{"s": "\\ud800"}', b'{"n": 1E2}', DEEP_ALERT, b'{"n": 18446744073709551616}']
)
def test_odd_items_have_one_reading(raw: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    item = read_item(raw)
    monkeypatch.setattr(splitting, "_read_plainly", lambda raw: None)
    assert read_item(raw) == item


def test_an_ordinary_alert_is_read_by_the_fast_parser() -> None:
    assert splitting._read_plainly('{"title": "Grüße", "n": 7, "more": [{"x": null}]}'.encode()) is not None
