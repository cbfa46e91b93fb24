"""Typed values: what each CACAO type takes, what it refuses and how it says so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbooks.definition.values import TYPES, WrongType, text_of, typed
from playbooks.definition.variables import LENIENT_NAME, NAME, names_in

MD5, SHA256 = "d41d8cd98f00b204e9800998ecf8427e", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
UUID = "5d1e7a90-3c58-4b0f-9d27-6a0c3f5b8e21"


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        ("bool", "true", True), ("bool", "False", False), ("bool", True, True),
        ("integer", "42", 42), ("integer", "-7", -7), ("integer", 42, 42), ("integer", 42.0, 42),
        ("long", "9223372036854775807", 2**63 - 1),
        ("float", "2.5", 2.5), ("float", "1e3", 1000.0), ("float", 2, 2.0),
        ("dictionary", {"a": 1}, {"a": 1}), ("dictionary", '{"a": [1]}', {"a": [1]}),
        ("hexstring", "0aFF", "0aFF"), ("hexstring", "0x1f", "0x1f"),
        ("ipv4-addr", "192.0.2.7", "192.0.2.7"), ("ipv4-addr", "192.0.2.0/24", "192.0.2.0/24"),
        ("ipv6-addr", "2001:db8::7", "2001:db8::7"),
        ("mac-addr", "00:00:5e:00:53:AF", "00:00:5e:00:53:AF"), ("mac-addr", "00-00-5e-00-53-af", "00-00-5e-00-53-af"),
        ("hash", MD5, MD5), ("md5-hash", MD5, MD5), ("sha256-hash", SHA256, SHA256),
        ("string", "any text", "any text"), ("string", 5, "5"), ("string", True, "true"), ("string", {"a": 1}, {"a": 1}),
        ("uri", "https://example.com/a?b=c#d", "https://example.com/a?b=c#d"), ("uri", "urn:uuid:" + UUID, "urn:uuid:" + UUID),
        ("uuid", UUID, UUID), ("x-own-kind", "anything", "anything"), ("x-own-kind", [1], [1]),
    ],
)  # fmt: skip
def test_a_value_of_its_type_is_read(kind, value, wanted):
    found = typed(kind, value)
    assert found == wanted and type(found) is type(wanted)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("bool", "yes"), ("bool", "1"), ("bool", 1), ("integer", "4.5"), ("integer", 4.5), ("integer", "abc"), ("integer", True),
        ("integer", "1_000"),
        ("integer", "9223372036854775808"), ("integer", "9" * 5000), ("integer", "١"), ("long", 10**400), ("float", "nan"),
        ("float", "inf"), ("float", "1_0"),
        ("float", "1e999"), ("float", 10**400), ("float", []), ("dictionary", "[1]"), ("dictionary", "{"), ("dictionary", '{"a": NaN}'),
        ("dictionary", '{"a":' * 5000), ("dictionary", "[" * 100_000), ("hexstring", "xyz"), ("ipv4-addr", "2001:db8::7"),
        ("ipv4-addr", "256.1.1.1"),
        ("ipv4-addr", "010.0.0.1"), ("ipv4-addr", 5), ("ipv6-addr", "fe80::1%eth0"), ("mac-addr", "00:00:5e:00:53"),
        ("mac-addr", "00:00-5e:00:53:af"),
        ("hash", "a b"), ("md5-hash", MD5[:-1]), ("sha256-hash", MD5), ("uri", "example.com/a"), ("uri", "http://a b"),
        ("uuid", "5d1e7a90"),
        ("uuid", {}), ("mac-addr", "\ud800"),
    ],
)  # fmt: skip
def test_what_is_none_of_its_type_is_refused_with_the_cure(kind, value):
    with pytest.raises(WrongType) as refused:
        typed(kind, value)
    said = str(refused.value)
    assert f"is no {kind}: write {TYPES[kind][1]}" in said and len(said) < 250
    said.encode()


@pytest.mark.parametrize("kind", [*TYPES, "x-own-kind"])
def test_unknown_stays_unknown_and_empty_stays_empty(kind):
    assert typed(kind, None) is None
    assert typed(kind, "") == ""


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.from_regex(r"-?[0-9.:/a-fx-]{1,20}", fullmatch=True),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=5), part, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from([*TYPES, "x-own-kind"]), JSON)
def test_any_value_is_read_or_refused_and_what_was_read_is_read_as_itself(kind, value):
    try:
        found = typed(kind, value)
    except WrongType:
        return
    assert typed(kind, found) == found or found != found
    if kind not in ("string", "x-own-kind", "dictionary"):
        assert typed(kind, text_of(found)) == found or found is None


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), (5, "5"), (2.5, "2.5"), (True, "true"), (None, ""), ({"a": ["é", None]}, '{"a":["é",null]}')],
)
def test_a_value_is_written_as_json_writes_it(value, text):
    assert text_of(value) == text


@pytest.mark.parametrize(
    ("name", "strict", "lenient"),
    [
        ("__a__", True, True), ("__host_name__", True, True), ("__Host-2__", True, True), ("__a__b__", True, True),
        ("__" + "a" * 246 + "__", True, True),
        ("__a.b__", False, True),
        ("__" + "a" * 247 + "__", False, False), ("a", False, False), ("__a", False, False), ("a__", False, False),
        ("____", False, False),
        ("__1__", False, False), ("___a__", False, False), ("__-a__", False, False), ("__a b__", False, False), ("__é__", False, False),
        ("__a__\n", False, False), ("__a__:value", False, False),
    ],
)  # fmt: skip
def test_a_name_is_one_or_not(name, strict, lenient):
    assert (NAME.fullmatch(name) is not None, LENIENT_NAME.fullmatch(name) is not None) == (strict, lenient)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("__a__:value and __b__:value and __a__:value", ["__a__", "__b__"]),
        ("__host__name__:value", ["__host__name__"]),  # the longest name that ends here
        ("__a__:value__b__:value", ["__a__", "__b__"]),
        ("x__a__:valuey", ["__a__"]),
        ("_____a__:value", ["__a__"]),
        ("__a.b__:value", ["__a.b__"]),
        ("__a__ value, __a:value, a__:value, __1__:value", []),
        ("__a" * 30_000, []),
    ],
)
def test_references_are_found_in_a_text(text, names):
    assert names_in(text) == names
