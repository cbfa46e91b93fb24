"""The grammar of conditions: what is strict, what real playbooks are allowed, and where reading stops."""

import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from playbooks.definition.conditions import Any, Comparison, ConditionSyntax, Literal, Truth, Variable, holds, read
from playbooks.definition.grammar import LONGEST


def of(left, operator, right):
    return Comparison(Variable(left), operator, Literal(right))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("__should.execute.true__:value = yes", of("__should.execute.true__", "=", "yes")),
        ("__a__:value = 10.0.0.1", of("__a__", "=", "10.0.0.1")),
        ("__a__:value != 2026-01-01", of("__a__", "!=", "2026-01-01")),
        ('__a__:value == "x y"', of("__a__", "==", "x y")),
        ("__a__ = 'x'", of("__a__", "=", "x")),
        ("'x' = __a__:value", of("__a__", "=", "x")),
        ("10 < __a__:value", of("__a__", ">", 10)),
        ("10 >= __a__:value", of("__a__", "<=", 10)),
        ("__a__:value = 007", of("__a__", "=", 7)),
        ("'__a__:value' = 'x'", of("__a__", "=", "x")),
        ("__a__:value IN [a, 'b']", Comparison(Variable("__a__"), "IN", (Literal("a"), Literal("b")))),
        ("__a__:value IN __list__:value", Comparison(Variable("__a__"), "IN", (Variable("__list__"),))),
        ("__a__:value || __b__:value", Any((Truth(Variable("__a__")), Truth(Variable("__b__"))))),
        ("__a__", Truth(Variable("__a__"))),
        ("__a__:value LIKE ws%", of("__a__", "LIKE", "ws%")),
    ],
)
def test_what_real_playbooks_contain_is_understood_leniently_and_refused_strictly(text, wanted):
    assert read(text, lenient=True) == wanted
    with pytest.raises(ConditionSyntax):
        read(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("[__a__:value = 'x']", of("__a__", "=", "x")),
        ("/* why */ __a__:value = 'x' // because", of("__a__", "=", "x")),
        ("__a__:value\u00a0=\n'x'", of("__a__", "=", "x")),
        (r"__a__:value = 'it\'s \\ \d'", of("__a__", "=", r"it's \ \d")),
        ("__a__:value = -5", of("__a__", "=", -5)),
        ("__a__:value = +.5", of("__a__", "=", 0.5)),
        ("__a__:value = 123456789012345678901", of("__a__", "=", 123456789012345678901)),
        ("__a__:value = '__b__:value'", Comparison(Variable("__a__"), "=", Variable("__b__"))),
        ("__a__b__:value = true", of("__a__b__", "=", True)),
    ],
)
def test_the_grammar_is_read(text, wanted):
    assert read(text) == read(text, lenient=True) == wanted


@pytest.mark.parametrize(
    ("text", "at", "said"),
    [
        ("[__a__:value = 1] AND [__b__:value = 2]", 18, "one pair of brackets"),
        ("[__a__:value = 1] OR [__b__:value = 2]", 18, "one pair of brackets"),
        ("[__a__:value = 1] FOLLOWEDBY [__b__:value = 2]", 18, "observations"),
        ("__a__:value = 1 FOLLOWEDBY __b__:value = 2", 16, "observations"),
        ("[__a__:value = 1] WITHIN 300 SECONDS", 18, "observations"),
        ("[__a__:value = 1] REPEATS 5 TIMES", 18, "observations"),
        ("[__a__:value = 1] START t'2026-01-01T00:00:00Z' STOP t'2026-01-02T00:00:00Z'", 18, "observations"),
        ("([__a__:value = 1])", 1, "brackets"),
        ("__a__:value = ", 14, "expected a variable or a value"),
        ("__a__:value 'x'", 12, "expected a comparison"),
        ("__a__:value = 'x", 14, "never closed"),
        ("__a__:value = 'x' 'y'", 18, "AND, OR or the end"),
        ("__a__:value = 'x' )", 18, "AND, OR or the end"),
        ("(__a__:value = 'x'", 18, "expected )"),
        ("[__a__:value = 'x'", 18, "expected ]"),
        ("__a__:value NOT", 15, "expected a comparison"),
        ("__a__:value IN ()", 16, "expected a variable or a value"),
        ("__a__:value IN ('x' 'y')", 20, "expected )"),
        ("__a__:value MATCHES '('", 20, "pattern"),
        ("__a__:value MATCHES 5", 20, "single quotation marks"),
        ("__a__:value MATCHES '" + "a" * 1001 + "'", 20, "1000"),
        ("__a__:value ISSUBSET '10.0.0.0/99'", 21, "network"),
        ("__a__:value = t'yesterday'", 14, "a time is written"),
        ("__a__:value = t'2026-13-01T00:00:00Z'", 14, "a time is written"),
        ("__a__:value = h'0a0'", 14, "bytes are written"),
        ("__a__:value = b'?'", 14, "bytes are written"),
        ("__a__:value = " + "9" * 5_000, 14, "digits"),
        ("EXISTS 'x'", 7, "EXISTS asks for a variable"),
        ("__a__:value = 'x __b__:value'", 14, "not filled in"),
        ("1 = 1", 0, "variable"),
        ("'__a__' = 'x'", 0, "variable"),
        ("response:status == 200", 0, "variable"),
        ("Operator input to proceed", 0, "variable"),
        ("__a__:value = 'x' AND " * 500 + "__a__:value", LONGEST, "at most"),
        ("NOT " * 60 + "__a__:value", 200, "deep"),
        ("(" * 60 + "__a__:value" + ")" * 60, 50, "deep"),
    ],
)  # fmt: skip
def test_what_is_no_condition_is_refused_leniently_too_with_the_character(text, at, said):
    for lenient in (False, True):
        with pytest.raises(ConditionSyntax, match=r"at character \d+\)$") as refused:
            read(text, lenient=lenient)
    assert (refused.value.at, said in str(refused.value)) == (at, True), str(refused.value)
    assert str(refused.value).endswith(f"(at character {at + 1})")


@pytest.mark.parametrize(
    "text",
    [
        "__a__:value < true",
        "__a__:value > h'0a'",
        "__a__:value = 1.",
        "__a__:value = 1e3",
        "__a.b__:value = 1",
        "__1__:value = 1",
        "___a__:value = 1",
    ],
)
def test_what_the_grammar_does_not_say_is_refused_strictly(text):
    with pytest.raises(ConditionSyntax):
        read(text)


WORDS = re.findall(
    r"\S+",
    r"""__a__:value __b__:value __a__ 'x' '(a+)+$' 5 -0.5 true t'2026-01-01T00:00:00Z' h'0a' b'Cg==' = != < >= IN LIKE MATCHES
    ISSUBSET ISSUPERSET EXISTS NOT AND OR ( ) [ ] , "y" word \ ' /* //""",
)


@given(st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join) | st.text(max_size=80), st.booleans())
@example("\ud800 = '", True)
@example("'" + "\\" * 9_000, True)
@example("/*" * 5_000, True)
@example("__" * 5_000, False)
@settings(max_examples=400)
def test_any_text_is_read_or_refused_and_soon(text, lenient):
    began = time.perf_counter()
    try:
        condition = read(text, lenient=lenient)
    except ConditionSyntax as error:
        assert 0 <= error.at <= len(text)
        str(error).encode()
    else:
        assert condition == read(text, lenient=True)
    assert time.perf_counter() - began < 2


TRUTHS = st.recursive(
    st.sampled_from(["__t__:value", "__f__:value"]),
    lambda part: (
        st.tuples(part, part).map(" AND ".join)
        | st.tuples(part, part).map(" OR ".join)
        | part.map("NOT {}".format)
        | part.map("({})".format)
    ),
    max_leaves=8,
)


@given(TRUTHS)
def test_and_or_and_not_bind_as_they_do_in_python(text):
    python = {"__t__:value": "True", "__f__:value": "False", "AND": "and", "OR": "or", "NOT": "not"}
    meant = re.sub("|".join(python), lambda found: python[found[0]], text)
    assert holds(read(text), {"__t__": True, "__f__": False}) is eval(meant)
