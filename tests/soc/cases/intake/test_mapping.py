"""A dead letter can be read by a mapping of our fields to places in it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soc.cases.intake.mapping import mapped, normalise_mapped, resolve
from soc.cases.intake.normal import NormalAlert, Observable
from soc.cases.intake.problems import Problem

ALERT: dict[str, Any] = {
    "what": {"name": "Odd thing", "a/b": "slash", "m~n": "tilde", "": "empty"},
    "level": "HIGH",
    "where": ["ws-17", "ws-18"],
    "src": "10.0.0.5",
    "seen": [{"type": "mail", "value": "A@e.example"}],
}


def test_a_mapping_makes_the_plain_form() -> None:
    mapping = {"title": "/what/name", "severity": "/level", "entities": "/where/0", "observables": ["/src", "/seen"]}
    found = normalise_mapped(mapping, ALERT)
    assert isinstance(found, NormalAlert)
    assert (found.title, found.severity) == ("Odd thing", "high")
    assert found.entities == (Observable("host", "ws-17"),)
    assert {entry.value for entry in found.observables} == {"ws-17", "10.0.0.5", "a@e.example"}


@pytest.mark.parametrize(
    ("pointer", "value"),
    [("/what/a~1b", "slash"), ("/what/m~0n", "tilde"), ("/what/", "empty"), ("/where/1", "ws-18"), ("", ALERT)],
)
def test_pointers_are_those_of_rfc_6901(pointer: str, value: object) -> None:
    assert resolve(pointer, ALERT) == value


@pytest.mark.parametrize(
    ("mapping", "field"),
    [
        (None, "mapping"),
        ({}, "mapping"),
        ({"severity": "/level"}, "title"),
        ({"title": "/nowhere"}, "title"),
        ({"title": "what"}, "title"),
        ({"title": "/what/~2"}, "title"),
        ({"title": "/where/01"}, "title"),
        ({"title": "/where/-"}, "title"),
        ({"title": "/where/9"}, "title"),
        ({"title": 7}, "title"),
        ({"title": "/src", "color": "/src"}, "mapping"),
    ],
)
def test_a_mapping_that_cannot_be_followed_says_where(mapping: object, field: str) -> None:
    found = mapped(mapping, ALERT)
    assert isinstance(found, Problem)
    assert (found.code, found.field) == ("bad_mapping", field)


def test_what_the_mapping_leads_to_must_still_be_an_alert() -> None:
    found = normalise_mapped({"title": "/src", "severity": "/src"}, ALERT)
    assert isinstance(found, Problem)
    assert found.code == "bad_severity"


@given(
    st.dictionaries(st.sampled_from(["title", "entities", "x"]), st.text() | st.lists(st.text()) | st.none()),
    st.recursive(st.none() | st.text(), st.lists),
)
def test_no_mapping_breaks_it(mapping: object, alert: object) -> None:
    assert isinstance(normalise_mapped(mapping, alert), NormalAlert | Problem)
