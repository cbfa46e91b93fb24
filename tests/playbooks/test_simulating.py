"""Simulating a playbook: it always comes to an end, what it is given counts as it should, and bad inputs are told plainly."""

import json
import time
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from playbooks.definition.graph import EXTENSION, compiled
from playbooks.simulation.inputs import UnfitInputs, inputs_in, inputs_of
from playbooks.simulation.walking import MOST_STEPS, Walk, simulate
from tests.playbooks.books import END, START, book, manual, note, step_id

GO = "__go__:value = 'y'"


def walked(document: dict[str, Any], variables: dict[str, Any] | None = None, **answers: list[dict[str, Any]]) -> Walk:
    """A book's walk; answers are named by the steps' short names."""
    named = {step_id("action", short): some for short, some in answers.items()}
    return simulate(compiled(document), inputs_of({"variables": variables or {}, "answers": named}))


def outcomes(walk: Walk) -> list[str]:
    return [one.outcome for one in walk.steps]


def simple(**ways: Any) -> dict[str, Any]:
    return book(
        {"start": START, "first": manual("Look", **(ways or {"on_completion": "end"})), "end": END}, start="start", x={"value": "a"}
    )


def test_approvals_count_as_given_and_actions_on_the_subject_touch_nothing():
    asking = note("Isolated", on_completion="end")
    asking["step_extensions"] = {EXTENSION: {"approval": {"title": "Isolate the host"}}}
    walk = walked(book({"start": START, "first": asking, "end": END}, start="start"))
    assert (walk.outcome, outcomes(walk)) == ("completed", ["success"] * 3)


def test_our_named_outputs_may_be_answered():
    step = note("Look", on_completion="end")
    step["step_extensions"][EXTENSION]["outputs"] = {"__x__": "number"}
    document = book({"start": START, "first": step, "end": END}, start="start", x={"value": "a"})
    answer = [{"out_args": {"__x__": "42", "__y__": "no such variable"}}]
    assert walked(document, first=answer).variables == {"__x__": "42"}


def test_the_budget_of_rounds_that_a_book_gives_ends_its_loop():
    loop = {"type": "while-condition", "condition": GO, "on_true": "round", "on_completion": "end"}
    loop["step_extensions"] = {EXTENSION: {"budget": {"iterations": 3}}}
    document = book({"start": START, "first": loop, "round": END, "end": END}, start="start", go={"value": "y", "external": False})
    walk = walked(document)
    assert walk.outcome == "stopped"
    assert outcomes(walk) == ["success", "stopped", *["success"] * 3]
    assert "3 rounds" in walk.reason


def nested_loops(deep: int) -> dict[str, Any]:
    steps: dict[str, Any] = {"start": {"type": "start", "on_completion": "w0"}, "end": END, f"w{deep}": END}
    for n in range(deep):
        steps[f"w{n}"] = {"type": "while-condition", "condition": GO, "on_true": f"w{n + 1}", "on_completion": f"e{n}" if n else "end"}
        steps[f"e{n}"] = END
    del steps["e0"]
    return book(steps, start="start", go={"value": "y", "external": False})


def test_loops_in_loops_are_stopped_soon():
    began = time.monotonic()
    walk = walked(nested_loops(5))
    assert walk.outcome == "stopped"
    assert len(walk.steps) <= MOST_STEPS + 1
    assert time.monotonic() - began < 30


def test_a_loop_that_reads_much_is_stopped_soon():
    document = nested_loops(2)
    document["playbook_variables"]["__much__"] = {"type": "string", "value": "a" * 5_000_000}
    for step in document["workflow"].values():
        if step["type"] == "while-condition":
            step["condition"] = f"__much__:value LIKE '%b%' OR {GO}"
    began = time.monotonic()
    assert walked(document).outcome == "stopped"
    assert time.monotonic() - began < 30


def test_ten_thousand_blocks_in_each_other_end_with_the_time_of_the_outermost():
    deep = 10_000
    steps: dict[str, Any] = {"start": {"type": "start", "on_completion": "b0"}, "end": END}
    for n in range(deep):
        inner = f"b{n + 1}" if n < deep - 1 else "first"
        steps[f"b{n}"] = {"type": "if-condition", "condition": GO, "on_true": inner, "on_completion": f"e{n}" if n else "end"}
        if n:
            steps[f"e{n}"] = END
    steps["b0"]["timeout"] = 1000
    steps |= {"first": manual("Wait", on_completion="last", timeout=5000), "last": END}
    walk = walked(book(steps, start="start", go={"value": "y"}), first=[{"outcome": "timeout"}])
    assert (walk.outcome, walk.seconds) == ("failed", 1.0)
    assert set(outcomes(walk)[1:]) == {"timeout"}
    assert walk.steps[1].detail.startswith("ACTION_TIMEOUT")


def test_a_delay_of_centuries_is_stopped():
    walk = walked(simple(on_completion="end", delay=2**53 - 1))
    assert (walk.outcome, outcomes(walk)) == ("stopped", ["success", "stopped"])
    assert "virtual time" in walk.reason


def test_a_step_without_a_timeout_of_its_own_that_never_answers_ends_after_a_day():
    walk = walked(simple(on_completion="end"), first=[{"outcome": "timeout"}])
    assert (walk.outcome, walk.seconds, outcomes(walk)) == ("failed", 86400.0, ["success", "timeout"])


def test_a_value_of_another_type_is_told_as_it_was_given():
    document = simple(on_completion="end", out_args=["__x__"])
    document["playbook_variables"]["__x__"] = {"type": "integer", "value": "1"}
    assert walked(document, first=[{"out_args": {"__x__": "many"}}]).variables == {"__x__": "many"}
    assert walked(document, first=[{"out_args": {"__x__": 2}}]).variables == {"__x__": 2}
    assert walked(document).variables == {"__x__": "1"}


@pytest.mark.parametrize(
    ("declared", "then"),
    [
        ({"value": "a", "external": True}, "b"),
        ({"value": "a", "external": False}, "a"),
        ({"value": None, "external": False}, "b"),
        ({"value": "a", "external": True, "constant": True}, "a"),
    ],
)
def test_a_caller_gives_external_variables_and_those_without_a_value(declared: dict[str, Any], then: str):
    document = simple()
    document["playbook_variables"]["__x__"] = {"type": "string", **declared}
    assert walked(document, {"__x__": "b"}).variables == {"__x__": then}


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        (b"{", "This is no JSON"),
        (b"\xff", "not UTF-8"),
        (b"[]", "the inputs: this is no JSON object"),
        (b'{"answer": {}}', "answer is nothing that a simulation takes"),
        (b'{"variables": []}', "variables: this is no JSON object"),
        (b'{"answers": {"a": {}}}', "answers/a: this is no list"),
        (b'{"answers": {"a": [1]}}', "answers/a/0: this is no JSON object"),
        (b'{"answers": {"a": [{"outcome": "lost"}]}}', "answers/a/0/outcome: write success, failure or timeout"),
        (b'{"answers": {"a": [{"outcome": []}]}}', "answers/a/0/outcome: write success, failure or timeout"),
        (b'{"answers": {"a": [{"out_args": 1}]}}', "answers/a/0/out_args: this is no JSON object"),
    ],
)
def test_inputs_that_do_not_fit_are_told_with_their_place(inputs: bytes, said: str):
    with pytest.raises(UnfitInputs, match=said):
        inputs_in(inputs)


# The command


def run(tmp_path: Any, document: Any, *options: str, inputs: Any = None) -> tuple[str, str, int]:
    """Standard output, standard error and exit code."""
    file, out, err = tmp_path / "book.json", StringIO(), StringIO()
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    more = list(options)
    if inputs is not None:
        (tmp_path / "inputs.json").write_text(json.dumps(inputs))
        more += ["--inputs", str(tmp_path / "inputs.json")]
    try:
        call_command("simulate_playbook", str(file), *more, stdout=out, stderr=err)
    except CommandError as error:
        return out.getvalue(), f"{err.getvalue()}{error}", error.returncode
    return out.getvalue(), err.getvalue(), 0


def test_the_command_prints_one_object_and_exits_with_zero_for_every_outcome(tmp_path: Any):
    first = step_id("action", "first")
    document = simple(on_completion="end", timeout=5000)
    for outcome, wanted in (("success", "completed"), ("failure", "failed"), ("timeout", "failed")):
        out, err, code = run(tmp_path, document, "--json", inputs={"answers": {first: [{"outcome": outcome}]}})
        result = json.loads(out)
        assert (result["outcome"], code, err) == (wanted, 0, "")
        assert result["steps"][1] == {"step": first, "iteration": 1, "outcome": outcome}
        assert result["variables"] == {"__x__": "a"}
    assert result["elapsed_ms"] == 5000


def test_the_command_tells_people_the_way(tmp_path: Any):
    out, _, code = run(
        tmp_path, simple(on_success="end", on_failure="first"), inputs={"answers": {step_id("action", "first"): [{"outcome": "failure"}]}}
    )
    assert code == 0
    assert [line.split()[1:] for line in out.splitlines()[:3]] == [
        ["success", "Start"],
        ["failure", "Look:", "Look", "failed"],
        ["success", "Look", "(2)"],
    ]
    assert "completed after 0:00:00" in out
    assert '__x__ = "a"' in out


def test_the_command_gives_every_finding_of_an_invalid_file_and_exits_with_two(tmp_path: Any):
    document = simple(on_success="action--gone", on_failure="end--gone")
    out, err, code = run(tmp_path, document, "--json")
    found = json.loads(out)
    assert code == 2
    assert "is not valid" in err
    assert {one["pointer"].rpartition("/")[2] for one in found if one["code"] == "dangling_step"} == {"on_success", "on_failure"}
    assert all(set(one) == {"file", "code", "severity", "pointer", "message"} for one in found)
    out, _, code = run(tmp_path, "{nothing")
    assert code == 2
    assert "error unreadable at the whole document" in out


def test_the_command_says_what_it_leaves_out_and_what_it_cannot_read(tmp_path: Any):
    inputs = {"variables": {"__y__": "b"}, "answers": {"action--other": []}}
    _, err, code = run(tmp_path, simple(), "--json", inputs=inputs)
    assert code == 0
    assert "variables/__y__" in err
    assert "answers/action--other" in err
    _, err, code = run(tmp_path, simple(), inputs=[])
    assert code == 1
    assert "inputs.json: the inputs: this is no JSON object" in err
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("simulate_playbook", str(tmp_path / "book.json"), inputs=str(tmp_path / "nothing.json"))
    out = StringIO()
    with pytest.raises(CommandError, match="is not valid") as refused:
        call_command("simulate_playbook", str(tmp_path / "nothing.json"), "--json", stdout=out)
    assert refused.value.returncode == 2
    assert [one["code"] for one in json.loads(out.getvalue())] == ["unreadable"]


def test_the_command_spells_out_what_would_move_a_terminal(tmp_path: Any):
    document = simple()
    next(iter(document["workflow"].values()))["name"] = "Begin \x1b[2J"
    document["playbook_variables"]["__x__"]["value"] = "\x9b2J"
    out, _, code = run(tmp_path, document)
    assert code == 0
    assert "Begin \\x1b[2J" in out
    assert not [c for c in out if not c.isprintable() and c != "\n"]


def test_half_a_character_in_the_inputs_is_no_failure(tmp_path: Any):
    inputs = {"variables": {"__x__": "\ud800"}}
    out, _, code = run(tmp_path, simple(), "--json", inputs=inputs)
    assert (json.loads(out)["variables"], code) == ({"__x__": "\ud800"}, 0)
    assert run(tmp_path, simple(), inputs=inputs)[2] == 0
