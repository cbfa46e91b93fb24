"""Conditions: what they say, what they cannot say, and that nothing crashes the reader."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbooks.definition.conditions import ConditionSyntax, Undecidable, holds, read, variables_of

VALUES = {"__severity__": "high", "__host__": "ws-1", "__count__": "9", "__yes__": "true", "__empty__": ""}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("__severity__:value = 'high'", True),
        ("__severity__:value != 'high'", False),
        ("__severity__:value <> 'low'", True),
        ("__severity__:value IN ('high', 'critical')", True),
        ("__severity__:value NOT IN ('high', 'critical')", False),
        ("NOT __severity__:value = 'high'", False),
        ("__count__:value < 10", True),  # as numbers: as texts it would be false
        ("__count__:value < '10'", False),
        ("__count__:value >= 9.0", True),
        ("__host__:value LIKE 'WS-%'", False),
        ("__host__:value LIKE 'ws-_'", True),
        ("__host__:value NOT LIKE 'dc%'", True),
        ("__yes__:value", True),
        ("__yes__:value = true", True),
        ("__empty__:value = ''", True),
        ("__empty__:value", False),
        # AND binds closer than OR
        ("__severity__:value = 'low' AND __yes__:value OR __host__:value = 'ws-1'", True),
        ("__severity__:value = 'low' AND (__yes__:value OR __host__:value = 'ws-1')", False),
        ("not __severity__:value = 'low' and __count__:value = 9", True),
        (r"__host__:value = 'it\'s'", False),
    ],
)
def test_a_condition_holds_or_not(text, wanted):
    assert holds(read(text), VALUES) is wanted


@pytest.mark.parametrize(
    "text",
    ["", "Response received from the operator", "__a__:value =", "= 'x'", "__a__:value = 'x' AND", "(__a__:value", "__a__:value IN ()",
     "__a__:value IN 'x'", "'open", "__a__:value ~ 'x'", "__a__:value = 'x' 'y'", "__a__:value NOT", "(" * 60 + "__a__:value" + ")" * 60],
)  # fmt: skip
def test_what_is_no_condition_is_refused_with_the_place(text):
    with pytest.raises(ConditionSyntax) as refused:
        read(text)
    assert 0 <= refused.value.at <= len(text)


@pytest.mark.parametrize("text", ["__unknown__:value = 'x'", "__host__:value", "__host__:value < 5", "__count__:value = true"])
def test_what_the_values_do_not_answer_is_a_question_for_a_person(text):
    with pytest.raises(Undecidable):
        holds(read(text), VALUES)


def test_it_names_its_variables_once():
    assert variables_of(read("__a__:value = __b__:value OR NOT __a__:value IN (__c__:value, 'x')")) == ["__a__", "__b__", "__c__"]


@given(st.text(alphabet="_ab:value=<>!()'\\ ANDORTIL,0159.", max_size=60))
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(ConditionSyntax, Undecidable):
        holds(read(text), VALUES)
