"""Blocks: every step is reached, and every branch has an end of its own."""

import time
from typing import Any

from playbooks.definition.checking import check
from tests.playbooks.books import END, START, book, manual, step_id

FORK = {"type": "if-condition", "condition": "__a__:value = 'x'"}


def found(steps: dict[str, dict[str, Any]]) -> set[tuple[str, str, str]]:
    """Findings of the structure in a small book that begins at `start`."""
    document = book({"start": START, **steps}, start="start", a={})
    return {(one.code, one.severity, one.pointer.removeprefix("/workflow/")) for one in check(document) if one.code != "schema"}


def a(name: str) -> str:
    return step_id("action", name)


def test_two_branches_do_not_share_an_end() -> None:
    fork = {**FORK, "on_true": "yes", "on_false": "no", "on_completion": "end"}
    yes, no = manual("x", on_completion="both"), manual("x", on_completion="both")
    assert found({"first": fork, "yes": yes, "no": no, "both": END, "end": END}) == {("shared_end", "error", step_id("end", "both"))}


def test_a_branch_does_not_run_on_into_what_follows_its_block() -> None:
    fork = {**FORK, "on_true": "yes", "on_completion": "after"}
    steps = {"first": fork, "yes": manual("x", on_completion="after"), "after": manual("x", on_completion="end"), "end": END}
    assert found(steps) == {("shared_end", "error", step_id("end", "end"))}


def test_parallel_branches_do_not_begin_with_one_step() -> None:
    split = {"type": "parallel", "next_steps": [a("x"), a("x")], "on_completion": "end"}
    steps = {"first": split, "x": manual("x", on_completion="mine"), "mine": END, "end": END}
    assert found(steps) == {("shared_end", "error", step_id("end", "mine"))}


def test_a_branch_that_leads_back_to_its_block_has_no_end() -> None:
    loop = {"type": "while-condition", "condition": "__a__:value = 'x'", "on_true": "again", "on_completion": "end"}
    steps = {"first": loop, "again": manual("x", on_completion="first"), "end": END}
    assert found(steps) == {("branch_without_end", "error", f"{a('again')}/on_completion")}


def test_a_step_that_leads_nowhere_is_found_where_it_stands() -> None:
    fork = {**FORK, "on_true": "yes", "on_completion": "end"}
    assert found({"first": fork, "yes": manual("x"), "end": END}) == {("branch_without_end", "error", a("yes"))}
    only = {"first": manual("x", on_failure="end"), "end": END}
    assert found(only) == {("branch_without_end", "error", a("first"))}


def test_a_branch_that_goes_round_for_ever_has_no_end() -> None:
    fork = {**FORK, "on_true": "tick", "on_completion": "end"}
    steps = {"first": fork, "tick": manual("x", on_completion="tock"), "tock": manual("x", on_completion="tick"), "end": END}
    assert found(steps) == {
        ("branch_without_end", "error", f"{step_id('if-condition', 'first')}/on_true"),
        ("loop_outside_while", "warning", f"{a('tock')}/on_completion"),
    }


def test_a_way_back_with_a_way_out_is_a_warning() -> None:
    steps = {"first": manual("x", on_success="end", on_failure="wait"), "wait": manual("x", on_completion="first"), "end": END}
    assert found(steps) == {("loop_outside_while", "warning", f"{a('wait')}/on_completion")}


def test_a_step_that_nothing_leads_to_is_an_error_and_leniently_a_warning() -> None:
    steps = {
        "start": START,
        "first": manual("x", on_completion="end"),
        "end": END,
        "alone": manual("x", on_completion="apart"),
        "apart": END,
    }
    document = book(steps, start="start")
    for lenient, severity in ((False, "error"), (True, "warning")):
        assert {(one.code, one.severity, one.pointer) for one in check(document, lenient=lenient)} == {
            ("unreachable_step", severity, f"/workflow/{a('alone')}"),
            ("unreachable_step", severity, f"/workflow/{step_id('end', 'apart')}"),
        }


def test_the_exception_has_steps_of_its_own_or_shares_the_last() -> None:
    steps = {"start": START, "first": manual("x", on_completion="end"), "help": manual("x", on_completion="end"), "end": END}
    document = book(steps, start="start")
    document["workflow_exception"] = a("help")
    assert check(document) == []


def test_a_book_without_an_end_says_so() -> None:
    codes = {one[0] for one in found({"first": manual("x", on_completion="first")})}
    assert codes == {"no_end", "branch_without_end", "loop_outside_while"}


def test_blocks_within_blocks_have_a_bound_and_a_great_book_is_checked_soon() -> None:
    deep: dict[str, Any] = {}
    for level in range(150):
        fork = {**FORK, "on_true": step_id("if-condition", f"f{level + 1}") if level < 149 else "bottom", "on_completion": f"e{level}"}
        deep |= {f"f{level}": fork, f"e{level}": END}
    deep |= {"first": {**FORK, "on_true": "f0", "on_completion": "end"}, "bottom": END, "end": END}
    assert ("schema", "error") in {(one.code, one.severity) for one in check(book({"start": START, **deep}, start="start", a={}))}
    chain = {f"s{number}": manual("x", on_completion=f"s{number + 1}") for number in range(5000)}
    began = time.monotonic()
    assert found({"first": manual("x", on_completion="s0"), **chain, "s5000": END}) == set()
    assert time.monotonic() - began < 20
