"""What a run does next, as a table: no database, no clock, no network."""

import pytest

from playbooks.decide import MOST_CHECKS, Place, Standing, decide, is_overdue
from playbooks.definition.graph import Agent, Asking, Budget, Command, Graph, Node
from playbooks.moves import (
    Adopt,
    Arm,
    AskWhich,
    Begin,
    Break,
    CallBook,
    Check,
    Close,
    Delay,
    Finish,
    GiveUp,
    Local,
    Open,
    Pass,
    Plan,
    Rescue,
    Settle,
    TimedOut,
    Wait,
)

HTTP, LOCAL = Command("http-api", "POST /x HTTP/1.1"), Command("local-action", "case.note")
NODES = {
    "start": Node("start", "start", "Start", next="act"),
    "act": Node("act", "action", "Act", next="end", on_failure="sorry", commands=(HTTP,), asking=Asking("Act?")),
    "free": Node("free", "action", "Free", next="end", commands=(HTTP,)),
    "local": Node("local", "action", "Local", next="end", commands=(LOCAL,)),
    "slow": Node("slow", "action", "Slow", next="end", commands=(LOCAL,), delay_ms=5000),
    "if": Node("if", "if-condition", "If", condition="__a__:value = 'x'", on_true="in", next="end"),
    "in": Node("in", "end", "In"),
    "many": Node(
        "many", "action", "Many", next="end", commands=(LOCAL, LOCAL), targets=(Agent("a", "linux", "A"), Agent("b", "linux", "B"))
    ),
    "short": Node("short", "action", "Short", next="end", commands=(Command("manual", "Do it"),), timeout_ms=1000),
    "all": Node("all", "parallel", "All", next="end", next_steps=("in", "in2"), timeout_ms=1000),
    "loop": Node("loop", "while-condition", "Loop", condition="__a__:value = 'x'", on_true="in", next="end", budget=Budget(2, 60)),
    "same": Node("same", "switch-condition", "Same", switch="__n__", cases={"2": "in2", "2.50": "in", "default": "in2"}, next="end"),
    "which": Node("which", "switch-condition", "Which", switch="__a__", cases={"x": "in", "default": "in2"}, next="end"),
    "other": Node("other", "playbook-action", "Other", next="end", callee="playbook--y"),
    "in2": Node("in2", "end", "In too"),
    "sorry": Node("sorry", "end", "Sorry"),
    "end": Node("end", "end", "End"),
}
GRAPH = Graph("playbook--x", "Book", "", "start", "sorry", NODES, {})


def move(step, standing=None, *, failed="", graph=GRAPH, **place):
    return decide(graph, Place(step, **place), standing, {"__a__": "x", "__n__": 2.5}, failed)


def test_control_steps_pass():
    assert move("start") == Pass("act")
    assert move("if") == Open((("on_true", "in"),), "Yes")
    assert move("if", Standing("started")) == Settle("end")
    assert move("in", opener="if") == Close()
    assert move("end") == Finish("done", "End")
    assert move("end", failed="It broke") == Finish("failed", "It broke")


@pytest.mark.parametrize(
    ("step", "standing", "wanted"),
    [
        ("act", None, Plan(1)),
        ("act", Standing("planned", "keyed", "http", approval="open"), Wait("approval")),
        ("act", Standing("planned", "keyed", "http", approval="approved"), Begin()),
        ("act", Standing("planned", "keyed", "http"), Wait("approval")),  # never without one
        ("act", Standing("skipped", "keyed", "http", approval="denied"), Settle("sorry", "Act failed", failed=True)),
        ("act", Standing("skipped", "keyed", "http", approval="lapsed"), Settle("sorry", "Act failed", failed=True)),
        ("act", Standing("skipped", "keyed", "http", approval="void"), Plan(2)),
        ("act", Standing("ok", "keyed", "http", approval="approved"), Settle("end")),
        ("act", Standing("unknown", "unsafe", "http", approval="approved"), Wait("person")),
        ("free", Standing("planned", "keyed", "http"), Begin()),
        ("free", Standing("started", "keyed", "http"), Check(repeat=False)),
        ("free", Standing("started", "verifiable", "http"), Check(repeat=False)),
        ("free", Standing("started", "idempotent", "http"), Check(repeat=True)),
        ("free", Standing("started", "read", "http"), Check(repeat=True)),
        ("free", Standing("failed", "keyed", "http", worth_retrying=False), Rescue("sorry", "Free failed")),
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
    assert move("free", Standing("failed", "keyed", "http", attempt=4, worth_retrying=True)) == Rescue("sorry", "Free failed")


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


LOOP = {"budget:loop:1": False}


@pytest.mark.parametrize(
    ("step", "standing", "place", "wanted"),
    [
        ("many", Standing("ok"), {}, Plan(1, (0, 1))),
        ("many", Standing("ok", unit=(0, 1)), {}, Plan(1, (1, 0))),
        ("many", Standing("ok", unit=(1, 1)), {}, Settle("end")),
        ("short", None, {}, Arm("timeout:short:1", 1.0)),
        ("short", Standing("planned", kind="manual"), {"timers": {"timeout:short:1": False}}, Wait("person")),
        ("all", None, {"timers": {"timeout:all:1": False}}, Open((("0", "in"), ("1", "in2")), "2 branches")),
        ("all", Standing("started"), {}, Settle("end")),
        ("all", Standing("started", broken="It broke"), {"opener": "if"}, Break("It broke")),
        ("all", Standing("started", broken="It broke"), {}, Rescue("sorry", "It broke")),
        ("loop", None, {}, Arm("budget:loop:1", 60)),
        ("loop", None, {"timers": LOOP}, Open((("on_true", "in"),), "Yes, round 1")),
        ("loop", Standing("started", rounds=1), {"timers": LOOP}, Open((("on_true", "in"),), "Yes, round 2")),
        ("loop", Standing("ok", rounds=1, answer=False), {"timers": LOOP}, Settle("end", "No, after 1 round")),
        ("loop", Standing("unknown", rounds=1), {"timers": LOOP}, Wait("person")),
        ("which", None, {}, Open((("x", "in"),), "x")),
        ("same", None, {}, Open((("2.50", "in"),), "2.50")),
        ("which", Standing("ok", answer="default"), {}, Open((("default", "in2"),), "default")),
        ("other", None, {}, Plan(1)),
        ("other", Standing("planned"), {}, CallBook()),
        ("other", Standing("started", child="waiting"), {}, Wait("run")),
        ("other", Standing("started", child="failed"), {}, Adopt(ok=False)),
        ("other", Standing("ok", child="done"), {}, Settle("end")),
    ],
)
def test_every_kind_of_step_goes_its_way(step, standing, place, wanted):
    assert move(step, standing, **place) == wanted


def test_a_loop_ends_by_its_rounds_or_its_time():
    assert move("loop", Standing("started", rounds=2), timers=LOOP).outcome == "stopped"
    assert move("loop", Standing("started", rounds=1), timers={"budget:loop:1": True}).outcome == "stopped"


def test_a_step_whose_time_is_over_has_failed_and_names_itself():
    late = move("short", Standing("planned", kind="manual"), timers={"timeout:short:1": True})
    assert isinstance(late, TimedOut) and late.detail.startswith("ACTION_TIMEOUT") and late.detail.endswith("(short)")
    assert is_overdue(GRAPH.nodes["all"], Place("all", timers={"timeout:all:1": True}))
    assert not is_overdue(GRAPH.nodes["all"], Place("all", timers={"timeout:all:1": False}))


def test_an_end_waits_its_delay_too():
    late_end = Graph("playbook--x", "Book", "", "start", "", {"end": Node("end", "end", "End", delay_ms=1500)}, {})
    assert move("end", graph=late_end, opener="all") == Delay("delay:end:1", 1.5)
    assert move("end", graph=late_end, opener="all", timers={"delay:end:1": True}) == Close()


def test_what_values_cannot_decide_is_asked_and_a_failure_within_a_block_breaks_it():
    assert isinstance(decide(GRAPH, Place("if"), None, {}), AskWhich)
    assert move("free", Standing("failed"), opener="if") == Break("Free failed")
