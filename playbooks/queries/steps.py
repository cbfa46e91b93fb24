"""The steps of a run as people read them: what became of each, where its time went."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from playbooks.definition.graph import Graph, Node
from playbooks.models import Run, StepAttempt
from playbooks.queries.telling import ApprovalView, StepView
from playbooks.rendering import lines
from playbooks.states import EffectClass, RunState
from playbooks.timing import Times, split

CONTROL = {
    "start": "Start",
    "end": "End",
    "if-condition": "Decision",
    "switch-condition": "Decision",
    "while-condition": "Loop",
    "parallel": "Side by side",
    "playbook-action": "Another playbook",
}
SAID = {
    "done": "Done",
    "running": "Running",
    "waits_vote": "Waits for vote",
    "waits_person": "Waits for an answer",
    "waits_timer": "Waits for a time",
    "skipped": "Not done",
    "failed": "Failed",
    "unknown": "Result not known, waits for an answer",
    "not_started": "Not started",
    "not_taken": "Not taken",
}


def steps_of(
    run: Run, graph: Graph, attempts: Iterable[StepAttempt], approvals: Iterable[ApprovalView], now: datetime
) -> tuple[StepView, ...]:
    """Every step of the book in its order, with what this run did of it. No query. Ends that were not reached are left out."""
    made: dict[str, list[StepAttempt]] = {}
    for one in attempts:
        made.setdefault(one.step_id, []).append(one)
    asked: dict[str, list[ApprovalView]] = {}
    for view in approvals:
        asked.setdefault(view.step_id, []).append(view)
    steps = []
    for step in graph.order():
        node = graph.nodes[step]
        if node.kind == "end" and step not in made:
            continue
        steps.append(_step(run, node, made.get(step, []), asked.get(step, []), now))
    return tuple(steps)


def _step(run: Run, node: Node, made: list[StepAttempt], asked: list[ApprovalView], now: datetime) -> StepView:
    latest = made[-1] if made else None
    state = _state(run, latest, asked)
    said = SAID[state]
    if latest is not None and node.kind == "if-condition" and state == "done" and latest.detail in ("Yes", "No"):
        said = latest.detail
    if state == "running" and latest is not None and latest.attempt > 1:
        said = f"Running, attempt {latest.attempt}"
    waits = [(one.asked_at, one.decided_at) for one in asked]
    times = sum((_times(one, waits, now) for one in made), Times())
    rendered: dict[str, Any] = latest.rendered if latest else {}
    return StepView(
        id=node.id,
        public_id=str(latest.public_id) if latest else "",
        name=node.name,
        description=node.description,
        kind=node.kind,
        who=_who(node, rendered),
        state=state,
        said=said,
        detail=latest.detail if latest else "",
        attempts=len(made),
        began=made[0].ready_at if made else None,
        ended=latest.ended_at if latest else None,
        times=times,
        effect=str(EffectClass(latest.effect_class).label) if latest and rendered else "",
        effect_key=latest.effect_key if latest and rendered else "",
        lines=lines(rendered),
        undo_text=(rendered.get("undo") or {}).get("text", ""),
        assigned=tuple((name, str(was or ""), str(value or "")) for name, (was, value) in (latest.assigned if latest else {}).items()),
        approval=asked[-1] if asked else None,
        waits_for_answer=latest is not None and state in ("unknown", "waits_person"),
        choices=tuple(rendered.get("choices", ())),
        returns=tuple(rendered.get("returns", ())),
    )


def _times(one: StepAttempt, waits: list[Any], now: datetime) -> Times:
    inside = [(begin, end) for begin, end in waits if begin >= one.ready_at and (one.ended_at is None or begin <= one.ended_at)]
    return split(one.ready_at, one.started_at, one.ended_at, inside, now=now, by_person=one.kind == "manual")


def _state(run: Run, latest: StepAttempt | None, asked: list[ApprovalView]) -> str:
    over = RunState(run.state).is_over
    if latest is None:
        return "not_taken" if over else "not_started"
    if latest.state == "planned":
        if any(one.state == "open" for one in asked):
            return "waits_vote"
        if over:
            return "not_taken"
        return "waits_person" if latest.kind == "manual" else "running"
    if latest.state == "started":
        return "waits_timer" if run.waits_for == "timer" else "running"
    if latest.state == "failed" and not over and latest.response.get("passing") and run.waits_for == "timer":
        return "waits_timer"
    return {"ok": "done", "failed": "failed", "unknown": "unknown", "skipped": "skipped"}[latest.state]


def _who(node: Node, rendered: dict[str, Any]) -> str:
    if node.kind in CONTROL:
        return CONTROL[node.kind]
    if rendered.get("connector"):
        return str(rendered["connector"])
    command = node.command
    if command is not None and command.kind == "manual":
        return node.agent.name if node.agent else "A person"
    if command is not None and command.kind == "http-api":
        return node.agent.name if node.agent else "A product"
    return "Automation"
