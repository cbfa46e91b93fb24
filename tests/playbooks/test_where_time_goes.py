"""Where the time of a run went: every moment of it counts once, whatever runs beside each other."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from playbooks.definition.graph import compiled
from playbooks.queries.spending import spent
from playbooks.timing import BESIDE, WITHIN, Stretch, Times, of_the_run, settled, summed
from tests.playbooks.books import END, START, book, http, manual, step_id

NOW = datetime(2026, 11, 24, 14, 32, tzinfo=UTC)


def at(minutes):
    return NOW + timedelta(minutes=minutes)


def stretch(kind, begins, ends=None):
    return Stretch(kind, at(begins), None if ends is None else at(ends))


def minutes(**kinds):
    return Times(**{kind: value * 60.0 for kind, value in kinds.items()})


@pytest.mark.parametrize(
    ("steps", "whole"),
    [
        ([], minutes(line=60)),
        ([[("working", 0, 60)]], minutes(working=60)),
        ([[("working", 0, 10)], [("working", 5, 20)]], minutes(working=20, line=40)),
        ([[("people", 0, 40)], [("working", 10, 20)]], minutes(people=30, working=10, line=20)),
        ([[("timer", 0, None)], [("people", 30, 45)], [("product", 40, 50)]], minutes(timer=40, people=15, product=5)),
        ([[("book", 0, 60), ("people", 20, 30)]], minutes(book=50, people=10)),
        ([[("people", -10, 90)]], minutes(people=60)),
    ],
)
def test_a_moment_that_steps_share_counts_once_and_all_of_them_are_the_span(steps, whole):
    some = [[stretch(*one) for one in step] for step in steps]
    found = of_the_run(some, begins=NOW, ends=at(60))
    assert found == whole and found.total == 3600


def test_within_a_step_the_question_counts_and_not_the_call_that_it_is_about():
    some = [stretch("line", 0, 1), stretch("working", 1, 30), stretch("product", 2, 4), stretch("people", 10, 30)]
    assert summed(settled(some, WITHIN, begins=NOW, ends=at(60))) == minutes(line=1, working=7, product=2, people=20)


@pytest.mark.parametrize("seed", range(20))
def test_at_random_the_kinds_sum_up_to_the_span_and_no_step_has_more_than_it(seed):
    luck = Random(seed)
    steps = []
    for _ in range(luck.randint(0, 30)):
        some = [stretch(luck.choice(WITHIN), begins := luck.randint(-20, 90), begins + luck.randint(0, 40)) for _ in range(6)]
        steps.append(settled(some, WITHIN, begins=NOW, ends=at(60)))
        assert summed(steps[-1]).total <= 3600
        assert all(one.ends <= after.begins for one, after in zip(steps[-1], steps[-1][1:], strict=False))
    assert set(WITHIN) == set(BESIDE)
    whole = of_the_run(steps, begins=NOW, ends=at(60))
    assert whole.total == pytest.approx(3600)
    assert whole.working >= max((summed(step).working for step in steps), default=0)


@dataclass
class Row:
    """An attempt, an approval, a timer or an event as the reckoning reads them."""

    step_id: str = ""
    frame_id: int = 1
    kind: str = "http"
    ready_at: datetime = NOW
    started_at: datetime | None = None
    ended_at: datetime | None = None
    asked_at: datetime = NOW
    decided_at: datetime | None = None
    purpose: str = ""
    due_at: datetime = NOW
    fired_at: datetime | None = None
    at: datetime = NOW


BESIDES = book(
    {
        "start": START,
        "first": {"type": "parallel", "next_steps": [step_id("action", "call"), step_id("action", "ask")], "on_completion": "end"},
        "call": http("POST /siren HTTP/1.1", delay=600_000, on_completion="called"),
        "called": END,
        "ask": manual("Call the owner", on_completion="told"),
        "told": END,
        "end": END,
    },
    start="start",
)
CALL, ASK, BOTH = step_id("action", "call"), step_id("action", "ask"), step_id("parallel", "first")


def reckoned(attempts=(), approvals=(), timers=(), events=(), left=None, until=60):
    return spent(compiled(BESIDES), attempts, approvals, timers, events, left or {}, begins=NOW, ends=at(until))


def test_a_delay_is_waiting_for_a_time_and_a_missed_answer_waiting_for_the_product():
    call = Row(CALL, ready_at=at(10), started_at=at(11), ended_at=at(20))
    timers = [
        Row(purpose=f"delay:{CALL}:1", due_at=at(10), fired_at=at(10)),
        Row(purpose=f"check:{CALL}:1:1:0", due_at=at(13) + timedelta(seconds=2), fired_at=at(15)),
        Row(purpose=f"timeout:{CALL}:1", due_at=at(30)),
    ]
    told = reckoned([call], timers=timers, until=20)
    assert told.steps[CALL] == minutes(timer=10, line=1, working=7, product=2) == told.run


def test_a_retry_waits_for_the_product_as_long_as_it_was_set_for():
    tries = [Row(CALL, started_at=NOW, ended_at=at(1)), Row(CALL, ready_at=at(2), started_at=at(2), ended_at=at(3))]
    timers = [Row(purpose=f"retry:{CALL}:1:0.1:4", due_at=at(2), fired_at=at(2))]
    assert reckoned(tries, timers=timers, until=3).steps[CALL] == minutes(working=2, product=1)


def test_votes_answers_and_work_that_a_person_does_are_waiting_for_people():
    call = Row(CALL, ready_at=NOW, started_at=at(12), ended_at=None)
    asked = [Row(CALL, asked_at=at(1), decided_at=at(11))]
    events = [Row(CALL, kind="unknown", at=at(14)), Row(CALL, kind="answered", at=at(30)), Row(ASK, kind="unknown", at=at(40))]
    did = Row(ASK, kind="manual", ready_at=NOW, ended_at=at(5))
    told = reckoned([call, did], asked, events=events)
    assert told.steps[CALL] == minutes(line=2, people=26, working=32)
    assert told.steps[ASK] == minutes(people=5)
    assert told.run == minutes(working=32, people=27, line=1)


def test_a_block_has_no_time_of_its_own_but_the_question_that_it_asks():
    both = Row(BOTH, kind="parallel", started_at=NOW)
    assert BOTH not in reckoned([both]).steps or reckoned([both]).steps[BOTH] == Times()
    events = [Row(BOTH, kind="question", at=at(5)), Row(BOTH, kind="answered", at=at(9))]
    assert reckoned([both], events=events).steps[BOTH] == minutes(people=4)


def test_nothing_lasts_longer_than_the_branch_that_it_was_in():
    timers = [Row(purpose=f"delay:{CALL}:1", due_at=at(40))]
    assert reckoned(timers=timers, left={1: at(35)}).steps[CALL] == minutes(timer=5)
