"""What a run does next, as a table: no database, no clock, no network."""

import pytest

from playbooks.decide import (
    MOST_CHECKS,
    Begin,
    Check,
    Delay,
    Finish,
    GiveUp,
    Local,
    Pass,
    Place,
    Plan,
    Rescue,
    Return,
    Settle,
    Standing,
    Wait,
    decide,
)
from playbooks.definition.graph import Asking, Command, Graph, Node

HTTP, LOCAL = Command("http-api", "POST /x HTTP/1.1"), Command("local-action", "case.note")
NODES = {
    "start": Node("start", "start", "Start", next="act"),
    "act": Node("act", "action", "Act", next="end", on_failure="sorry", commands=(HTTP,), asking=Asking("Act?")),
    "free": Node("free", "action", "Free", next="end", commands=(HTTP,)),
    "local": Node("local", "action", "Local", next="end", commands=(LOCAL,)),
    "slow": Node("slow", "action", "Slow", next="end", commands=(LOCAL,), delay_ms=5000),
    "if": Node("if", "if-condition", "If", condition="__a__:value = 'x'", on_true="in", next="end"),
    "in": Node("in", "end", "In"),
    "sorry": Node("sorry", "end", "Sorry"),
    "end": Node("end", "end", "End"),
}
GRAPH = Graph("playbook--x", "Book", "", "start", "sorry", NODES, {})


def move(step, standing=None, *, failed="", graph=GRAPH, **place):
    return decide(graph, Place(step, **place), standing, {"__a__": "x"}, failed)


def test_control_steps_pass():
    assert move("start") == Pass("act")
    assert move("if").to == "in"
    assert move("in", opener="if") == Return("end")
    assert move("end") == Finish("done", "End")
    assert move("end", failed="It broke") == Finish("failed", "It broke")


@pytest.mark.parametrize(
    ("step", "standing", "wanted"),
    [
        ("act", None, Plan(1)),
        ("act", Standing("planned", "keyed", "http", approval="open"), Wait("approval")),
        ("act", Standing("planned", "keyed", "http", approval="approved"), Begin()),
        ("act", Standing("planned", "keyed", "http"), Wait("approval")),  # never without one
        ("act", Standing("skipped", "keyed", "http", approval="denied"), Settle("sorry")),
        ("act", Standing("skipped", "keyed", "http", approval="lapsed"), Settle("sorry")),
        ("act", Standing("skipped", "keyed", "http", approval="void"), Plan(2)),
        ("act", Standing("ok", "keyed", "http", approval="approved"), Settle("end")),
        ("act", Standing("unknown", "unsafe", "http", approval="approved"), Wait("person")),
        ("free", Standing("planned", "keyed", "http"), Begin()),
        ("free", Standing("started", "keyed", "http"), Check(repeat=False)),
        ("free", Standing("started", "verifiable", "http"), Check(repeat=False)),
        ("free", Standing("started", "idempotent", "http"), Check(repeat=True)),
        ("free", Standing("started", "read", "http"), Check(repeat=True)),
        ("free", Standing("failed", "keyed", "http", worth_retrying=False), Rescue("sorry")),
        ("local", Standing("planned"), Local()),
    ],
)
def test_an_action_goes_its_way(step, standing, wanted):
    assert move(step, standing) == wanted


def test_an_unsafe_effect_is_given_up_not_repeated():
    assert isinstance(move("free", Standing("started", "unsafe", "http")), GiveUp)
    assert isinstance(move("free", Standing("started", "keyed", "http", checks=MOST_CHECKS)), GiveUp)


def test_a_failure_that_may_pass_is_retried_after_a_pause_and_not_for_ever():
    failed = Standing("failed", "keyed", "http", worth_retrying=True)
    assert isinstance(move("free", failed), Delay)
    assert move("free", failed, timers={"retry:free:1:1": False}) == Wait("timer")
    assert move("free", failed, timers={"retry:free:1:1": True}) == Plan(2)
    assert move("free", Standing("failed", "keyed", "http", attempt=4, worth_retrying=True)) == Rescue("sorry")


def test_a_missed_answer_waits_for_its_timer_but_a_lost_worker_is_asked_after_at_once():
    started = Standing("started", "keyed", "http")
    assert move("free", started, timers={"check:free:1:1:0": False}) == Wait("timer")
    assert move("free", started, timers={"check:free:1:1:0": True}) == Check(repeat=False)


def test_a_delay_comes_before_the_step():
    assert move("slow") == Delay("delay:slow:1", 5.0)
    assert move("slow", timers={"delay:slow:1": False}) == Wait("timer")
    assert move("slow", timers={"delay:slow:1": True}) == Plan(1)


def test_a_failure_on_the_way_of_failures_ends_the_run():
    assert isinstance(move("free", Standing("failed"), failed="Already broken"), Finish)


def test_a_step_is_not_entered_without_end():
    assert isinstance(move("start", iteration=1001), Finish)
