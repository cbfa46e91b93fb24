"""Conditions of a book as people say them."""

import pytest

from playbooks.definition.aloud import said, words_of


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (
            "__severity__:value IN ('high', 'critical') AND __host_count__:value > 0",
            "severity is high or critical and host count is more than 0",
        ),
        ("__severity__:value NOT IN ('low', 'medium', 'high')", "severity is none of low, medium or high"),
        ("__host__:value LIKE '%dc%' OR __host__:value LIKE '%sql%'", "host contains dc or sql"),
        ("__host__:value NOT LIKE '%dc%'", "host does not contain dc"),
        ("__host__:value LIKE 'srv-%'", "host looks like srv-%"),
        ("NOT __host__:value = ''", "host is not empty"),
        ("(__a__:value = 'x' OR __b__:value) AND NOT __c__:value", "(a is x or b) and not c"),
        ("NOT (__a__:value = 1 AND __b__:value >= 2.5)", "not (a is 1 and b is at least 2.5)"),
        ("__a__:value NOT < 3", "a is not less than 3"),
        ("__a__:value <> true", "a is not true"),
        ("__host__:value MATCHES '^ws-'", "host matches ^ws-"),
        ("__host__:value NOT MATCHES __shape__:value", "host does not match shape"),
        ("__ip__:value ISSUBSET '10.0.0.0/8'", "ip lies in 10.0.0.0/8"),
        ("NOT __ip__:value ISSUBSET '10.0.0.0/8'", "ip does not lie in 10.0.0.0/8"),
        ("__net__:value ISSUPERSET '10.0.0.0/8'", "net contains the network 10.0.0.0/8"),
        ("EXISTS __a__:value OR NOT EXISTS __b__", "a is known or b is unknown"),
        ("__a__:value < t'2026-11-24T14:32:00Z'", "a is before 2026-11-24 14:32:00 UTC"),
        ("NOT __a__:value >= t'2026-11-24T14:32:00Z'", "a is before 2026-11-24 14:32:00 UTC"),
        ("__a__:value = h'0aff' OR __a__:value = -5", "a is the bytes 0aff or a is -5"),
        ("__should.run__:value = yes", "should.run is yes"),
        ("this is no condition", "this is no condition"),
    ],
)
def test_a_condition_is_said(condition, words):
    assert said(condition) == words


def test_variables_stand_in_brackets():
    assert words_of("Call about __host__:value, __isolation_key__:value") == "Call about [host], [isolation key]"
