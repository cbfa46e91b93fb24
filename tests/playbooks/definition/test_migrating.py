"""What a run's move to a newer version would change, keep, or is forbidden by."""

from copy import deepcopy
from typing import Any

import pytest

from playbooks.definition.graph import EXTENSION, compiled
from playbooks.definition.migrating import ASKED, BEGUN, CHANGES, FORBIDS, NOTHING, OPEN, PERSON, QUESTION, STAYS, Stand, migration
from tests.playbooks.books import END, START, book, http, manual, note, step_id

FIRST, ASK, LAST, LOOP, SIREN = (
    step_id(kind, name)
    for kind, name in (("action", "first"), ("action", "ask"), ("action", "last"), ("while-condition", "loop"), ("action", "siren"))
)
ASKING = {"step_extensions": {EXTENSION: {"approval": {"title": "Sound it at __host__:value"}}}}
OLD = book(
    {
        "start": START,
        "first": note("began on __host__:value, level __level__:value", on_completion="siren"),
        "siren": http("POST /__host__:value HTTP/1.1", on_success="loop", on_failure="end", **ASKING),
        "loop": {
            "type": "while-condition",
            "name": "Until quiet",
            "condition": "__host__:value = 'a'",
            "on_true": "ask",
            "on_completion": "last",
            "step_extensions": {EXTENSION: {"budget": {"iterations": 9}}},
        },
        "ask": manual("Call them", on_completion="inner"),
        "inner": END,
        "last": note("over", on_completion="end"),
        "end": END,
    },
    start="start",
    host={},
    level={"external": False, "constant": True, "value": "3"},
)


def changed(*path: Any, to: Any) -> dict[str, Any]:
    made = deepcopy(OLD)
    *way, last = path
    at = made
    for one in way:
        at = at[one]
    if to is None:
        del at[last]
    else:
        at[last] = to
    return made


def lines(new: dict[str, Any], *stands: Stand, taken: tuple[str, ...] = (OLD["workflow_start"], FIRST)) -> Any:
    return migration(compiled(OLD), compiled(new), taken=taken, stands=stands)


STEP = ("workflow", SIREN)
HERE = Stand(SIREN, ASKED)


@pytest.mark.parametrize(
    ("new", "stand", "text"),
    [
        (changed("workflow", FIRST, "on_completion", to=LAST), HERE, "“case.note” was taken, and the new version changes where it leads."),
        (changed("workflow", FIRST, "delay", to=5), HERE, "changes its times."),
        (changed("workflow", FIRST, "step_extensions", EXTENSION, "arguments", "text", to="x"), HERE, "changes what it does."),
        (changed("playbook_variables", "__host__", to=None), HERE, "The variable __host__ is gone"),
        (changed("playbook_variables", "__host__", "type", to="integer"), HERE, "is of type integer now, and was string"),
        (changed("playbook_variables", "__level__", "value", to="4"), HERE, "“case.note”, which was taken, read it"),
        (changed("workflow", SIREN, to=None), HERE, "The run stands at “Sound the siren”, and the new version does not have it."),
        (changed(*STEP, to=OLD["workflow"][LOOP]), HERE, "whose kind is while-condition now and was action"),
        (changed(*STEP, "step_extensions", to=None), HERE, "waits for votes, and the new version asks nobody there"),
        (changed(*STEP, "commands", 0, "command", to="GET / HTTP/1.1"), Stand(SIREN, BEGUN), "has begun, and the new version changes"),
        (changed("workflow", LOOP, "condition", to="__host__:value = 'b'"), Stand(LOOP, OPEN, 2), "“Until quiet” has begun"),
        (changed("workflow", LOOP, "on_true", to=LAST), Stand(LOOP, OPEN, 2), "changes its branches"),
        (changed("workflow", ASK, "commands", 0, "type", to="bash"), Stand(ASK, PERSON), "has other commands or targets"),
    ],
)
def test_what_was_done_or_has_begun_must_be_as_it_was(new, stand, text):
    made = lines(new, stand)
    assert not made.is_allowed
    assert [one.text for one in made.lines if one.kind == FORBIDS and text in one.text], made.lines


@pytest.mark.parametrize(
    ("new", "stand", "text", "anew"),
    [
        (changed(*STEP, "commands", 0, "command", to="POST /all HTTP/1.1"), HERE, "approval becomes void", "asked_anew"),
        (changed(*STEP, "step_extensions", EXTENSION, "approval", "title", to="x"), HERE, "approval becomes void", "asked_anew"),
        (changed("workflow", ASK, "commands", 0, "command", to="Call"), Stand(ASK, PERSON), "is written anew", "told_anew"),
        (changed("workflow", LOOP, "condition", to="__host__:value = 'b'"), Stand(LOOP, QUESTION), "is decided anew", "decided_anew"),
        (changed("workflow", LOOP, "step_extensions", EXTENSION, "budget", "iterations", to=2), Stand(LOOP, OPEN, 2), "2 rounds", ""),
        (changed("workflow", LAST, "name", to="Ended"), HERE, "“Ended”: its words.", ""),
        (changed("workflow", LAST, "delay", to=1), HERE, "“case.note”: its times.", ""),
        (changed(*STEP, "on_failure", to=LAST), Stand(SIREN, BEGUN), "where it leads", ""),
        (changed(*STEP, "delay", to=9), Stand(SIREN, NOTHING), "nothing began yet: its times", ""),
        (changed("workflow_exception", to=LAST), HERE, "A failure that no step catches leads to “case.note”", ""),
        (changed("playbook_variables", "__x__", to={"type": "string", "value": "1"}), HERE, "__x__ is new: it begins with “1”", ""),
    ],
)
def test_what_lies_ahead_may_change_and_is_told(new, stand, text, anew):
    made = lines(new, stand)
    assert made.is_allowed, made.lines
    assert [one for one in made.lines if one.kind == CHANGES and text in one.text], made.lines
    found = {name for name in ("asked_anew", "told_anew", "decided_anew") if getattr(made, name)}
    assert found == ({anew} if anew else set())


def test_the_same_content_changes_nothing():
    made = lines(deepcopy(OLD), HERE, Stand(LOOP, QUESTION), Stand(ASK, PERSON), Stand(LAST))
    assert made.is_allowed and {one.kind for one in made.lines} == {STAYS} and not made.values


def test_a_constant_that_nobody_read_takes_its_new_value_and_a_new_variable_its_first():
    new = changed("playbook_variables", "__level__", "value", to="4")
    new["playbook_variables"]["__x__"] = {"type": "string"}
    made = lines(new, Stand(FIRST), taken=(OLD["workflow_start"],))
    assert made.is_allowed and made.values == {"__level__": "4", "__x__": None}


def test_a_loop_that_had_its_new_budget_is_said_to_be_stopped():
    new = changed("workflow", LOOP, "step_extensions", EXTENSION, "budget", "iterations", to=2)
    (said,) = [one.text for one in lines(new, Stand(LOOP, OPEN, 3)).lines if one.kind == CHANGES]
    assert "the run is stopped if its condition still holds" in said


def test_a_step_taken_in_an_earlier_round_is_history_where_the_run_stands_at_it_again():
    new = changed("workflow", ASK, "commands", 0, "command", to="Call twice")
    assert lines(new, Stand(ASK, PERSON)).is_allowed
    assert not lines(new, Stand(ASK, PERSON), taken=(OLD["workflow_start"], ASK)).is_allowed


def test_steps_that_come_and_go_ahead_are_told():
    new = changed("workflow", LAST, to=None)
    new["workflow"][LOOP]["on_completion"] = step_id("action", "other")
    new["workflow"][step_id("action", "other")] = {**OLD["workflow"][LAST], "name": "Another"}
    assert {"“Another” is new.", "“case.note” is gone.", "“Until quiet”: where it leads."} <= {one.text for one in lines(new, HERE).lines}
