"""The layout extension: a place for every step, added on the way out and known again on the way in."""

import copy
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playbooks.definition.layout import LAYOUT, as_it_was, layout_of, lines_of, places, with_layout, without_layout
from tests.playbooks.books import END, START, book, note, step_id

BLOCKS = {
    "start": START,
    "first": {"type": "if-condition", "condition": "__a__:value = 'b'", "on_true": "yes", "on_false": "no", "on_completion": "loop"},
    "yes": note("yes", on_success="yes end", on_failure="failed"),
    "yes end": END,
    "failed": END,
    "no": END,
    "loop": {"type": "while-condition", "condition": "__a__:value = 'b'", "on_true": "round", "on_completion": "done"},
    "round": note("round", on_completion="round end"),
    "round end": END,
    "done": END,
}


def small(**steps: dict[str, Any]) -> dict[str, Any]:
    return book({**BLOCKS, **steps}, start="start")


def fork() -> dict[str, Any]:
    """A parallel and a switch, whose ways are lists and dictionaries of steps."""
    document = small()
    one, two = step_id("action", "yes"), step_id("action", "round")
    document["workflow"][step_id("parallel", "p")] = {"type": "parallel", "next_steps": [one, two]}
    document["workflow"][step_id("switch-condition", "s")] = {
        "type": "switch-condition",
        "switch": "__a__",
        "cases": {"x": one, "default": two},
    }
    return document


@pytest.mark.parametrize("document", [small(), fork()], ids=["blocks", "forks"])
def test_every_step_has_a_place_and_no_two_overlap(document):
    at = places(document)
    assert set(at) == set(document["workflow"])
    for (one, a), (other, b) in combinations(at.items(), 2):
        apart = abs(a.x - b.x) >= (a.width + b.width) // 2 or abs(a.y - b.y) >= (a.height + b.height) // 2
        assert apart, f"{one} and {other}"


def test_the_way_of_success_runs_from_left_to_right_and_branches_lie_below_it():
    at = places(small())
    main = [at[step_id(kind, name)] for kind, name in (("start", "start"), ("if-condition", "first"), ("while-condition", "loop"))]
    assert [one.y for one in main] == [main[0].y] * 3
    assert [one.x for one in main] == sorted(one.x for one in main)
    assert at[step_id("action", "yes")].y > main[0].y


def test_every_way_out_is_a_line_from_the_side_of_one_step_to_the_side_of_the_next():
    document = fork()
    at = places(document)
    for key, step in with_layout(document)["workflow"].items():
        drawn = step["step_extensions"][LAYOUT]["coordinates"]["outgoing_connections"]
        assert [one["connection_type"] for one in drawn] == [line.kind for line in lines_of(document["workflow"][key])]
        for line, one in zip(lines_of(document["workflow"][key]), drawn, strict=True):
            assert len(one["x"]) == len(one["y"]) >= 2
            assert (one["x"][0], one["y"][0]) == (at[key].x + at[key].width // 2, at[key].y)
            assert (one["x"][-1], one["y"][-1]) == (at[line.target].x - at[line.target].width // 2, at[line.target].y)
    kinds = {line.kind for step in document["workflow"].values() for line in lines_of(step)}
    assert kinds == {"on-completion", "on-success", "on-failure", "on-true", "on-false", "cases", "next-steps"}


def test_the_extension_has_the_shape_of_its_schemas_and_what_roaster_reads_beside_it():
    document = with_layout(fork())
    canvas = document["playbook_extensions"][LAYOUT]["canvas"]
    assert document["extension_definitions"][LAYOUT]["type"] == "extension-definition"
    for step in document["workflow"].values():
        held = step["step_extensions"][LAYOUT]
        assert held["type"] == "layout"
        assert 0 < held["coordinates"]["x"] < canvas["width"] and 0 < held["coordinates"]["y"] < canvas["height"]
        assert {key: held[key] for key in held["coordinates"]} == held["coordinates"]
        for one in held["outgoing_connections"]:
            assert one["type"] == one["connection_type"]
    switch = document["workflow"][step_id("switch-condition", "s")]["step_extensions"][LAYOUT]["outgoing_connections"]
    assert [one["case"] for one in switch] == ["default", "x"]
    parallel = document["workflow"][step_id("parallel", "p")]["step_extensions"][LAYOUT]["outgoing_connections"]
    assert [one["next_step"] for one in parallel] == document["workflow"][step_id("parallel", "p")]["next_steps"]


@pytest.mark.parametrize("document", [small(), fork()], ids=["blocks", "forks"])
def test_what_was_added_is_known_again_and_nothing_given_is_touched(document):
    before = copy.deepcopy(document)
    leaving = with_layout(document)
    assert document == before and leaving != document
    assert as_it_was(leaving) == document
    assert with_layout(leaving) == leaving
    assert as_it_was(document) == document


def test_a_layout_of_others_stays_and_leaves_as_it_came():
    own = with_layout(small())
    own["workflow"][step_id("start", "start")]["step_extensions"][LAYOUT]["x"] += 7
    assert as_it_was(own) == own and with_layout(own) == own
    assert len(layout_of(own)) == len(BLOCKS) + 2


def test_a_signed_document_leaves_exactly_as_it_was_signed():
    signed = {**small(), "signatures": [{"type": "jss"}]}
    assert with_layout(signed) == signed
    signed_with = {**with_layout(small()), "signatures": [{"type": "jss"}]}
    assert as_it_was(signed_with) == signed_with and with_layout(signed_with) == signed_with


@pytest.mark.parametrize("empty", ["extension_definitions", "playbook_extensions", "step_extensions"])
def test_a_document_whose_empty_place_would_be_lost_leaves_without_a_layout(empty):
    document = small()
    holder = document["workflow"][step_id("end", "no")] if empty == "step_extensions" else document
    holder[empty] = {}
    assert as_it_was(with_layout(document)) == document


def test_other_extensions_are_left_alone():
    document = small()
    assert document["workflow"][step_id("action", "yes")]["step_extensions"]
    document["extension_definitions"] = {"extension-definition--x": {"type": "extension-definition"}}
    assert without_layout(with_layout(document)) == document


ids = st.sampled_from([f"s{n}" for n in range(8)])
steps = st.fixed_dictionaries(
    {"type": st.sampled_from(["start", "end", "action", "parallel", "other"])},
    optional={
        **dict.fromkeys(("on_completion", "on_success", "on_failure", "on_true", "on_false"), ids),
        "next_steps": st.lists(ids, max_size=4),
        "cases": st.dictionaries(st.text(max_size=3), ids, max_size=4),
        "step_extensions": st.dictionaries(st.sampled_from(["a", LAYOUT]), st.just({}), max_size=2),
    },
)


@settings(max_examples=300, deadline=None)
@given(st.fixed_dictionaries({"workflow": st.dictionaries(ids, steps, max_size=8), "workflow_start": ids}))
def test_however_steps_point_at_each_other_each_has_one_place_and_the_way_back_is_exact(document):
    at = places(document)
    assert set(at) == set(document["workflow"])
    assert len({(one.x, one.y) for one in at.values()}) == len(at)
    once = as_it_was(document)
    assert as_it_was(with_layout(once)) == once


def test_ten_thousand_branches_are_laid_out_in_time():
    ends = {f"e{n}": {"type": "end"} for n in range(10_000)}
    assert len(places({"workflow": {"p": {"type": "parallel", "next_steps": list(ends)}, **ends}, "workflow_start": "p"})) == 10_001
