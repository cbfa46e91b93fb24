"""Where the time of a run and of each of its steps went, reckoned from its attempts, approvals, timers and questions."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from playbooks.decide import BACKOFF_SECONDS
from playbooks.definition.graph import BOOK, Graph
from playbooks.models import Frame, Run, StepAttempt, Timer
from playbooks.queries.telling import ApprovalView, EventLine
from playbooks.timing import WITHIN, Stretch, Times, of_the_run, settled, summed

PURPOSE = re.compile(r"(delay|retry|check):(.+?):\d+(?::\d+\.\d+)?((?::\d+)*)")
ASKED, ANSWERED = ("question", "unknown"), "answered"


@dataclass(frozen=True)
class Spent:
    """The times of a run, and those of each of its steps: where branches ran beside each other, the steps' times are more together."""

    run: Times
    steps: Mapping[str, Times]
    timed: frozenset[str] = frozenset()  # the steps that wait for a timer now


def spent_by(
    run: Run, graph: Graph, attempts: Iterable[StepAttempt], approvals: Iterable[ApprovalView], events: Iterable[EventLine], now: datetime
) -> Spent:
    """Where the time of a run went until `now`, or until its end. Two queries: its timers and its frames."""
    ends = min(run.ended_at or now, now)
    left = {one.pk: one.ended_at for one in Frame.objects.filter(run=run).only("id", "ended_at")}
    timers = list(Timer.objects.filter(run=run).order_by("id"))
    return spent(graph, attempts, approvals, timers, events, left, begins=run.started_at, ends=ends)


def spent(
    graph: Graph,
    attempts: Iterable[Any],
    approvals: Iterable[Any],
    timers: Iterable[Any],
    events: Iterable[Any],
    left: Mapping[int, datetime | None],
    *,
    begins: datetime,
    ends: datetime,
) -> Spent:
    """The same from rows at hand. `left` says when each frame ended: nothing in it lasts longer. No query."""
    found: dict[str, list[Stretch]] = {}
    over: dict[str, datetime | None] = {}
    for attempt in attempts:
        over[attempt.step_id] = attempt.ended_at
        found.setdefault(attempt.step_id, []).extend(_ended_by(_of_attempt(graph, attempt), left.get(attempt.frame_id)))
    for one in approvals:
        found.setdefault(one.step_id, []).append(Stretch("people", one.asked_at, one.decided_at))
    timers = list(timers)
    for timer in timers:
        step, stretch = _of_timer(graph, timer)
        if stretch is not None:
            found.setdefault(step, []).extend(_ended_by([stretch], left.get(timer.frame_id)))
    for step, stretch in _questions(events, over):
        found.setdefault(step, []).append(stretch)
    steps = {step: settled(some, WITHIN, begins=begins, ends=ends) for step, some in found.items()}
    now_waiting = (_of_timer(graph, one)[0] for one in timers if one.fired_at is None and left.get(one.frame_id) is None)
    whole = of_the_run(steps.values(), begins=begins, ends=ends)
    return Spent(whole, {step: summed(some) for step, some in steps.items()}, frozenset(now_waiting) - {""})


def _of_attempt(graph: Graph, one: Any) -> Iterator[Stretch]:
    """A block has no time of its own, its branches have; what waits for a person is theirs from the first moment."""
    node = graph.nodes.get(one.step_id)
    if node is None or node.is_block:
        return
    if one.kind == "manual":
        yield Stretch("people", one.ready_at, one.ended_at)
        return
    yield Stretch("line", one.ready_at, one.started_at or one.ended_at)
    if one.started_at is not None:
        yield Stretch("book" if node.kind == BOOK else "working", one.started_at, one.ended_at)


def _of_timer(graph: Graph, timer: Any) -> tuple[str, Stretch | None]:
    """From when a timer was set until it fired; the timers that only bound a step are no waiting."""
    match = PURPOSE.fullmatch(timer.purpose)
    node = graph.nodes.get(match[2]) if match else None
    if match is None or node is None:
        return "", None
    if match[1] == "delay":
        seconds = node.delay_ms / 1000
    else:
        number = int(match[3].rpartition(":")[2] or 1) - (match[1] == "retry")
        seconds = BACKOFF_SECONDS[min(number, len(BACKOFF_SECONDS) - 1)]
    kind = "timer" if match[1] == "delay" else "product"
    return node.id, Stretch(kind, timer.due_at - timedelta(seconds=seconds), timer.fired_at or timer.due_at)


def _questions(events: Iterable[Any], over: Mapping[str, datetime | None]) -> Iterator[tuple[str, Stretch]]:
    """From each question of a step to the answer to it, or to the end of the step that was left without one."""
    asked: dict[str, datetime] = {}
    for one in events:
        if one.kind in ASKED:
            asked.setdefault(one.step_id, one.at)
        elif one.kind == ANSWERED and one.step_id in asked:
            yield one.step_id, Stretch("people", asked.pop(one.step_id), one.at)
    for step, at in asked.items():
        yield step, Stretch("people", at, over.get(step))


def _ended_by(stretches: Iterable[Stretch], end: datetime | None) -> Iterator[Stretch]:
    for one in stretches:
        yield one if end is None else Stretch(one.kind, one.begins, min(one.ends or end, end))
