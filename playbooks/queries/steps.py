"""The steps of a run as people read them: what became of each, where its time went."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from typing import Any

from playbooks.definition.graph import Graph, Node
from playbooks.drawing import depths_of
from playbooks.models import Run, StepAttempt
from playbooks.queries.telling import ApprovalView, StepView
from playbooks.queries.tries import inputs_of, outputs_of, rounds_of, tries_of
from playbooks.rendering import lines
from playbooks.states import EffectClass, RunState
from playbooks.timing import Times

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
MOST_SAID = 40  # a longer key of a case is no word for a state


def steps_of(
    run: Run,
    graph: Graph,
    attempts: Iterable[StepAttempt],
    approvals: Iterable[ApprovalView],
    spent: Mapping[str, Times],
    timed: Container[str] | None = None,
) -> tuple[StepView, ...]:
    """Every step of the book in its order, with what this run did of it and the time it `spent` there. No query.

    `timed` are the steps that wait for a timer; without it the run's own word counts for all. Ends that were not reached are left out.
    """
    depths = depths_of(graph)
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
        waits = run.waits_for == "timer" if timed is None else step in timed
        told = _step(run, node, made.get(step, []), asked.get(step, []), waits)
        steps.append(replace(told, times=spent.get(step, Times()), depth=depths.get(step, 0)))
    return tuple(steps)


def _step(run: Run, node: Node, made: list[StepAttempt], asked: list[ApprovalView], timed: bool) -> StepView:
    latest = made[-1] if made else None
    state = _state(run, latest, asked, timed)
    said = _way_of(node, state, latest) or SAID[state]
    if state == "running" and latest is not None and latest.attempt > 1:
        said = f"Running, attempt {latest.attempt}"
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
        times=Times(),
        effect=str(EffectClass(latest.effect_class).label) if latest and rendered else "",
        effect_key=latest.effect_key if latest and rendered else "",
        lines=lines(rendered),
        undo_text=(rendered.get("undo") or {}).get("text", ""),
        inputs=inputs_of(rendered),
        outputs=outputs_of(latest),
        tries=tries_of(made, {one.id: one.name for one in node.targets}),
        rounds=rounds_of(made),
        approval=asked[-1] if asked else None,
        waits_for_answer=latest is not None and state in ("unknown", "waits_person"),
        choices=tuple(rendered.get("choices", ())),
        returns=tuple(rendered.get("returns", ())),
    )


def _way_of(node: Node, state: str, latest: StepAttempt | None) -> str:
    """What a step that chooses says of its choice; empty where it has made none."""
    if latest is None or state not in ("done", "running"):
        return ""
    if node.kind == "while-condition":
        return latest.detail.removeprefix("Yes, " if state == "running" else "No, ").capitalize()
    if node.kind == "if-condition":
        return latest.detail if latest.detail in ("Yes", "No") else ""
    return latest.detail if node.kind == "switch-condition" and len(latest.detail) <= MOST_SAID else ""


def _state(run: Run, latest: StepAttempt | None, asked: list[ApprovalView], timed: bool) -> str:
    over = RunState(run.state).is_over
    if latest is None:
        return "not_taken" if over else "waits_timer" if timed else "not_started"
    if latest.state == "planned":
        if any(one.state == "open" for one in asked):
            return "waits_vote"
        if over:
            return "not_taken"
        return "waits_person" if latest.kind == "manual" else "running"
    if latest.state == "started":
        return "waits_timer" if timed else "running"
    if latest.state == "failed" and not over and latest.response.get("passing") and timed:
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
